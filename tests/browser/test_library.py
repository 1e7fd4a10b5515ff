"""What the page starts Python from, in Chromium: the small library is enough, and nothing is lost.

Its list is checked on a page with the whole library, where nothing can be missing.
"""

import io
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.async_api import Route, expect

from building import library
from building.site import ROOT, build_site
from building.used_modules import loaded_modules, used
from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab, serving
from tests.browser.spa import Spa

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Keeps every progress event of a page from its first moment on.
_KEEP_PROGRESS = """
  window.progress = [];
  document.addEventListener("tollbridge:progress", ({ detail }) => window.progress.push(detail));
"""
# Runs Python in the page, beside the page's own; its outcome stands on the root element.
_RUN_PYTHON = """(code) => {
  const script = document.createElement("script");
  script.type = "py";
  script.setAttribute("config", document.querySelector("script[type=py]").getAttribute("config"));
  script.textContent = code;
  document.body.append(script);
}"""


async def test_every_module_that_the_page_uses_is_in_its_archive(
    open_tab: OpenTab, tmp_path: Path
) -> None:
    """After a start, an answer, a refusal for want of credits, and errors of every sort.

    If this fails, run `.venv/bin/python -m building.used_modules` and look at what it adds.
    """
    build_site(tmp_path / "site", page=ROOT / "index.html")
    (tmp_path / "var").mkdir()
    async with serving(tmp_path / "site", tmp_path / "var") as gateway:
        tab = await open_tab(gateway.url)
        spa = Spa(tab.page)
        await spa.ready()
        await spa.ask("What is a toll bridge?")
        await spa.answered()
        await gateway.debit(await tab.user_id(), 19)
        await spa.send_text("And without credits?")
        await expect(tab.page.get_by_role("dialog")).to_be_visible()
        loaded = used(await loaded_modules(tab.page), ROOT / "node_modules")
    assert set(loaded) <= set(library.listed_modules())
    unused = set(library.listed_modules()) - set(loaded)
    assert not unused, f"listed, downloaded by every visitor, and used by nobody: {unused}"


async def test_what_the_interpreter_brings_with_it_is_in_no_archive(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """All that it has frozen in, and nothing else, is left out of the whole library."""
    tab = await open_tab(gateway.url)
    await Spa(tab.page).ready()
    stock = {
        library.module_of(name)
        for name in ZipFile(io.BytesIO(library.stock_library(ROOT / "node_modules"))).namelist()
        if name.endswith(".py")
    }
    left_out = stock - set(library.modules_of(library.whole_library(ROOT / "node_modules")))
    names = sorted(left_out.union(library.listed_modules()))
    code = (
        "import importlib\nfrom pyscript import document\n"
        f"found = [importlib.import_module(name).__spec__ for name in {names}]\n"
        f"frozen = [name for name, it in zip({names}, found) if it.origin == 'frozen']\n"
        "document.documentElement.dataset.frozen = ' '.join(frozen)\n"
    )
    await tab.page.evaluate(_RUN_PYTHON, code)
    root = tab.page.locator("html[data-frozen]")
    assert (await root.get_attribute("data-frozen") or "").split() == sorted(left_out)
    assert {"os", "importlib._bootstrap"} <= left_out


async def test_a_module_that_is_left_out_says_so(gateway: Gateway, open_tab: OpenTab) -> None:
    """An import of what the small archive lacks fails at once, as Python fails; it never hangs."""
    tab = await open_tab(gateway.url)
    await Spa(tab.page).ready()
    code = (
        "from pyscript import document\n"
        "try:\n    import wsgiref\nexcept ModuleNotFoundError as error:\n"
        "    document.documentElement.dataset.said = str(error)\n"
    )
    await tab.page.evaluate(_RUN_PYTHON, code)
    root = tab.page.locator("html")
    await expect(root).to_have_attribute("data-said", "No module named 'wsgiref'")


async def test_progress_rises_to_its_total(gateway: Gateway, open_tab: OpenTab) -> None:
    """SPA-M6: real bytes of the runtime's files as they come, and all of them at the end."""
    tab = await open_tab()
    await tab.page.add_init_script(_KEEP_PROGRESS)
    await tab.page.goto(gateway.url)
    await Spa(tab.page).ready()
    told = await tab.page.evaluate("window.progress")
    loaded = [detail["loaded"] for detail in told]
    assert {detail["total"] for detail in told} == {loaded[-1]}
    assert loaded[0] == 0
    assert loaded == sorted(loaded)
    assert len(loaded) > 10
    # Whoever had wrapped `fetch` for it has let go of it.
    assert "[native code]" in await tab.page.evaluate("String(globalThis.fetch)")


async def test_everything_is_asked_for_once_and_compressed(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """What was preloaded is what is used, so no file of the runtime comes twice or too large."""
    tab = await open_tab()
    answers: list[tuple[str, str]] = []

    def note(url: str, encoding: str) -> None:
        answers.append((url.rpartition("/")[2], encoding))

    tab.page.on("response", lambda r: note(r.url, r.headers.get("content-encoding", "")))
    await tab.page.goto(gateway.url)
    await Spa(tab.page).ready()
    heavy = ("pyodide.", "python_stdlib-", "tollbridge_compiled-", "interpreter.", "manifest.")
    runtime = sorted(answer for answer in answers if answer[0].startswith(heavy))
    assert len(runtime) == 7
    assert len({name for name, _ in runtime}) == 7
    assert {encoding for _, encoding in runtime} == {"br"}
    assert tab.complaints == []
    assert tab.origins <= {gateway.url, ""}


@pytest.mark.parametrize(
    "missing", ["pyodide.asm.wasm", "python_stdlib-*.zip", "tollbridge_compiled-*.zip"]
)
async def test_a_file_that_does_not_come_is_named(
    missing: str, gateway: Gateway, open_tab: OpenTab
) -> None:
    """Pyodide alone would wait for ever; here the page learns which file it was."""
    tab = await open_tab()

    async def refuse(route: Route) -> None:
        await route.fulfill(status=404, body="")

    await tab.page.route(f"**/{missing}", refuse)
    stem = missing.partition("*")[0]
    async with tab.page.expect_event(
        "pageerror",
        lambda error: f"Python cannot start without {stem}" in str(error),
        timeout=PYTHON_UP_MS,
    ):
        await tab.page.goto(gateway.url)
