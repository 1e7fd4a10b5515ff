"""The single-page app in Chromium, on the page as it is built, against a real gateway."""

import asyncio
import shlex

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Gateway, OpenTab, Tab, origin_of
from tests.browser.spa import Spa

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# Chromium notes every answer above 399 as an error on its console; a 402 is one that we mean.
NOTED_402 = "Failed to load resource: the server responded with a status of 402 (Payment Required)"


async def at(open_tab: OpenTab, url: str, **context: object) -> tuple[Tab, Spa]:
    """Open the page and wait for Python."""
    tab = await open_tab(url, cached=True, **context)
    spa = Spa(tab.page)
    await spa.ready()
    return tab, spa


async def test_the_page_starts_from_its_own_origin_alone(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """Python runs, the visitor is signed in and counted, and no other host is asked."""
    tab = await open_tab(gateway.url)
    await Spa(tab.page).ready()
    assert tab.origins == {origin_of(gateway.url)}
    assert tab.complaints == []


async def test_the_policy_forbids_everything_foreign(gateway: Gateway, open_tab: OpenTab) -> None:
    """The page runs under a policy that would block what a mistake of ours might load."""
    tab = await open_tab()
    response = await tab.page.goto(gateway.url)
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy


async def test_an_answer_streams_in_and_lowers_the_counter(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """The text grows over time, and the counter is lower while it does."""
    tab, spa = await at(open_tab, gateway.url)
    await spa.ask("Tell me about tolls")
    await expect(spa.words).not_to_be_empty()
    first = await spa.words.inner_text()
    await expect(spa.answer).to_have_attribute("data-state", "streaming")
    await expect(spa.counter).to_have_text("19 of 20 left")
    await expect(spa.words).not_to_have_text(first)
    await spa.answered()
    whole = await spa.words.inner_text()
    assert whole.startswith(first)
    assert len(whole) > len(first)
    await expect(spa.status).to_have_text("Answer complete.")
    assert (await gateway.ended_request("demo"))["state"] == "finished"
    assert tab.complaints == []


async def test_characters_survive_chunks_that_split_them(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """`demo-odd` cuts inside of characters and events."""
    _, spa = await at(open_tab, gateway.url)
    await spa.ask("Anything", model="demo-odd")
    await spa.answered()
    whole = await spa.words.inner_text()
    assert "\ufffd" not in whole
    assert any(ord(char) > 0xFFFF for char in whole)


@pytest.mark.parametrize("how", ["button", "Escape"])
async def test_stop_ends_the_stream_at_the_provider(
    gateway: Gateway, open_tab: OpenTab, how: str
) -> None:
    """The provider sees that the client left; the words so far stay, marked."""
    _, spa = await at(open_tab, gateway.url)
    await spa.ask("Go on", model="demo-endless")
    await expect(spa.words).to_contain_text("3 ")
    if how == "button":
        await spa.stop.click()
    else:
        await spa.page.keyboard.press("Escape")
    await expect(spa.answer).to_have_attribute("data-state", "stopped")
    await expect(spa.answer).to_contain_text("Stopped")
    await expect(spa.words).to_contain_text("3 ")
    await expect(spa.send).to_be_visible()
    assert (await gateway.ended_request("demo-endless"))["state"] == "client_left"
    await expect(spa.counter).to_have_text("19 of 20 left")


async def test_the_message_after_the_last_credit(gateway: Gateway, open_tab: OpenTab) -> None:
    """The dialog tells the exact command; running it sends the message by itself."""
    tab, spa = await at(open_tab, gateway.url)
    await gateway.debit(await tab.user_id(), 18)
    for left in (1, 0):
        await spa.ask("One of the last")
        await spa.answered()
        await expect(spa.counter).to_have_text(f"{left} of 20 left")
    await spa.send_text("The one too many")
    await expect(spa.quota).to_contain_text("You have used all 20 credits of standard.")
    await expect(spa.answer).to_contain_text("The one too many")
    await expect(spa.answer).to_contain_text("Not sent")
    line = await spa.command.inner_text()
    assert line == (
        f".venv/bin/tollbridge user grant --paywall pw_demo --user {await tab.user_id()} "
        f"--type standard --amount 5 --data-dir {gateway.data_dir}"
    )
    await gateway.run(*shlex.split(line)[1:])
    await expect(spa.quota).to_be_hidden(timeout=10_000)
    await spa.answered()
    await expect(spa.counter).to_have_text("4 of 25 left")
    assert set(tab.complaints) == {NOTED_402}


async def test_coming_back_to_the_window_reads_the_balances(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """Who typed the command in another window sees the counter as soon as he is back."""
    tab = await open_tab()
    # From here on the page's timers stand still, and with them its reading every 3 s.
    await tab.page.clock.install(time=0)
    await tab.page.goto(gateway.url)
    spa = Spa(tab.page)
    await spa.ready()
    await tab.page.clock.pause_at(3_600_000)
    await gateway.debit(await tab.user_id(), 20)
    await spa.send_text("Nothing left")
    await expect(spa.quota).to_be_visible()
    line = await spa.command.inner_text()
    await gateway.run(*shlex.split(line)[1:])
    await tab.page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(spa.quota).to_be_hidden()
    await spa.answered()
    await expect(spa.counter).to_have_text("4 of 25 left")


async def test_what_is_typed_before_python_is_up_is_kept(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """SPA-M6: the skeleton takes words while the runtime still loads."""
    tab = await open_tab()
    go_on = asyncio.Event()

    async def later(route: Route) -> None:
        await go_on.wait()
        await route.continue_()

    await tab.page.route("**/*.wasm", later)
    await tab.page.goto(gateway.url)
    spa = Spa(tab.page)
    await spa.draft.press_sequentially("Typed early")
    go_on.set()
    await spa.ready()
    await expect(spa.draft).to_have_value("Typed early")
    await expect(spa.draft).to_be_focused()
    await spa.draft.press("Enter")
    await spa.answered()
    await expect(spa.turns.first).to_contain_text("Typed early")


async def test_the_keyboard_does_what_people_expect(gateway: Gateway, open_tab: OpenTab) -> None:
    """UX-M5: Shift+Enter breaks the line, an input method's Enter sends nothing, Enter sends."""
    _, spa = await at(open_tab, gateway.url)
    await spa.draft.press_sequentially("One")
    await spa.draft.press("Shift+Enter")
    await spa.draft.press_sequentially("two")
    await spa.draft.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    await spa.draft.dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
    await expect(spa.draft).to_have_value("One\ntwo")
    await expect(spa.turns).to_have_count(0)
    await spa.draft.press("Enter")
    await expect(spa.draft).to_have_value("")
    await spa.answered()
    await expect(spa.turns).to_have_count(2)


async def test_the_keyboard_is_never_lost_with_a_button(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """Send turns into Stop under the finger and back, and a double click does not press both."""
    _, spa = await at(open_tab, gateway.url)
    await spa.model.select_option("demo-endless")
    await spa.draft.fill("Go on")
    await spa.send.click()
    await expect(spa.stop).to_be_focused()
    await spa.page.keyboard.press("Enter")
    await expect(spa.answer).to_have_attribute("data-state", "stopped")
    await expect(spa.send).to_be_focused()
    await spa.draft.fill("Go on")
    await spa.send.dblclick()
    await expect(spa.words).to_contain_text("5 ")
    await expect(spa.answer).to_have_attribute("data-state", "streaming")


async def test_a_failure_is_said_where_the_answer_would_be(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """UX-M7: cause, code and request id inline, and Retry with another model mends it."""
    _, spa = await at(open_tab, gateway.url)
    await spa.ask("Try", model="demo-429")
    await expect(spa.answer).to_contain_text("too many requests just now.")
    await expect(spa.answer).to_contain_text("You can try again in ")
    await expect(spa.answer).to_contain_text("Request req_")
    await expect(spa.counter).to_have_text("20 of 20 left")
    await spa.model.select_option("demo-cut")
    await spa.answer.get_by_role("button", name="Try again").click()
    await expect(spa.answer).to_contain_text("The connection broke before the answer was whole.")
    await expect(spa.words).not_to_be_empty()
    await spa.model.select_option("demo")
    await spa.answer.get_by_role("button", name="Try again").click()
    await spa.answered()
    await expect(spa.turns).to_have_count(2)


async def test_a_phone_has_room_and_targets(gateway: Gateway, open_tab: OpenTab) -> None:
    """At 360 px nothing scrolls sideways, and a finger finds 44 px."""
    tab, spa = await at(
        open_tab,
        gateway.url,
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
    )
    await gateway.debit(await tab.user_id(), 20)
    longest = tab.page.get_by_role("option", name="Too many requests (429)")
    await spa.model.select_option(await longest.get_attribute("value"))
    await spa.send_text("x" * 200)
    await expect(spa.quota).to_be_visible()
    assert await tab.page.evaluate("document.documentElement.scrollWidth") == 360
    for target in await tab.page.locator("button:visible, select:visible").all():
        box = await target.bounding_box()
        assert box is not None
        assert box["height"] >= 44, await target.inner_text()
        assert box["width"] >= 44, await target.inner_text()
