"""Static hosts, as far as a site can tell them apart: files, their headers, `404.html`, no more.

`with_headers` is one as Netlify and Cloudflare Pages are, which read `_headers`; `github_pages` is
one that reads nothing and serves a project below its name.
"""

import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from aiohttp import web

_TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".toml": "application/toml"}
_PLAIN_404 = "<!doctype html><title>404</title><p>This host has nothing here.</p>"

Answer = Callable[[web.Request], web.Response]


def headers_for(path: str, rules: str) -> dict[str, str]:
    """The headers that a `_headers` file gives a path.

    A name that two rules give is joined, as Cloudflare does; a policy given twice would show.
    """
    found: dict[str, str] = {}
    applies = False
    for line in rules.splitlines():
        if not line or line.startswith("#"):
            continue
        if line[0] != " ":
            applies = fnmatchcase(path, line)
        elif applies:
            name, _, value = line.strip().partition(": ")
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def static_host(folder: Path, *, brotli: bool = False) -> AbstractAsyncContextManager[str]:
    """Serve a folder at a host's root, under its `_headers`; gives the origin.

    Args:
        folder: A built site.
        brotli: Serve `name.br` in place of `name` to browsers that take it.
    """
    rules = (folder / "_headers").read_text("utf-8")

    def answer(request: web.Request) -> web.Response:
        if request.path in ("/index.html", "/404.html"):  # one address for each page
            return _moved(request, request.path.removesuffix("index.html").removesuffix(".html"))
        found = _find(folder, request.path.lstrip("/"), hidden=("_headers",))
        return _serve(
            request, found or folder / "404.html", headers_for(request.path, rules), brotli
        )

    return _serving(answer, below="")


def github_pages(folder: Path, repository: str) -> AbstractAsyncContextManager[str]:
    """Serve a folder as a project's page, below `/repository/`; gives the page's address.

    No header of one's own, ten minutes of caching, and anybody may read: as GitHub Pages does.
    """
    headers = {"Cache-Control": "max-age=600", "Access-Control-Allow-Origin": "*"}
    # Without that file Jekyll makes the site, which leaves out names that begin so.
    hidden = () if (folder / ".nojekyll").is_file() else ("_", ".")

    def answer(request: web.Request) -> web.Response:
        if request.path == f"/{repository}":
            return _moved(request, f"/{repository}/")
        head, _, name = request.path.lstrip("/").partition("/")
        if head != repository:
            return web.Response(text=_PLAIN_404, status=404, content_type="text/html")
        found = _find(folder, name, hidden=hidden)
        return _serve(request, found or folder / "404.html", headers, brotli=False)

    return _serving(answer, below=f"/{repository}/")


def _find(folder: Path, name: str, *, hidden: tuple[str, ...]) -> Path | None:
    """The file of an address, or None."""
    if any(name.startswith(prefix) for prefix in hidden):
        return None
    file = folder / (name or "index.html")
    return file if file.is_file() and not name.endswith("/") else None


def _moved(request: web.Request, where: str) -> web.Response:
    """Send the browser there, with the query that it came with."""
    query = f"?{request.query_string}" if request.query_string else ""
    return web.Response(status=308, headers={"Location": where + query})


def _serve(request: web.Request, file: Path, headers: dict[str, str], brotli: bool) -> web.Response:
    """Answer with a file, under its own status."""
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "text/plain"
    sent = {"Content-Type": kind, **headers}
    smaller = file.with_name(f"{file.name}.br")
    if brotli and smaller.is_file() and "br" in request.headers.get("Accept-Encoding", ""):
        file = smaller
        sent |= {"Content-Encoding": "br", "Vary": "Accept-Encoding"}
    is_404 = file.name.removesuffix(".br") == "404.html"
    return web.Response(body=file.read_bytes(), status=404 if is_404 else 200, headers=sent)


@asynccontextmanager
async def _serving(answer: Answer, *, below: str) -> AsyncIterator[str]:
    """Serve on a port that the system chooses; gives the address of what is `below`."""

    async def serve(request: web.Request) -> web.Response:
        return answer(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{below}"
    finally:
        await runner.cleanup()
