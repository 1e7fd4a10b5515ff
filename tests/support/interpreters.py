"""Pyodide and MicroPython with the SDK's sources, nothing built: in Chromium and under Node."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Page

from tests.support.shared_tests import portable_files

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = Path(__file__).parent
NODE_MODULES = ROOT / "node_modules"
_FOLDERS = {
    "pyodide": NODE_MODULES / "pyodide",
    "micropython": NODE_MODULES / "@micropython" / "micropython-webassembly-pyscript",
    "static": ROOT / "static",
}
_TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}

# Starts an interpreter and keeps it as `window.python`.
_START = """async ([kind, files]) => {
  const { start } = await import("/prepare_python.mjs");
  const python = await start(await import(`/${kind}/${kind}.mjs`), files);
  window.python = python.pyimport("in_page");
}"""
_CHECK = "([name, options]) => window.python.run(name, options)"
_RUN_IN_PAGE = """async ([kind, files, plan]) => {
  const { prepare } = await import("/prepare_python.mjs");
  const run = await prepare(await import(`/${kind}/${kind}.mjs`), files);
  return await run(plan);
}"""
_RUN_IN_WORKER = """([kind, files, plan]) => new Promise((resolve, reject) => {
  const worker = new Worker("/interpreter_worker.mjs", { type: "module" });
  worker.onmessage = ({ data }) => data.error ? reject(new Error(data.error)) : resolve(data);
  worker.onerror = (event) => reject(new Error(event.message));
  worker.postMessage({ kind, files, plan });
})"""


class Interpreter:
    """An interpreter that runs the checks of a program such as `tests/browser/in_page.py`.

    Attributes:
        page: The tab.
        errors: What nobody in the page caught.
    """

    def __init__(self, page: Page) -> None:
        """Take a tab."""
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def start(
        self, url: str, kind: str, *, program: str = "in_page", ui: bool = False
    ) -> None:
        """Open the page and start `pyodide` or `micropython` with a program of `tests/browser`.

        `ui` puts that package into the interpreter too.
        """
        in_page = (ROOT / "tests" / "browser" / f"{program}.py").read_text("utf-8")
        await self.page.goto(url)
        sources = sdk_sources() | (_sources_of("ui") if ui else {})
        await self.page.evaluate(_START, [kind, sources | {"/code/in_page.py": in_page}])

    async def run(self, check: str, **options: Any) -> Any:
        """Run a check in the page and return what it returns."""
        text: str = await self.page.evaluate(_CHECK, [check, json.dumps(options)])
        return json.loads(text)


async def run_in_chromium(page: Page, interpreter: str, host: str, plan: str) -> str:
    """Run shared tests in a tab, or in a module worker of it; see `runner.run`.

    It fails too where something in the page was caught by nobody.

    Args:
        page: The tab.
        interpreter: Such as `pyodide-page` or `micropython-worker`.
        host: Where the interpreters are served.
        plan: The tests.
    """
    kind, _, where = interpreter.partition("-")
    await page.goto(f"{host}/page")
    program = _RUN_IN_WORKER if where == "worker" else _RUN_IN_PAGE
    uncaught: list[str] = []
    page.on("pageerror", lambda error: uncaught.append(str(error)))
    outcomes: str = await page.evaluate(program, [kind, shared_sources(), plan])
    assert uncaught == [], uncaught[0]
    return outcomes


async def run_under_node(interpreter: str, plan: str) -> str:
    """Run shared tests under Node; see `runner.run`.

    Args:
        interpreter: `pyodide-node` or `micropython-node`.
        plan: The tests.
    """
    kind = interpreter.partition("-")[0]
    process = await asyncio.create_subprocess_exec(
        "node",
        SUPPORT / "run_in_node.mjs",
        _FOLDERS[kind] / f"{kind}.mjs",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    question = json.dumps({"files": shared_sources(), "plan": plan})
    try:
        outcomes, said = await process.communicate(question.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()
    assert outcomes, said.decode()
    return outcomes.decode()


def sdk_sources() -> dict[str, str]:
    """Return the text of `wire` and `sdk`, by its path in the interpreter."""
    return _sources_of("wire", "sdk")


def _sources_of(*folders: str) -> dict[str, str]:
    package = ROOT / "src" / "tollbridge"
    files = [package / "__init__.py"]
    for folder in folders:
        files += sorted((package / folder).rglob("*.py"))
    return {
        f"/code/{file.relative_to(ROOT / 'src').as_posix()}": file.read_text("utf-8")
        for file in files
    }


def shared_sources() -> dict[str, str]:
    """Return the text of every file that the shared tests need, by its path."""
    return sdk_sources() | {
        f"/code/{file.relative_to(ROOT).as_posix()}": file.read_text("utf-8")
        for file in portable_files()
    }


@asynccontextmanager
async def interpreter_host() -> AsyncIterator[str]:
    """Serve the interpreters on a port; gives the origin.

    `/page` is a plain page, `/sandbox` one that has no origin and so no storage.
    """

    async def page(request: web.Request) -> web.Response:
        policy = "sandbox allow-scripts" if request.path == "/sandbox" else "object-src 'none'"
        headers = {"Content-Security-Policy": policy}
        text = '<!doctype html><link rel="icon" href="data:,"><title>Python</title>'
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def file(request: web.Request) -> web.FileResponse:
        folder = _FOLDERS.get(request.match_info.get("kind", ""), SUPPORT)
        found = folder / request.match_info["name"]
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Content-Type": _TYPES.get(found.suffix, "application/octet-stream"),
        }
        return web.FileResponse(found, headers=headers)

    app = web.Application()
    app.router.add_get("/page", page)
    app.router.add_get("/sandbox", page)
    app.router.add_get("/{name:[a-z_]+[.]mjs}", file)
    app.router.add_get("/{kind:pyodide|micropython|static}/{name}", file)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
