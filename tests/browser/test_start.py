"""The page is alive before Python: nothing that a visitor does before it is up is lost.

Most of these tests hold the runtime back for ever and take over themselves, as Python would.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import OpenTab
from tests.browser.early import EARLY, STARTER, EarlyPage, Held, never
from tests.support.static_host import static_host

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUEUE = "tollbridge-queue"
DRAFT = "tollbridge-draft"


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


async def test_the_skeleton_needs_no_script(open_tab: OpenTab, url: str) -> None:
    """X-M1, SPA-M6: painted, typed in and sent before any script is there; it is sent after all.

    Python starts on the page's own thread, which is right only behind a painted skeleton.
    """
    tab = await open_tab()
    page, held = EarlyPage(tab.page), Held()
    await tab.page.route("**/*.js", never)
    await tab.page.route("**/*.mjs", held)
    await tab.page.goto(url, wait_until="commit")
    await page.spa.draft.fill("Before anything")
    await expect(page.bar).to_be_visible()
    painted = "performance.getEntriesByName('first-contentful-paint').length"
    while not await tab.page.evaluate(painted):
        pass
    await page.spa.send.click()
    await expect(page.spa.draft).to_have_value("Before anything")
    assert tab.page.url == f"{url}/"
    held.let_go()
    await expect(page.bubbles).to_contain_text([re.compile("You\\s+Before anything\\s+Waiting")])
    assert [sent["text"] for sent in await page.take()] == ["Before anything"]


async def test_words_that_were_only_typed_stay_in_the_composer(open_tab: OpenTab, url: str) -> None:
    """SPA-M6: nothing is sent that nobody sent, and a reload finds the words again."""
    tab = await open_tab()
    page, held = EarlyPage(tab.page), Held()
    await tab.page.route(STARTER, never)
    await tab.page.route(EARLY, held)
    await tab.page.goto(url, wait_until="commit")
    await page.spa.draft.fill("Only typed")
    held.let_go()
    await page.listening()
    await expect(page.spa.draft).to_have_value("Only typed")
    await page.reload()
    await expect(page.spa.draft).to_have_value("Only typed")
    assert await page.take() == []


async def test_messages_and_presses_wait_in_order(early: EarlyPage) -> None:
    """X-M2: each is shown at once, and handed over once, in the order they were made in."""
    await early.spa.send_text("One")
    pressed = early.page.locator("#counter")
    await pressed.dblclick()
    await expect(pressed).to_have_attribute("aria-busy", "true")
    await early.spa.model.select_option("demo-slow")
    await early.spa.draft.fill("Two\nlines ")
    await early.spa.send.click()
    await early.spa.send_text("Three")
    await expect(early.spa.draft).to_have_value("")
    await expect(early.bubbles.locator("[data-part=words]")).to_have_text(
        ["One", "Two lines", "Three"]
    )
    await expect(early.bubbles.first).to_contain_text("Waiting for Python…")
    await expect(early.page.locator("#welcome")).to_be_hidden()
    assert await early.take() == [
        {"kind": "send", "text": "One", "provider": "", "model": "demo"},
        {"kind": "press", "id": "counter"},
        {"kind": "send", "text": "Two\nlines", "provider": "", "model": "demo-slow"},
        {"kind": "send", "text": "Three", "provider": "", "model": "demo-slow"},
    ]
    await expect(early.bubbles).to_have_count(0)
    await expect(pressed).not_to_have_attribute("aria-busy", "true")
    assert await early.take() == []
    assert await early.kept(QUEUE) is None


async def test_what_is_done_is_heard_by_one_side_alone(early: EarlyPage) -> None:
    """X-M2: listeners of Python hear nothing before it takes over, and everything afterwards."""
    await early.page.evaluate(
        """() => {
            globalThis.heard = [];
            const hear = (event) => { event.preventDefault(); heard.push(event.type); };
            document.getElementById("composer").addEventListener("submit", hear);
            document.getElementById("counter").addEventListener("click", hear);
        }"""
    )
    for queued, heard in ((2, []), (0, ["submit", "click"])):
        await early.spa.draft.fill("Once")
        await early.spa.send.click()
        await early.page.locator("#counter").click()
        assert await early.page.evaluate("heard") == heard
        assert len(await early.take()) == queued


async def test_a_reload_before_python_loses_nothing(early: EarlyPage) -> None:
    """X-M2, SPA-M6: messages wait again, the draft is there, until somebody takes them."""
    await early.spa.send_text("First")
    await early.page.locator("#counter").click()
    await early.reload()
    await early.spa.send_text("Second")
    await early.spa.draft.fill("Half a th")
    await early.reload()
    await expect(early.bubbles.locator("[data-part=words]")).to_have_text(["First", "Second"])
    await expect(early.page.locator("#counter")).to_have_attribute("aria-busy", "true")
    await expect(early.spa.draft).to_have_value("Half a th")
    taken = await early.take()
    assert [action.get("text", "pressed") for action in taken] == ["First", "pressed", "Second"]
    await early.spa.draft.fill("From here on Python keeps it")
    assert await early.kept(DRAFT) == "Half a th"
    await early.reload()
    await expect(early.spa.draft).to_have_value("Half a th")
    await expect(early.bubbles).to_have_count(0)
    assert await early.take() == []


async def test_what_another_program_kept_there_does_no_harm(early: EarlyPage) -> None:
    """A queue that is not ours is forgotten; the page works on."""
    await early.page.evaluate("key => sessionStorage.setItem(key, '{\"a\": [')", QUEUE)
    await early.reload()
    await early.spa.send_text("Still")
    assert [sent["text"] for sent in await early.take()] == ["Still"]


async def test_enter_does_what_it_does_later(early: EarlyPage) -> None:
    """UX-M5: Shift+Enter breaks the line, an input method's Enter sends nothing."""
    await early.spa.draft.press_sequentially("One")
    await early.spa.draft.press("Shift+Enter")
    await early.spa.draft.press_sequentially("two")
    await early.spa.draft.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    await early.spa.draft.dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
    await expect(early.spa.draft).to_have_value("One\ntwo")
    await expect(early.bubbles).to_have_count(0)
    await early.spa.draft.press("Enter")
    await early.spa.draft.press("Enter")  # an empty message is none
    await expect(early.bubbles).to_have_count(1)


async def test_a_page_that_keeps_nothing_works_all_the_same(open_tab: OpenTab, url: str) -> None:
    """Where the browser refuses all storage, messages wait and colours change until a reload."""
    tab = await open_tab()
    await tab.page.add_init_script(
        """for (const area of ["localStorage", "sessionStorage"])
            Object.defineProperty(window, area, {
                get() { throw new DOMException("refused", "SecurityError"); },
            });"""
    )
    page = EarlyPage(tab.page)
    await page.open(url)
    await page.spa.send_text("Unkept")
    await page.page.get_by_role("button", name="More").click()
    await page.theme.click()
    await expect(tab.page.locator("html")).to_have_attribute("data-theme", "light")
    assert [sent["text"] for sent in await page.take()] == ["Unkept"]
    assert tab.complaints == []


async def test_the_choice_of_colours_is_kept(early: EarlyPage) -> None:
    """X-M8: system, light, dark in a circle, told in words, there again before the next paint."""
    html = early.page.locator("html")
    seen = []
    await early.page.get_by_role("button", name="More").click()
    for _ in range(3):
        await early.theme.click()
        seen.append((await html.get_attribute("data-theme"), await early.theme.inner_text()))
    assert seen == [
        ("light", "Appearance: light"),
        ("dark", "Appearance: dark"),
        (None, "Appearance: system"),
    ]
    await early.theme.click()
    await early.theme.click()
    await early.take()
    await early.reload()
    await expect(html).to_have_attribute("data-theme", "dark")
    await expect(early.theme).to_have_text("Appearance: dark")
    await early.page.evaluate("localStorage.setItem('tollbridge-theme', 'pink')")
    await early.reload()
    assert await html.get_attribute("data-theme") is None
