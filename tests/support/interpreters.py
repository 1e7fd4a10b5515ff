"""Pyodide and MicroPython with the SDK's sources, nothing built: in a Chromium tab, or by hand."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Page

ROOT = Path(__file__).resolve().parents[2]
NODE_MODULES = ROOT / "node_modules"
_FOLDERS = {
    "pyodide": NODE_MODULES / "pyodide",
    "micropython": NODE_MODULES / "@micropython" / "micropython-webassembly-pyscript",
}
# What starts each of them, here and under Node.
INTERPRETERS = {
    "pyodide": _FOLDERS["pyodide"] / "pyodide.mjs",
    "micropython": _FOLDERS["micropython"] / "micropython.mjs",
}
_TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}

# Starts an interpreter, puts the sources where it imports from, and keeps it as `window.python`.
_BOOT = """async (kind) => {
  const files = await (await fetch("/files.json")).json();
  let python;
  if (kind === "pyodide") {
    const { loadPyodide } = await import("/pyodide/pyodide.mjs");
    python = await loadPyodide();
  } else {
    const { loadMicroPython } = await import("/micropython/micropython.mjs");
    python = await loadMicroPython({ heapsize: 16 * 1024 * 1024 });
  }
  for (const [path, text] of Object.entries(files)) {
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, text);
  }
  python.runPython("import sys; sys.path.append('/code')");
  window.python = python.pyimport("in_page");
}"""
_RUN = "([name, options]) => window.python.run(name, options)"


class Interpreter:
    """An interpreter that runs the checks of `tests/browser/in_page.py`.

    Attributes:
        page: The tab.
        errors: What nobody in the page caught.
    """

    def __init__(self, page: Page) -> None:
        """Take a tab."""
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def start(self, url: str, kind: str) -> None:
        """Open the page and start `pyodide` or `micropython`."""
        await self.page.goto(url)
        await self.page.evaluate(_BOOT, kind)

    async def run(self, check: str, **options: Any) -> Any:
        """Run a check in the page and return what it returns."""
        text: str = await self.page.evaluate(_RUN, [check, json.dumps(options)])
        return json.loads(text)


def sources() -> dict[str, str]:
    """Return the text of every file that the checks need, by its path in the interpreter."""
    package = ROOT / "src" / "tollbridge"
    files = [package / "__init__.py"]
    for folder in ("wire", "sdk"):
        files += sorted((package / folder).rglob("*.py"))
    found = {f"/code/{file.relative_to(ROOT / 'src').as_posix()}": file for file in files}
    found["/code/in_page.py"] = ROOT / "tests" / "browser" / "in_page.py"
    return {path: file.read_text("utf-8") for path, file in found.items()}


@asynccontextmanager
async def interpreter_host() -> AsyncIterator[str]:
    """Serve interpreters and sources on a port; gives the origin.

    `/page` is a plain page, `/sandbox` one that has no origin and so no storage.
    """

    async def page(request: web.Request) -> web.Response:
        policy = "sandbox allow-scripts" if request.path == "/sandbox" else "object-src 'none'"
        headers = {"Content-Security-Policy": policy}
        text = '<!doctype html><link rel="icon" href="data:,"><title>Python</title>'
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def files(request: web.Request) -> web.Response:
        return web.json_response(sources(), headers={"Access-Control-Allow-Origin": "*"})

    async def interpreter(request: web.Request) -> web.FileResponse:
        file = _FOLDERS[request.match_info["kind"]] / request.match_info["name"]
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Content-Type": _TYPES.get(file.suffix, "application/octet-stream"),
        }
        return web.FileResponse(file, headers=headers)

    app = web.Application()
    app.router.add_get("/page", page)
    app.router.add_get("/sandbox", page)
    app.router.add_get("/files.json", files)
    app.router.add_get("/{kind:pyodide|micropython}/{name}", interpreter)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
