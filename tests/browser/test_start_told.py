"""The start says how far it is, and in plain words why it takes so long; there is a way out.

Most of these tests hold the runtime back for ever and play its part.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import PYTHON_UP_MS, OpenTab
from tests.browser.early import EARLY, STARTER, EarlyPage, never
from tests.support.static_host import static_host

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def url(site: Path) -> AsyncIterator[str]:
    """Serve the page where no gateway is."""
    async with static_host(site) as origin:
        yield origin


@pytest_asyncio.fixture(loop_scope="session")
async def early(open_tab: OpenTab, url: str) -> AsyncIterator[EarlyPage]:
    """Open the page, with a start that never comes to an end."""
    tab = await open_tab()
    page = EarlyPage(tab.page)
    await page.open(url)
    yield page
    assert tab.complaints == []


async def test_progress_is_told_in_bytes(early: EarlyPage) -> None:
    """SPA-D4: the bar and the words follow the bytes; when all are there, Python is at work."""
    assert await early.value() is None
    await expect(early.line).to_have_text("Starting Python…")
    seen = []
    for loaded in (0, 1_600_000, 3_100_000):
        await early.progress(loaded, 6_400_000)
        seen.append(await early.value())
    assert seen == [0, 0.25, 3.1 / 6.4]
    await expect(early.line).to_have_text("Starting Python: 3.1 of 6.4 MB")
    await early.progress(6_400_000, 6_400_000)
    assert await early.value() is None
    await expect(early.line).to_have_text("Starting Python…")
    await expect(early.page.get_by_role("status")).to_have_text("Starting Python…")


async def test_the_real_start_tells_its_bytes(open_tab: OpenTab, url: str) -> None:
    """SPA-D4: what is shown rises with every report, up to the last byte."""
    tab = await open_tab()
    reports: list[tuple[float, float, float]] = []
    complete = asyncio.Event()

    def report(loaded: float, total: float, position: float) -> None:
        reports.append((loaded, total, position))
        if loaded >= total:
            complete.set()

    await tab.page.expose_function("report", report)
    await tab.page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {  // by then the page itself listens
            const bar = document.querySelector("#start progress");
            document.addEventListener("tollbridge:progress", ({ detail }) =>
                report(detail.loaded, detail.total, bar.position));
        });"""
    )
    await tab.page.goto(url)
    async with asyncio.timeout(PYTHON_UP_MS / 1000):
        await complete.wait()
    loaded = [report[0] for report in reports]
    assert len(set(loaded)) > 2
    assert loaded == sorted(loaded)
    shown = [position for loaded, total, position in reports if loaded < total]
    assert shown == sorted(shown)
    assert shown[-1] > 0
    assert reports[-1][2] == -1  # nothing left to wait for but Python itself


async def test_nothing_moves_when_the_start_is_over(early: EarlyPage) -> None:
    """UX-M6: the composer stands where it stood, and so does the conversation."""
    places = "[...document.querySelectorAll('#composer, #scroller')]"
    measure = f"{places}.map(node => JSON.stringify(node.getBoundingClientRect()))"
    await early.progress(3_100_000, 6_400_000)
    before = await early.page.evaluate(measure)
    await early.take()
    await early.set_state("ready")
    await expect(early.bar).to_be_hidden()
    assert await early.page.evaluate(measure) == before


async def test_ten_silent_seconds_are_explained(open_tab: OpenTab, url: str) -> None:
    """X-M3: it takes 10 s without a byte, goes with the next one, and Retry keeps every word."""
    tab = await open_tab()
    page = EarlyPage(tab.page)
    await tab.page.clock.install(time=0)
    await page.open(url)
    await tab.page.clock.pause_at(1_000_000)
    await expect(page.slow).to_be_visible()
    await page.progress(1_000, 2_000)
    await expect(page.slow).to_be_hidden()
    await tab.page.clock.run_for(9_999)
    await expect(page.slow).to_be_hidden()
    await tab.page.clock.run_for(1)
    await expect(page.slow).to_contain_text("Nothing has come for ten seconds")
    await expect(page.slow).to_contain_text("is kept here")
    await expect(page.page.get_by_role("status")).to_contain_text("Nothing has come")
    await page.spa.send_text("Said")
    await page.spa.draft.fill("Unsaid")
    async with tab.page.expect_navigation(wait_until="commit"):
        await page.slow.get_by_role("button", name="Try again").click(no_wait_after=True)
    await page.listening()
    assert tab.page.url == f"{url}/"
    await expect(page.bubbles).to_contain_text(["Said"])
    await expect(page.spa.draft).to_have_value("Unsaid")


@pytest.mark.parametrize("file", ["core.js", "pyodide.asm.wasm", "pyodide.asm.mjs"])
async def test_a_missing_file_is_named_at_once(open_tab: OpenTab, url: str, file: str) -> None:
    """X-M3: a 404 of PyScript or of the runtime needs no ten seconds to be understood."""
    tab = await open_tab()
    page = EarlyPage(tab.page)
    await tab.page.route(f"**/{file}", lambda route: route.fulfill(status=404))
    await tab.page.goto(url, wait_until="commit")
    await expect(page.slow).to_contain_text(file)
    await expect(page.bar).to_be_hidden()
    await page.spa.send_text("For later")
    await expect(page.bubbles).to_contain_text(["For later"])


async def test_a_connection_that_breaks_is_told_at_once(open_tab: OpenTab, url: str) -> None:
    """X-M3: what the browser says about it stands in the explanation."""
    tab = await open_tab()
    page = EarlyPage(tab.page)
    await tab.page.route("**/*.wasm", lambda route: route.abort())
    await tab.page.goto(url, wait_until="commit")
    await expect(page.slow).to_contain_text(re.compile("What went wrong: .*Failed to fetch"))


async def test_a_long_reason_is_shortened(open_tab: OpenTab, url: str) -> None:
    """X-M3: an engine's message may hold a whole stack; the explanation stays a short one."""
    page = EarlyPage((await open_tab()).page)
    await page.open(url)
    await page.page.evaluate("() => { Promise.reject(new Error('x'.repeat(5000))); }")
    await expect(page.slow).to_contain_text("What went wrong: xxx")
    assert len(await page.slow.inner_text()) < 500


async def test_python_that_ends_with_an_error_is_told(open_tab: OpenTab, url: str) -> None:
    """X-M3: the page's Python ran and failed before it could take over."""
    tab = await open_tab()
    page = EarlyPage(tab.page)
    await tab.page.route("**/main.py", lambda route: route.fulfill(body="1 / 0\n"))
    await tab.page.goto(url, wait_until="commit")
    await expect(page.slow).to_contain_text("It met an error", timeout=PYTHON_UP_MS)


async def test_a_failed_start_keeps_what_waits(early: EarlyPage) -> None:
    """X-M3: a page that says it has failed names the way out, and sends nothing into the void."""
    await early.spa.send_text("Before")
    await early.set_state("failed")
    await expect(early.failed.get_by_role("button", name="Try again")).to_be_visible()
    await expect(early.slow).to_be_hidden()
    await expect(early.bubbles).to_contain_text(["Not sent yet."])
    await early.spa.send_text("After")
    async with early.page.expect_navigation(wait_until="commit"):
        await early.failed.get_by_role("button", name="Try again").click(no_wait_after=True)
    await early.listening()
    await expect(early.bubbles).to_have_count(2)
    assert [sent["text"] for sent in await early.take()] == ["Before", "After"]


async def test_without_early_the_stylesheet_keeps_the_time(open_tab: OpenTab, url: str) -> None:
    """X-M3: if even that small file is missing, the explanation comes, and Retry loads anew."""
    tab = await open_tab()
    page = EarlyPage(tab.page)
    await tab.page.route(STARTER, never)
    await tab.page.route(EARLY, lambda route: route.fulfill(status=404))
    await tab.page.goto(url, wait_until="commit")
    await expect(page.bar).to_be_visible()
    await expect(page.slow).to_be_hidden()
    clock = "document.querySelector('#slow-start').getAnimations()[0]"
    assert await tab.page.evaluate(f"{clock}.effect.getTiming().delay") == 10_000
    await tab.page.evaluate(f"{clock}.finish()")
    await expect(page.slow).to_be_visible()
    async with tab.page.expect_navigation(wait_until="commit"):
        await page.slow.get_by_role("button", name="Try again").click(no_wait_after=True)


async def test_without_scripts_the_page_says_so(open_tab: OpenTab, url: str) -> None:
    """Nothing pretends to start, and nothing asks for patience."""
    tab = await open_tab(url, java_script_enabled=False)
    page = EarlyPage(tab.page)
    # Its words are no text to Playwright, which runs scripts itself.
    await expect(tab.page.locator("noscript p")).to_be_visible()
    await expect(page.bar).to_be_hidden()
    await expect(tab.page.locator("#slow-start")).to_be_hidden()
