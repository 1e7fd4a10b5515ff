"""The page without PyScript: the same app, started by `boot.mjs` under the strict policy."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from building.pages import STRICT, on_strict_host
from building.site import ROOT, build_site
from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab, Tab, serving
from tests.browser.early import EarlyPage
from tests.browser.spa import Spa

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NOTED_402 = "Failed to load resource: the server responded with a status of 402 (Payment Required)"
# What a page can be talked into under another policy, each refused by the strict one. Later, since
# what a debugger runs by itself may do all of it.
_FROM_TEXT = """() => new Promise((resolve) => setTimeout(() => {
  const tries = {
    eval: () => eval("1"),
    Function: () => new Function("return 1")(),
    innerHTML: () => { document.createElement("p").innerHTML = "<b>x</b>"; },
    "script.src": () => { document.createElement("script").src = "./x.js"; },
  };
  const passed = [];
  for (const [name, attempt] of Object.entries(tries)) {
    try { attempt(); passed.push(name); } catch {}
  }
  resolve(passed);
}))"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway that serves the site of `dist --host strict`."""
    site = tmp_path_factory.mktemp("strict") / "site"
    build_site(site, host=STRICT)
    async with serving(site, tmp_path_factory.mktemp("data")) as running:
        yield running


async def at(open_tab: OpenTab, url: str, *, cached: bool = True) -> tuple[Tab, Spa]:
    """Open the page and wait for Python."""
    tab = await open_tab(url, cached=cached)
    spa = Spa(tab.page)
    await spa.ready()
    return tab, spa


async def test_it_answers_under_its_policy(gateway: Gateway, open_tab: OpenTab) -> None:
    """X-M10: signed in, streamed, counted and stopped, with no other host asked, no complaint."""
    tab, spa = await at(open_tab, gateway.url, cached=False)
    await spa.ask("Tell me about tolls")
    await spa.answered()
    await expect(spa.counter).to_have_text("19 of 20 left")
    await spa.ask("Go on", model="demo-endless")
    await expect(spa.words).to_contain_text("3 ")
    await spa.page.keyboard.press("Escape")
    await expect(spa.answer).to_have_attribute("data-state", "stopped")
    assert (await gateway.ended_request("demo-endless"))["state"] == "client_left"
    assert tab.complaints == []
    assert tab.origins == {gateway.url}


async def test_nothing_is_made_from_text(gateway: Gateway, open_tab: OpenTab) -> None:
    """The policy is in force: what PyScript needs is refused here."""
    tab = await open_tab(gateway.url, cached=True)
    await Spa(tab.page).ready()
    assert await tab.page.evaluate(_FROM_TEXT) == []


async def test_the_message_that_waits_for_credits_goes_out(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """The dialog, its voucher and the resuming work on this host, too."""
    tab, spa = await at(open_tab, gateway.url)
    await gateway.debit(await tab.user_id(), 20)
    code = await gateway.json(
        *("voucher", "create", "--paywall", "pw_demo", "--type", "standard", "--amount", "5")
    )
    await spa.send_text("The one too many")
    await spa.quota.get_by_role("textbox").fill(code["code"])
    await spa.quota.get_by_role("textbox").press("Enter")
    await spa.answered()
    await expect(spa.counter).to_contain_text("4 of")
    assert set(tab.complaints) == {NOTED_402}


async def test_what_was_done_before_python_is_done(gateway: Gateway, open_tab: OpenTab) -> None:
    """X-M2: what was sent while the runtime loads survives a reload and is sent."""
    tab = await open_tab()
    held = []
    await tab.page.route("**/pyodide.asm.wasm", lambda route: held.append(route))
    await tab.page.goto(gateway.url)
    page = EarlyPage(tab.page)
    await page.listening()
    await page.spa.send_text("Am I early?")
    await expect(page.bubbles).to_have_count(1)
    await tab.page.unroute_all(behavior="ignoreErrors")
    await tab.page.reload()
    await page.spa.answered()
    await expect(page.spa.turns.first).to_contain_text("Am I early?")


@pytest.mark.parametrize("file", ["pyodide.asm.wasm", "python_stdlib-*.zip"])
async def test_a_file_that_was_changed_is_never_run(
    file: str, gateway: Gateway, open_tab: OpenTab
) -> None:
    """A host that gives another file than was built is found out before Python runs, by name."""
    tab = await open_tab()

    async def change(route: Route) -> None:
        answer = await route.fetch()
        body = bytearray(await answer.body())
        body[-1] ^= 1
        await route.fulfill(response=answer, body=bytes(body))

    await tab.page.route(f"**/{file}", change)
    await tab.page.goto(gateway.url)
    stem = file.partition("*")[0]
    said = re.compile(f"cannot start without {re.escape(stem)}.*not the file that this page")
    await expect(EarlyPage(tab.page).slow).to_contain_text(said, timeout=PYTHON_UP_MS)
    assert not await _ran_python(tab.page)


@pytest.mark.parametrize("file", ["pyodide.asm.mjs", "manifest.mjs"])
async def test_a_script_that_was_changed_is_refused(
    file: str, gateway: Gateway, open_tab: OpenTab
) -> None:
    """Modules are checked by the browser, by the hash that their tag has."""
    tab = await open_tab()

    async def change(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=await answer.text() + "\nglobalThis.evil = 1;")

    await tab.page.route(f"**/{file}", change)
    await tab.page.goto(gateway.url)
    await expect(EarlyPage(tab.page).slow).to_be_visible(timeout=PYTHON_UP_MS)
    assert await tab.page.evaluate("globalThis.evil") is None
    assert not await _ran_python(tab.page)


async def _ran_python(page: Page) -> bool:
    """Whether the page's Python took over."""
    return bool(await page.evaluate("document.documentElement.dataset.state === 'ready'"))


async def test_the_same_page_runs_on_micropython(tmp_path: Path, open_tab: OpenTab) -> None:
    """One source, two runtimes: `boot.mjs` starts the app on the 0.2 MB one as it is."""
    strict = on_strict_host((ROOT / "index.html").read_text("utf-8"))
    mine = tmp_path / "mine.html"
    small = re.sub(r' *<link rel="(?:module)?preload" [^>]*(?:pyodide|zip)[^>]*>\n', "", strict)
    mine.write_text(small.replace('runtime="pyodide"', 'runtime="micropython"'), "utf-8")
    build_site(tmp_path / "site", page=mine)
    (tmp_path / "data").mkdir()
    async with serving(tmp_path / "site", tmp_path / "data") as gateway:
        tab, spa = await at(open_tab, gateway.url, cached=False)
        await spa.ask("Tell me about tolls")
        await spa.answered()
        await expect(spa.counter).to_have_text("19 of 20 left")
        asked = await tab.page.evaluate(
            "performance.getEntriesByType('resource').map(({ name }) => name)"
        )
    assert not [url for url in asked if "pyodide" in url]
    assert tab.complaints == []
