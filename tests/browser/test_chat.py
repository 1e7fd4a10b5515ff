"""The chat in Chromium, as a person uses it, against a real gateway and its demo."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab, Tab
from tests.browser.spa import Spa

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MARKDOWN = "Show me a table, a list and some code"

# Counts, between two frames, how often the words of the last answer were written to.
COUNT_WRITES = """() => {
    window.writes = [];
    let since = 0;
    const observer = new MutationObserver((records) => {
        if (records.some((r) => r.target.parentElement?.closest(".words, .prose"))) since += 1;
    });
    observer.observe(document.getElementById("log"),
        {subtree: true, childList: true, characterData: true});
    const frame = () => {
        if (since) window.writes.push(since);
        since = 0;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}"""

# Notes the counter at the first frame in which the answer has a word.
COUNTER_AT_FIRST_WORD = """() => new Promise((resolve) => {
    const frame = () => {
        const words = document.querySelector("#log article:last-child [data-part=words]");
        if (words?.textContent && words.closest("article").dataset.role === "assistant") {
            resolve(document.getElementById("counter").textContent);
        } else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
})"""


async def at(open_tab: OpenTab, url: str, **context: object) -> tuple[Tab, Spa]:
    """Open the page and wait for Python."""
    tab = await open_tab(url, cached=True, **context)
    spa = Spa(tab.page)
    await spa.ready()
    return tab, spa


async def test_markdown_streams_in_as_nodes(gateway: Gateway, open_tab: OpenTab) -> None:
    """UX-M2: table, list and code, and what looks like HTML stays text."""
    tab, spa = await at(open_tab, gateway.url)
    await tab.page.get_by_role("button", name=MARKDOWN).click()
    await spa.answered()
    await expect(spa.words.get_by_role("table")).to_be_visible()
    await expect(spa.words.get_by_role("list").first).to_be_visible()
    await expect(spa.words.locator("pre")).to_contain_text("gateway.call(")
    link = spa.words.get_by_role("link").first
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    await expect(spa.words.locator("img, script, style")).to_have_count(0)
    assert tab.complaints == []


async def test_one_write_per_frame(gateway: Gateway, open_tab: OpenTab) -> None:
    """UX-M1, UX-M11: two megabytes as fast as they come; the credit is gone with the first word."""
    tab, spa = await at(open_tab, gateway.url)
    await tab.page.evaluate(COUNT_WRITES)
    await spa.model.select_option("demo-2mb")
    noted = tab.page.evaluate(COUNTER_AT_FIRST_WORD)
    await spa.send_text("Much")
    assert await noted == "19 of 20 left"
    await spa.answered()
    await tab.page.evaluate("window.writes.length = 0")
    await spa.ask("Hello")
    await spa.answered()
    writes = await tab.page.evaluate("window.writes")
    assert len(writes) > 5
    # At its end an answer is finished at once: that may be a second write within a frame.
    assert sorted(writes)[-2:] in ([1, 1], [1, 2])


# Reloads the page in the very moment in which the last answer is complete.
RELOAD_WHEN_DONE = """() => {
    const look = () => {
        const last = document.querySelector("#log article:last-child");
        if (last?.dataset.state === "done" && last.dataset.role === "assistant") location.reload();
    };
    new MutationObserver(look).observe(document.getElementById("log"),
        {subtree: true, childList: true, attributes: true});
}"""


async def test_a_reload_in_the_moment_of_the_end(gateway: Gateway, open_tab: OpenTab) -> None:
    """UX-M8: what was not written yet is written while the page goes; a whole answer stays one."""
    tab, spa = await at(open_tab, gateway.url)
    await tab.page.evaluate(RELOAD_WHEN_DONE)
    async with tab.page.expect_navigation():
        await spa.send_text("Are you whole?")
    await expect(spa.turns).to_have_count(2)
    await spa.ready("19 of 20 left")
    await expect(spa.answer).to_have_attribute("data-state", "done")
    await expect(spa.answer).not_to_contain_text("Interrupted")


async def test_a_reload_in_the_middle_of_an_answer(gateway: Gateway, open_tab: OpenTab) -> None:
    """UX-M8, UX-M7: its words are there, marked, with what they cost and a way to ask again."""
    tab, spa = await at(open_tab, gateway.url)
    await spa.ask("Go on", model="demo-endless")
    await expect(spa.words).to_contain_text("9 ")
    await spa.draft.fill("A draft")
    await tab.page.reload()
    await spa.ready("19 of 20 left")
    await expect(spa.answer).to_have_attribute("data-state", "broken")
    await expect(spa.words).to_contain_text("1 2 3 4 5 6 7 8 9")
    await expect(spa.answer).to_contain_text("The page was left before the answer was whole.")
    await expect(spa.answer).to_contain_text("1 credit charged.")
    await expect(spa.draft).to_have_value("A draft")
    await expect(spa.model).to_have_value("demo-endless")
    await spa.model.select_option("demo")
    await spa.answer.get_by_role("button", name="Try again").click()
    await spa.answered()
    await expect(spa.turns).to_have_count(2)
    await expect(spa.counter).to_have_text("18 of 20 left")
    await expect(spa.answer.locator("[data-part=variant]")).to_have_text("2 / 2")


async def test_a_conversation_by_keyboard_alone(gateway: Gateway, open_tab: OpenTab) -> None:
    """UX-D1, UX-M4: ask, edit with the arrow, shortcuts, back to the message."""
    _, spa = await at(open_tab, gateway.url)
    keyboard = spa.page.keyboard
    await keyboard.press("/")
    await expect(spa.draft).to_be_focused()
    await keyboard.type("Hello")
    await keyboard.press("Enter")
    await spa.answered()
    await keyboard.press("ArrowUp")
    await expect(spa.draft).to_have_value("Hello")
    await expect(spa.page.locator("#editing")).to_be_visible()
    await keyboard.type(" again?")
    await keyboard.press("Enter")
    await expect(spa.turns.first).to_contain_text("Hello again?")
    await spa.answered()
    await expect(spa.turns).to_have_count(2)
    await keyboard.type("/ and ? are letters here")
    await expect(spa.draft).to_have_value("/ and ? are letters here")
    await spa.page.locator("#scroller").focus()
    await keyboard.press("Shift+?")
    sheet = spa.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(sheet).to_be_visible()
    await keyboard.press("Escape")
    await expect(sheet).to_be_hidden()


async def test_what_is_deleted_comes_back(gateway: Gateway, open_tab: OpenTab) -> None:
    """UX-M4, UX-M8: a message, then all of them; the keyboard is where it can be undone."""
    _, spa = await at(open_tab, gateway.url)
    await spa.ask("One")
    await spa.answered()
    await spa.answer.get_by_role("button", name="Delete").press("Enter")
    await expect(spa.turns).to_have_count(0)
    undo = spa.page.get_by_role("button", name="Undo")
    await expect(undo).to_be_focused()
    await spa.page.keyboard.press("Enter")
    await expect(spa.turns).to_have_count(2)
    await spa.page.get_by_role("button", name="New conversation").click()
    await expect(spa.turns).to_have_count(0)
    await undo.click()
    await expect(spa.turns).to_have_count(2)


async def test_the_line_and_the_export(gateway: Gateway, open_tab: OpenTab, tmp_path: Path) -> None:
    """UX-M10, UX-M8: how an answer came, what the conversation cost, and all of it as a file."""
    _, spa = await at(open_tab, gateway.url)
    await spa.ask("One")
    await spa.answered()
    info = spa.answer.locator("[data-part=info]")
    await expect(info).to_contain_text("demo · first word ")
    await expect(info).to_contain_text(" · 1 credit · Request req_")
    await spa.page.get_by_role("button", name="More").click()
    await expect(spa.page.locator("#spent")).to_have_text("1 credit in this conversation")
    async with spa.page.expect_download() as download:
        await spa.page.get_by_role("button", name="Export as JSON").click()
    await (await download.value).save_as(tmp_path / "conversation.json")
    kept = json.loads((tmp_path / "conversation.json").read_text("utf-8"))
    assert [turn["role"] for turn in kept["turns"]] == ["user", "assistant"]
    assert (await download.value).suggested_filename == "conversation.json"


async def test_reading_further_up_is_not_disturbed(gateway: Gateway, open_tab: OpenTab) -> None:
    """UX-M6: neither the place nor the composer moves; a button leads back."""
    _, spa = await at(open_tab, gateway.url, viewport={"width": 700, "height": 420})
    scroller = spa.page.locator("#scroller")
    await spa.page.get_by_role("button", name=MARKDOWN).click()
    await spa.answered()
    await spa.ask("Go on", model="demo-endless")
    await expect(spa.words).to_contain_text("9 ")
    before = await spa.page.locator("#composer").bounding_box()
    await scroller.evaluate("node => { node.scrollTop = 40; }")
    latest = spa.page.get_by_role("button", name="Jump to latest")
    await expect(latest).to_be_visible()
    await expect(spa.words).to_contain_text("60 ")
    assert await scroller.evaluate("node => node.scrollTop") == 40
    assert await spa.page.locator("#composer").bounding_box() == before
    await latest.click()
    await expect(latest).to_be_hidden()
    await expect(spa.words).to_contain_text("90 ")
    gap = "node => node.scrollHeight - node.scrollTop - node.clientHeight"
    assert await scroller.evaluate(gap) < 60
    await spa.page.keyboard.press("Escape")


async def test_offline_keeps_the_message(gateway: Gateway, open_tab: OpenTab) -> None:
    """UX-M7: the page says so, the message stays, and is one call when the line is back."""
    tab, spa = await at(open_tab, gateway.url)
    await tab.page.context.set_offline(True)
    await expect(tab.page.locator("#offline")).to_contain_text("You are offline")
    await spa.ask("Hello?")
    await expect(spa.answer).to_contain_text("You are offline. Your message is kept")
    await tab.page.context.set_offline(False)
    await expect(tab.page.locator("#offline")).to_be_hidden()
    await spa.answer.get_by_role("button", name="Try again").click()
    await spa.answered()
    await expect(spa.counter).to_have_text("19 of 20 left")


@pytest.mark.timeout(240)  # two hundred chats in Pyodide
async def test_the_page_leaves_no_proxies(gateway: Gateway, open_tab: OpenTab) -> None:
    """Opened and closed 200 times in Pyodide, whose own registry counts what JavaScript holds."""
    tab = await open_tab()
    source = (Path(__file__).parent / "chat_leaks.py").read_text("utf-8")

    async def instead(route: Route) -> None:
        await route.fulfill(body=source, content_type="text/x-python")

    await tab.page.route("**/main.py", instead)
    await tab.page.goto(gateway.url)
    root = tab.page.locator("html[data-counts]")
    await expect(root).to_have_count(1, timeout=2 * PYTHON_UP_MS)
    held, after_three, after_all, bubbles = json.loads(
        await root.get_attribute("data-counts") or "[]"
    )
    assert held > 50  # an open page holds as many; so what is counted is counted
    assert bubbles == 0
    assert tab.complaints == []
    assert after_all == after_three
