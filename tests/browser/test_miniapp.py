"""The Mini App in Chromium: signed in without a word, and answering within Telegram's client."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Route, expect

from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab, serving
from tests.browser.early import EarlyPage
from tests.browser.miniapp import (
    DARK,
    address,
    new_person,
    opened,
    prepared,
    says,
    set_bot,
    voucher,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NOTED_401 = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"
NOTED_402 = "Failed to load resource: the server responded with a status of 402 (Payment Required)"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(site: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway whose demo has a bot of its own."""
    async with serving(site, tmp_path_factory.mktemp("data")) as running:
        await set_bot(running)
        yield running


async def test_nobody_is_asked_who_they_are(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M2, TG-M8: signed in from what Telegram signed, with no form, no cookie, no token kept."""
    app = await opened(open_tab, address(gateway))
    await app.chat.ask("What is a toll bridge?")
    await app.chat.answered()
    await expect(app.chat.counter).to_have_text("19 of 20 left")
    assert await app.page.get_by_role("textbox").count() == 1  # the message
    assert await app.page.context.cookies() == []
    kept = await app.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "refresh_token" not in kept
    assert not re.search(r"rt_[\w-]{20,}|eyJ", kept)
    assert app.tab.origins == {gateway.url}
    assert app.tab.complaints == []


async def test_the_same_person_comes_back_to_the_same_credits(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """TG-M2: identity is Telegram's number, on another device too; no trial a second time."""
    person = new_person()
    app = await opened(open_tab, address(gateway, person=person))
    await app.chat.ask("Hello")
    await app.chat.answered()
    other = await prepared(open_tab)
    await other.page.goto(address(gateway, person=person))
    await other.ready("19 of 20 left")


async def test_a_reload_goes_on_where_it_was(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M8: it brings the same launch, and a key by which the gateway knows that page again."""
    app = await opened(open_tab, address(gateway))
    await app.chat.ask("Hello")
    await app.chat.answered()
    await app.chat.draft.fill("Not sent yet")
    await app.page.reload()
    await app.ready("19 of 20 left")
    await expect(app.chat.turns).to_have_count(2)
    await expect(app.chat.draft).to_have_value("Not sent yet")
    await app.chat.ask("And again")
    await app.chat.answered()
    await expect(app.chat.counter).to_have_text("18 of 20 left")
    assert app.tab.complaints == []


async def test_the_placeholder_goes_before_python_comes(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """TG-M1, X-M2: painted in the person's colours and told to the client; what is sent waits."""
    app = await prepared(open_tab, color_scheme="light")
    held: asyncio.Queue[Route] = asyncio.Queue()
    await app.page.route("**/micropython.wasm", held.put)
    await app.page.goto(address(gateway, theme=DARK))
    route = await held.get()
    await app.until("web_app_ready")
    assert await app.last("web_app_expand") is not None
    assert await app.state() == "starting"
    colour = await app.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(23, 33, 43)"
    scheme = await app.page.evaluate("getComputedStyle(document.documentElement).colorScheme")
    assert scheme == "dark"
    early = EarlyPage(app.page)
    await early.listening()
    await app.chat.send_text("Am I early?")
    await expect(early.bubbles).to_have_count(1)
    await route.continue_()
    await app.chat.answered()
    await expect(app.chat.turns.first).to_contain_text("Am I early?")


async def test_no_pixel_is_painted_in_another_theme(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M1: the first paint of all is dark, because the colours are there before the body is."""
    app = await prepared(open_tab, color_scheme="light")
    await app.page.add_init_script(
        """globalThis.painted = [];
        const look = () => painted.push(getComputedStyle(document.body).backgroundColor);
        new PerformanceObserver(look).observe({type: "paint", buffered: true});"""
    )
    await app.page.goto(address(gateway, theme=DARK))
    await app.ready()
    assert set(await app.page.evaluate("painted")) == {"rgb(23, 33, 43)"}


async def test_the_theme_changes_while_it_is_open(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M4: text, ground and scheme follow; for a colour that is not told there is another."""
    app = await opened(open_tab, address(gateway))
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await app.page.evaluate(ground) == "rgb(255, 255, 255)"
    await app.hears("theme_changed", theme_params=DARK)
    assert await app.page.evaluate(ground) == "rgb(23, 33, 43)"
    assert await app.page.evaluate("getComputedStyle(document.body).color") == "rgb(245, 245, 245)"
    bare = await opened(open_tab, address(gateway, theme={}), color_scheme="dark")
    assert await bare.page.evaluate(ground) == "rgb(18, 18, 18)"  # the browser's own dark


async def test_the_page_keeps_to_the_room_that_it_has(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M5: the stable height and both safe areas, live; the composer is under nothing."""
    app = await opened(open_tab, address(gateway))
    box = "(({top, bottom, left, right}) => ({top, bottom, left, right}))"
    composer = f"{box}(document.getElementById('composer').getBoundingClientRect())"
    scroller = f"{box}(document.getElementById('scroller').getBoundingClientRect())"
    await app.hears("viewport_changed", height=500, is_state_stable=True, is_expanded=True)
    before = await app.page.evaluate(composer)
    assert 480 < before["bottom"] <= 500
    await app.hears("viewport_changed", height=300, is_state_stable=False, is_expanded=True)
    assert await app.page.evaluate(composer) == before
    await app.hears("safe_area_changed", top=30, bottom=20, left=4, right=6)
    await app.hears("content_safe_area_changed", top=46, bottom=14, left=1, right=2)
    after = await app.page.evaluate(composer)
    assert after["bottom"] == 500 - 34
    assert (after["left"], after["right"]) == (before["left"] + 5, before["right"] - 8)
    assert (await app.page.evaluate(scroller))["top"] == 76
    await app.chat.counter.click()
    dialog = await app.page.evaluate(
        f"{box}(document.querySelector('dialog').getBoundingClientRect())"
    )
    assert dialog["top"] >= 76


async def test_back_closes_what_is_open(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M6: the client's button is there while there is something to go back from."""
    app = await opened(open_tab, address(gateway))
    assert await app.last("web_app_setup_back_button") is None
    await app.chat.counter.click()
    await app.until("web_app_setup_back_button", is_visible=True)
    await app.hears("back_button_pressed")
    await expect(app.dialog).to_have_count(0)
    await app.until("web_app_setup_back_button", is_visible=False)
    await app.chat.ask("Hello")
    await app.chat.answered()
    await app.chat.turns.first.get_by_role("button", name="Edit").click()
    await app.until("web_app_setup_back_button", is_visible=True)
    await app.hears("back_button_pressed")
    await expect(app.page.locator("#editing")).to_be_hidden()
    await app.until("web_app_setup_back_button", is_visible=False)


async def test_the_large_button_redeems(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M6: it stands in for the dialog's own, turns meanwhile, and is gone with it.

    While there is nothing to buy it promises nothing, and it never sends a message.
    """
    app = await opened(open_tab, address(gateway))
    assert (await app.last("web_app_setup_main_button") or {}).get("is_visible") is not True
    await app.chat.counter.click()
    shown = await app.until("web_app_setup_main_button", is_visible=True)
    assert (shown["text"], shown["is_active"]) == ("Redeem", True)
    await expect(app.dialog.get_by_role("button", name="Redeem")).to_be_hidden()
    held: asyncio.Queue[Route] = asyncio.Queue()
    await app.page.route("**/vouchers/redeem", held.put)
    await app.hears("main_button_pressed")
    await expect(app.dialog).to_contain_text("Type or paste the code first.")
    await app.code.fill(await voucher(gateway))
    await app.hears("main_button_pressed")
    await app.until("web_app_setup_main_button", is_progress_visible=True, is_active=False)
    await app.hears("main_button_pressed")  # a second press does nothing
    await (await held.get()).continue_()
    await expect(app.chat.counter).to_contain_text("25 of")
    await app.until("web_app_setup_main_button", is_visible=False)
    felt = await app.last("web_app_trigger_haptic_feedback")
    assert felt == {"type": "notification", "notification_type": "success"}
    assert held.empty()


async def test_the_message_that_waits_for_credits_goes_out(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """TG-M6: the dialog opens, is felt, and the message is sent by itself after the top-up."""
    app = await prepared(open_tab)
    told = await app.sign_in_told()
    await app.page.goto(address(gateway))
    await app.ready()
    await gateway.debit((await told)["user"]["id"], 20)
    await app.chat.send_text("The one too many")
    await app.until("web_app_setup_main_button", is_visible=True)
    await app.code.fill(await voucher(gateway))
    await app.hears("main_button_pressed")
    await app.chat.answered()
    await expect(app.chat.counter).to_contain_text("4 of")
    assert set(app.tab.complaints) == {NOTED_402}


async def test_the_client_asks_before_it_closes(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M9: only while words are not sent, or an answer runs."""
    app = await opened(open_tab, address(gateway))
    closing = "web_app_setup_closing_behavior"
    assert await app.last(closing) is None
    await app.chat.draft.fill("half a thought")
    await app.until(closing, need_confirmation=True)
    await app.chat.draft.fill("")
    await app.until(closing, need_confirmation=False)
    await app.chat.ask("Go on", model="demo-endless")
    await expect(app.chat.words).to_contain_text("3 ")
    await app.until(closing, need_confirmation=True)
    await app.chat.stop.click()
    await app.until(closing, need_confirmation=False)


async def test_a_swipe_scrolls_the_conversation(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M9: once there is one; an empty app is closed by it, as every other."""
    app = await opened(open_tab, address(gateway))
    swipes = "web_app_setup_swipe_behavior"
    assert await app.last(swipes) is None
    await app.chat.ask("Hello")
    await app.until(swipes, allow_vertical_swipe=False)
    await app.chat.answered()
    await app.page.get_by_role("button", name="New conversation").click()
    await app.until(swipes, allow_vertical_swipe=True)


async def test_a_failure_is_felt_and_words_are_not(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M9: an answer that comes is read, one that does not is felt."""
    app = await opened(open_tab, address(gateway))
    haptic = "web_app_trigger_haptic_feedback"
    await app.chat.ask("Hello")
    await app.chat.answered()
    assert haptic not in await app.asked()
    await app.chat.ask("Fail", model="demo-500")
    await app.until(haptic, notification_type="error")


async def test_an_old_client_is_asked_for_nothing_it_does_not_know(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """TG-M9: the chat works on 6.0, dialog and voucher included, without a warning."""
    app = await opened(open_tab, address(gateway, version="6.0", theme={}))
    await app.chat.ask("Hello")
    await app.chat.answered()
    await app.chat.ask("Fail", model="demo-500")
    await expect(app.chat.answer).to_have_attribute("data-state", "failed")
    await app.chat.draft.fill("half a thought")
    await app.chat.counter.click()
    await app.until("web_app_setup_main_button", is_visible=True)
    await app.page.keyboard.press("Escape")
    await expect(app.dialog).to_have_count(0)
    unknown = ("back_button", "haptic", "closing_behavior", "swipe_behavior", "background_color")
    assert not [name for name in await app.asked() if any(word in name for word in unknown)]
    said = [text for text in app.tab.complaints if "Telegram" in text]
    assert said == []


async def test_an_app_that_was_opened_long_ago(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M10: one sentence and a button that closes it; what was written is there the next time."""
    person = new_person()
    app = await prepared(open_tab)
    await app.page.goto(address(gateway, person=person, age_s=4000))
    await says(app, "This app was opened too long ago. Open it again to go on. What you wrote is")
    await app.chat.draft.fill("What I wanted to say")
    await app.reopen.get_by_role("button", name="Reopen").click()
    await app.until("web_app_close")
    assert await app.last("web_app_setup_closing_behavior") == {"need_confirmation": False}
    await app.page.goto("about:blank")
    other = await app.page.context.new_page()  # what a tab keeps is gone with it
    await other.add_init_script("globalThis.TelegramWebviewProxy = {postEvent() {}};")
    await other.goto(address(gateway, person=person))
    await expect(other.get_by_role("textbox")).to_have_value("What I wanted to say")
    somebody_else = await app.page.context.new_page()
    await somebody_else.goto(address(gateway))
    await expect(somebody_else.get_by_role("textbox")).to_have_value("")
    assert set(app.tab.complaints) == {NOTED_401}


async def test_a_session_that_ends_while_the_app_is_open(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """TG-M10: the launch, while it is fresh, begins another session, and the message goes out."""
    app = await prepared(open_tab)
    told = await app.sign_in_told()
    await app.page.goto(address(gateway))
    await app.ready()
    token = (await told)["access_token"]
    path = f"{gateway.url}/api/v1/paywall/pw_demo/auth/revoke-all"
    await app.page.request.post(path, headers={"authorization": f"Bearer {token}"})
    await app.chat.ask("Are you still there?")
    await expect(app.chat.answer).to_have_attribute("data-state", "failed")
    await app.page.get_by_role("button", name="Sign in again and send").click()
    await app.chat.answered()


async def test_a_launch_that_somebody_else_has_used(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M10: who brings it second is asked to open the app again, and so is the first."""
    url = address(gateway)
    app = await opened(open_tab, url)
    other = await prepared(open_tab)
    await other.page.goto(url)
    await says(other, "signed in from somewhere else. Open it again")
    await app.chat.send_text("Am I still here?")
    await app.page.get_by_role("button", name="Sign in again and send").click()
    await says(app, "signed in from somewhere else. Open it again")


async def test_outside_telegram(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M11: without a launch nobody is signed in; the page says where to go. It has no mock."""
    tab = await open_tab()
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.url))
    await tab.page.goto(f"{gateway.url}/miniapp.html?mock=telegram")
    await expect(tab.page.locator("#reopen")).to_contain_text("open it in Telegram, from its bot")
    await expect(tab.page.get_by_role("button", name="Reopen")).to_be_hidden()
    assert not [url for url in asked if "/api/" in url or "telegram_mock" in url]


async def test_links_are_opened_by_the_client(gateway: Gateway, open_tab: OpenTab) -> None:
    """A link that opens a window of its own is unreliable there."""
    app = await opened(open_tab, address(gateway))
    await app.page.evaluate(
        """() => {
          for (const href of ["https://example.com/a?b#c", "https://t.me/somebot?start=1"]) {
            const link = document.createElement("a");
            Object.assign(link, {href, target: "_blank", textContent: href});
            document.getElementById("log").append(link);
          }
        }"""
    )
    await app.page.get_by_role("link", name="example.com").click()
    await app.until("web_app_open_link", url="https://example.com/a?b#c")
    await app.page.get_by_role("link", name="t.me").click()
    await app.until("web_app_open_tg_link", path_full="/somebot?start=1")
    assert len(app.page.context.pages) == 1


async def test_the_language_is_one_that_the_page_has(gateway: Gateway, open_tab: OpenTab) -> None:
    """TG-M2: Telegram tells the person's; where the page has no texts in it, it says so truly."""
    app = await opened(open_tab, address(gateway))
    assert await app.page.evaluate("document.documentElement.lang") == "en"


async def test_python_is_up_in_a_moment(gateway: Gateway, open_tab: OpenTab) -> None:
    """0.2 MB of runtime, and nothing of the other one."""
    app = await prepared(open_tab)
    await app.page.goto(address(gateway))
    await app.ready()
    sizes = await app.page.evaluate(
        """performance.getEntriesByType("resource")
          .map(({ name, encodedBodySize }) => [name.split("/").pop(), encodedBodySize])"""
    )
    assert not [name for name, _ in sizes if "pyodide" in name or "pyscript" in name]
    assert sum(size for _, size in sizes) < 500_000


async def test_every_wait_has_an_end(gateway: Gateway, open_tab: OpenTab) -> None:
    """X-M3: where the runtime does not come, the page says which file it is."""
    app = await prepared(open_tab)
    await app.page.route("**/micropython.wasm", lambda route: route.fulfill(status=404))
    await app.page.goto(address(gateway))
    await expect(EarlyPage(app.page).slow).to_contain_text("micropython.wasm", timeout=PYTHON_UP_MS)
