"""The built page, served from the gateway's own origin with the headers that the build wrote.

`_headers` in the site folder is the one list of headers, in the syntax that Netlify and Cloudflare
Pages share, so that the page meets the same policy here as on a static host.
"""

import os
from fnmatch import fnmatchcase
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from tollbridge.gateway.errors import StartError

Rules = list[tuple[str, list[tuple[str, str]]]]

# The build's own files that are not for visitors.
_HIDDEN = ("_headers", ".nojekyll")


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
        rules[-1][1].append((name.strip().lower(), value.strip()))
    return rules


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
                    response.headers[name] = value
        return response

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file of the folder that is for visitors."""
        # A path that leaves the folder may come back into it, past its rules: ../site/_headers.
        if path in _HIDDEN or path.split(os.sep, 1)[0] == os.pardir:
            return "", None
        return super().lookup_path(path)
