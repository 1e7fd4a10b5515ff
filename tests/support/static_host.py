"""A static host as Netlify and Cloudflare Pages are one: files, `_headers`, `404.html`, no more."""

import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from aiohttp import web

_TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".toml": "application/toml"}


def headers_for(path: str, rules: str) -> dict[str, str]:
    """The headers that a `_headers` file gives a path."""
    found: dict[str, str] = {}
    applies = False
    for line in rules.splitlines():
        if not line or line.startswith("#"):
            continue
        if line[0] != " ":
            applies = fnmatchcase(path, line)
        elif applies:
            name, _, value = line.strip().partition(": ")
            found[name] = value
    return found


@asynccontextmanager
async def static_host(folder: Path) -> AsyncIterator[str]:
    """Serve a folder on a port that the system chooses; gives the origin."""
    rules = (folder / "_headers").read_text("utf-8")

    async def answer(request: web.Request) -> web.Response:
        name = request.path.lstrip("/") or "index.html"
        there = (folder / name).is_file() and name != "_headers"
        file = folder / (name if there else "404.html")
        kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
        return web.Response(
            body=file.read_bytes(),
            status=200 if there else 404,
            headers={"Content-Type": kind or "text/plain", **headers_for(request.path, rules)},
        )

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
