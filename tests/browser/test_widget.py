"""The widget on a page that is not ours: one tag, one Python, one conversation for each."""

import pytest
from playwright.async_api import Request, expect

from tests.browser.conftest import Gateway, OpenTab
from tests.browser.widget import Host, Widget

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_one_tag_is_enough(host: Host, open_tab: OpenTab) -> None:
    """W-M1, W-M4, X-M10: answered and counted under the strictest policy, no other host asked."""
    tab = await open_tab(host.page(host.tag(unheard_of="1")))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("What is a toll bridge?")
    await widget.answered()
    await expect(widget.left).to_have_text("19 free questions left")
    await expect(widget.answer).to_contain_text("bridge")
    assert tab.complaints == []
    assert tab.origins == {host.origin, host.gateway}


async def test_an_element_does_as_well(host: Host, open_tab: OpenTab) -> None:
    """W-M1: in place of the tag's attributes; the tag alone then only brings the element."""
    element = '<tollbridge-widget paywall-id="pw_demo" launcher="inline"></tollbridge-widget>'
    script = f'<script async src="{host.gateway}/v1/widget.js"></script>'
    tab = await open_tab(host.page(element + script))
    widget = Widget(tab.page)
    await expect(widget.panel).to_have_role("region")
    await widget.draft.click()
    await widget.ask("Hello")
    await widget.answered()


async def test_a_tag_twice_is_one_widget(host: Host, open_tab: OpenTab) -> None:
    """W-M1: a template that is included twice shows one launcher."""
    tab = await open_tab(host.page(host.tag() + host.tag()))
    await Widget(tab.page).open()
    await expect(tab.page.locator("tollbridge-widget")).to_have_count(1)


async def test_two_widgets_share_python_and_credits(host: Host, open_tab: OpenTab) -> None:
    """W-M1: each has its conversation; the runtime is loaded once, the visitor is one."""
    first = host.tag(launcher="inline", target="#one")
    second = host.tag(launcher="inline", target="#two")
    tab = await open_tab()
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    await tab.page.goto(host.page(f'<div id="one"></div><div id="two"></div>{first}{second}'))
    one, two = (Widget(tab.page, place=f"{id} tollbridge-widget") for id in ("#one", "#two"))
    await one.ask("First")
    await two.ask("Second")
    await one.answered()
    await two.answered()
    await expect(one.turns).to_have_count(2)
    for widget in (one, two):
        await expect(widget.left).to_have_text("18 free questions left")
    for name in ("micropython.wasm", ".romfs", "signin"):
        assert len([url for url in asked if name in url]) == 1, name


async def test_a_sealed_template_is_asked_in_texts_alone(
    host: Host, gateway: Gateway, open_tab: OpenTab
) -> None:
    """W-M8: the page sends a template's id and the question; a long one says how long it may be."""
    tab = await open_tab()
    sent: list[object] = []

    def note(request: Request) -> None:
        if "/api-gateway/" in request.url:
            sent.append(request.post_data_json)

    tab.page.on("request", note)
    await tab.page.goto(host.page(host.tag(template="tpl_demo_ask")))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("What is a toll bridge?")
    await widget.answered()
    await expect(widget.left).to_have_text("19 free questions left")
    texts = {"question": "What is a toll bridge?"}
    assert sent == [{"template": "tpl_demo_ask", "variables": texts}]
    await widget.ask("?" * 2001)
    await expect(widget.answer.locator(".failure")).to_contain_text("it may have 2000 characters")


async def test_what_is_sent_before_python_is_sent_in_order(host: Host, open_tab: OpenTab) -> None:
    """X-M2: it stands there at once, waits, and goes out when Python is up."""
    tab = await open_tab()
    held = []
    await tab.page.route("**/micropython.wasm", lambda route: held.append(route))
    await tab.page.goto(host.page(host.tag()))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("One?")
    await widget.ask("Two?")
    await expect(widget.turns).to_have_count(2)
    await expect(widget.turns.last).to_have_attribute("data-state", "waiting")
    for route in held:
        await route.continue_()
    await expect(widget.turns).to_have_count(4)
    await widget.answered()
    said = widget.element.locator("article[data-role=user] .words")
    assert await said.all_inner_texts() == ["One?", "Two?"]


async def test_a_draft_outlives_a_reload(host: Host, open_tab: OpenTab) -> None:
    """It is kept once it was written, and not where the page wants nothing kept."""
    tab = await open_tab(host.page(host.tag()))
    widget = Widget(tab.page)
    await widget.open()
    await widget.draft.fill("Half a thought")
    await tab.page.reload()
    await widget.open()
    await expect(widget.draft).to_have_value("Half a thought")


async def test_nothing_is_kept_where_a_page_says_so(host: Host, open_tab: OpenTab) -> None:
    """W-M7: with `storage="none"`, for pages that have to ask first, all of it is in memory."""
    tab = await open_tab(host.page(host.tag(storage="none")))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("Hello")
    await widget.answered()
    await widget.draft.fill("Half a thought")
    kept = "[...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie].join()"
    assert await tab.page.evaluate(kept) == ""


async def test_its_keyboard_and_its_names(host: Host, gateway: Gateway, open_tab: OpenTab) -> None:
    """W-M9: a button that says what it opens, a named dialog, Escape, focus back, a live region."""
    page = '<script src="page.js"></script>'
    tab = await open_tab(host.page(host.tag(model="demo-endless") + page))
    widget = Widget(tab.page)
    await expect(widget.launcher).to_have_role("button")
    await expect(widget.launcher).to_have_attribute("aria-haspopup", "dialog")
    await expect(widget.launcher).to_have_attribute("aria-expanded", "false")
    await widget.launcher.press("Enter")
    await expect(widget.launcher).to_have_attribute("aria-expanded", "true")
    await expect(tab.page.get_by_role("dialog", name="Ask a question")).to_be_visible()
    await expect(widget.draft).to_be_focused()
    await widget.ask("Go on")
    await expect(widget.answer).to_contain_text("3 ")
    await expect(widget.panel.get_by_role("status")).to_have_text("Generating an answer.")
    await widget.draft.press("Escape")
    await expect(widget.answer).to_have_attribute("data-state", "stopped")
    await expect(widget.panel.get_by_role("status")).to_have_text("Answer stopped.")
    assert (await gateway.ended_request("demo-endless"))["state"] == "client_left"
    await widget.draft.press("Escape")
    await expect(widget.panel).to_be_hidden()
    await expect(widget.launcher).to_be_focused()
    assert "Escape" not in await tab.page.evaluate("heardKeys")


async def test_a_failure_is_said_and_tried_again(host: Host, open_tab: OpenTab) -> None:
    """In words, with what it cost; asked again, it is another call."""
    tab = await open_tab(host.page(host.tag(model="demo-500")))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("Hello")
    await expect(widget.answer.locator(".failure")).to_contain_text("No credit was taken.")
    await widget.answer.get_by_role("button", name="Try again").click()
    await expect(widget.answer).to_have_attribute("data-state", "failed")
    await expect(widget.turns).to_have_count(2)
    await expect(widget.left).to_have_text("20 free questions left")


async def test_an_answer_can_be_copied(host: Host, open_tab: OpenTab) -> None:
    """As Markdown, as the model wrote it."""
    tab = await open_tab(host.page(host.tag()), permissions=["clipboard-read", "clipboard-write"])
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("Show me a table, a list and some code")
    await widget.answered()
    await widget.answer.locator(".tools").get_by_role("button", name="Copy").click()
    await expect(widget.answer.locator(".tools")).to_contain_text("Copied")
    assert "```python" in await tab.page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("way", ["move", "swap"])
async def test_it_outlives_a_swap_of_the_page(way: str, host: Host, open_tab: OpenTab) -> None:
    """W-M6: moved by a framework or swept away with the body, it comes back as it was."""
    tab = await open_tab(host.page(host.tag()))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("Remember this")
    await widget.answered()
    await tab.page.evaluate(
        {
            "move": "document.body.prepend(document.querySelector('tollbridge-widget'))",
            "swap": "document.body = document.createElement('body')",
        }[way]
    )
    await expect(widget.panel).to_be_visible()
    await expect(widget.turns.first).to_contain_text("Remember this")
    await widget.ask("And this")
    await expect(widget.turns).to_have_count(4)
    await widget.answered()
    assert tab.complaints == []


async def test_the_global_does_what_it_says(host: Host, open_tab: OpenTab) -> None:
    """W-M6: what was pushed before the loader came is done; open, close, destroy; every event."""
    head = '<script src="queue.js"></script>'
    tab = await open_tab(host.page(host.tag(launcher="none", target="#copy"), head=head))
    widget = Widget(tab.page)
    await tab.page.locator("#copy").click()
    await widget.ask("Hello")
    await widget.answered()
    await tab.page.evaluate("tollbridge.close()")
    await expect(widget.panel).to_be_hidden()
    await tab.page.evaluate("tollbridge.push(['open'], (api) => api.close())")
    await tab.page.evaluate("tollbridge.destroy()")
    await expect(widget.element).to_have_count(0)
    told = await tab.page.evaluate("toldEvents")
    assert told[0] == "open"
    assert told[-4:] == ["message assistant", "close", "open", "close"]
    assert sorted(told[1:-4]) == ["message user", "ready"]
