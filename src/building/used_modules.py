"""Writes down which modules of the standard library our page uses.

To be run, as `.venv/bin/python -m building.used_modules`, when a test says that the list lacks one.
It opens the page with the whole library, uses it, and asks Python what it has imported by then.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

from building import library, shots
from building.bundle import reached
from building.chromium import FLAGS, find_chromium
from building.python_zip import python_files
from building.scene import Scene
from building.site import PAGE, ROOT, build_site
from building.states import STATES

_HEAD = """\
# The modules of Python's standard library that our page uses; its archive holds these and no other.
# Made by `python -m building.used_modules`, and checked by tests/browser/test_library.py.
"""

# Runs in the page: a script of PyScript's that imports all of our Python, lets things go wrong, so
# that what tells of errors is imported too, and writes every module's name on the root element.
PROBE = """(names) => {
  const script = document.createElement("script");
  script.type = "py";
  script.setAttribute("config", document.querySelector("script[type=py]").getAttribute("config"));
  script.textContent = `
import asyncio, importlib, sys, traceback, warnings
from zipfile import ZipFile
from pyscript import document
ZipFile("/lib/tollbridge.zip").namelist()
for name in "${names.join(" ")}".split():
    importlib.import_module(name)
for wrong in ("1 / 0", "1 +", "import nowhere", "wonrg", "raise ExceptionGroup('', [OSError()])"):
    try:
        exec(wrong)
    except Exception as error:
        traceback.format_exception(error)
warnings.formatwarning("odd", UserWarning, "<probe>", 1)
asyncio.get_running_loop().call_exception_handler({"message": "on purpose, by the probe"})
document.documentElement.dataset.modules = " ".join(sys.modules)
`;
  document.body.append(script);
}"""
PROBED = "html[data-modules]"


def used(loaded: list[str], node_modules: Path) -> list[str]:
    """Those of the loaded modules that come from the standard library's archive, sorted."""
    return sorted(set(loaded) & set(library.modules_of(library.whole_library(node_modules))))


async def loaded_modules(page: Page) -> list[str]:
    """Every module that Python has loaded in a page that was used."""
    files = reached(PAGE, python_files(ROOT / "src" / "tollbridge"))
    names = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files]
    await page.evaluate(PROBE, names)
    await page.wait_for_selector(PROBED, state="attached")
    loaded: str = await page.evaluate("document.documentElement.dataset.modules")
    return loaded.split()


async def modules_of_our_page() -> list[str]:
    """Open our page with the whole library, ask something, and read what was imported."""
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        build_site(site, page=ROOT / "index.html")
        async with shots.gateway(site) as running, async_playwright() as playwright:
            program = find_chromium()
            browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
            page = await browser.new_page(base_url=running.url)
            await STATES["answered"](Scene(page, running))
            return await loaded_modules(page)


def main() -> int:
    """Write the list, and say how long it is."""
    names = used(asyncio.run(modules_of_our_page()), ROOT / "node_modules")
    library.LIST.write_text(_HEAD + "".join(f"{name}\n" for name in names), "utf-8")
    print(f"{library.LIST.name}: {len(names)} modules")
    return 0


if __name__ == "__main__":
    sys.exit(main())
