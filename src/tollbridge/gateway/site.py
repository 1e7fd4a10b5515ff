"""The built page, served from the gateway's own origin with the headers that the build wrote.

`_headers` in the site folder is the one list of headers, in the syntax that Netlify and Cloudflare
Pages share, so that the page meets the same policy here as on a static host. `name.br` beside a
file is the same, compressed by the build; a browser that accepts it gets it in the file's place.
"""

import os
import stat
from fnmatch import fnmatchcase
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Receive, Scope, Send

from tollbridge.gateway.errors import StartError

Rules = list[tuple[str, list[tuple[str, str]]]]

# The build's own files that are not for visitors.
_HIDDEN = ("_headers", ".nojekyll")
# What a browser insists on, whatever the machine's own table of types says.
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".romfs": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
}
# A file that was edited after the build must not be hidden by what it was compressed from. A copied
# folder has its files in any order, within moments.
_COPYING_S = 60


def read_rules(text: str) -> Rules:
    """Read `_headers`: a path pattern, then its headers indented below it; `#` begins a comment."""
    rules: Rules = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line[0].isspace():
            rules.append((line.strip(), []))
            continue
        name, _, value = line.strip().partition(":")
        # Who may read it is said of every answer; of two such headers a browser believes none.
        if name.strip().lower() != "access-control-allow-origin":
            rules[-1][1].append((name.strip().lower(), value.strip()))
    return rules


def accepts_brotli(accepted: str) -> bool:
    """Whether a client takes brotli, by its `Accept-Encoding`; `br;q=0` means that it does not."""
    weights: dict[str, float] = {}
    for item in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        given = [part.partition("=")[2] for part in parameters if part.startswith("q=")]
        try:
            weights[name] = float(given[0]) if given else 1.0
        except ValueError:
            weights[name] = 0.0
    return weights.get("br", weights.get("*", 0.0)) > 0


def compressed_twin(path: str, found: os.stat_result) -> tuple[str, os.stat_result] | None:
    """The `.br` of a file, unless there is none or the file was changed since it was made."""
    try:
        twin = os.lstat(f"{path}.br")
    except OSError:
        return None
    if not stat.S_ISREG(twin.st_mode) or twin.st_mtime + _COPYING_S < found.st_mtime:
        return None
    return f"{path}.br", twin


class Site(StaticFiles):
    """A folder of files with headers by path; `404.html` for what is not there."""

    def __init__(self, folder: Path) -> None:
        """Serve `folder`.

        Raises:
            StartError: It is not there or holds no page.
        """
        if not (folder / "index.html").is_file():
            raise StartError(f"the site folder {folder} has no index.html; build the page first")
        super().__init__(directory=folder, html=True)
        headers = folder / "_headers"
        self._rules = read_rules(headers.read_text()) if headers.is_file() else []

    async def outside_the_api(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a path that no route has; under /api a program asks, who gets no page."""
        if scope["path"].startswith("/api/"):
            raise HTTPException(404)
        await self(scope, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with its headers; a later rule wins over an earlier one."""
        # `path` is normal, what was asked for need not be: //index.html is /index.html.
        asked = "/" if path == "." else f"/{path}"
        if not asked.endswith("/") and scope["path"].endswith("/"):
            asked += "/"
        response = await super().get_response(path, scope)
        for pattern, headers in self._rules:
            if fnmatchcase(asked, pattern):
                for name, value in headers:
                    # A file that is not there yet, on a folder that is being copied, may come.
                    if response.status_code < 400 or name != "cache-control":
                        response.headers[name] = value
        return response

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file of the folder that is for visitors."""
        # A path that leaves the folder may come back into it, past its rules: ../site/_headers.
        if path in _HIDDEN or path.split(os.sep, 1)[0] == os.pardir:
            return "", None
        # Asked for by its own name it would be bytes of no type: browsers ask for the file.
        if path.endswith(".br") and super().lookup_path(path.removesuffix(".br"))[1] is not None:
            return "", None
        return super().lookup_path(path)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answer with a file, or with what the build compressed it to.

        A range is always one of the file itself. The two have an `ETag` of their own each.
        """
        asked = Headers(scope=scope)
        path = os.fspath(full_path)
        kind = _TYPES.get(os.path.splitext(path)[1])
        twin = compressed_twin(path, stat_result)
        headers = {"vary": "accept-encoding"} if twin else {}
        if twin and "range" not in asked and accepts_brotli(asked.get("accept-encoding", "")):
            path, stat_result = twin
            headers["content-encoding"] = "br"
        response = FileResponse(
            path, status_code, headers=headers, media_type=kind, stat_result=stat_result
        )
        if "content-encoding" in headers:
            del response.headers["accept-ranges"]
        if self.is_not_modified(response.headers, asked):
            return NotModifiedResponse(response.headers)
        return response
