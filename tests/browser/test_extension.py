"""The Chrome extension in Chromium: popup and side panel of one hidden conversation."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Playwright, expect

from building.extension import extension_files, write_folder
from building.site import ROOT
from tests.browser.conftest import Gateway
from tests.browser.extension import Extension, View, running
from tests.browser.test_look import POINTER_PX, look, too_small, violations

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NOTED_402 = "Failed to load resource: the server responded with a status of 402 (Payment Required)"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def extension(
    gateway: Gateway,
    playwright: Playwright,
    whole_program: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Extension]:
    """One browser for all tests here, so one visitor, too."""
    folder = tmp_path_factory.mktemp("extension")
    write_folder(folder, extension_files(ROOT, gateway_url=gateway.url))
    profile = tmp_path_factory.mktemp("profile")
    async with running(playwright, whole_program, folder, profile) as extension:
        yield extension
        told = [text for text in extension.hidden.complaints if text != NOTED_402]
        assert told == []


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nobody_looks_on(extension: Extension) -> AsyncIterator[None]:
    """Close what a test has opened, however it ended: an answer goes on while somebody looks."""
    yield
    await extension.close_views()


@pytest_asyncio.fixture(loop_scope="session")
async def popup(extension: Extension) -> View:
    """An open popup with an empty conversation."""
    view = await extension.open("popup")
    await view.up()
    if await view.turns.count():
        await view.page.locator("#new").click()
        await expect(view.turns).to_have_count(0)
    return view


def of_this(extension: Extension, gateway: Gateway, urls: list[str]) -> list[str]:
    """Those addresses that neither the extension nor its gateway has."""
    ours = (f"chrome-extension://{extension.id}/", f"{gateway.url}/")
    own_pages = ("chrome://", "about:", "data:")
    return [url for url in urls if not url.startswith(ours + own_pages)]


async def test_what_is_typed_before_python_is_answered(
    extension: Extension, gateway: Gateway
) -> None:
    """X-M1, X-M2, EXT-M1: a message is taken at once; Python's start holds nothing up."""
    view = await extension.open("popup")
    await view.send_text("Am I early?")
    await view.up()
    (worker,) = [one for one in extension.hidden.alive.values() if one["type"] == "worker"]
    assert worker["url"].endswith("/extension/python.mjs")  # not the thread that all pages share
    await view.answered()
    await expect(view.turns.first).to_contain_text("Am I early?")
    assert await view.left() == 19
    await expect(view.counter).to_have_text("19 of 20 left")
    assert view.tab.complaints == []
    assert of_this(extension, gateway, extension.hidden.requests) == []
    assert any(url.startswith(f"{gateway.url}/api/") for url in extension.hidden.requests)


async def test_counter_and_badge_fall_in_every_view(extension: Extension, popup: View) -> None:
    """EXT-M4: an answer streams into both places; the counter and the icon say what is left."""
    panel = await extension.open("panel")
    await panel.up()
    before = await popup.left()
    await popup.ask("Tell me about tolls")
    for view in (popup, panel):
        await view.answered()
        await expect(view.words).to_contain_text("demo provider")
        await expect(view.counter).to_have_text(f"{before - 1} of 20 left")
    await extension.badge_is(popup, str(before - 1))


@pytest.mark.parametrize(("place", "width"), [("popup", 400), ("panel", 320), ("panel", 360)])
async def test_a_view_fits_its_place_and_can_be_used_by_everybody(
    extension: Extension, popup: View, place: str, width: int
) -> None:
    """X-M4, X-M6: axe finds nothing serious in either scheme, and only the conversation scrolls."""
    await popup.ask("Show me a table, a list and some code")
    await popup.answered()
    view = await extension.open(place)
    await view.up()
    for scheme in ("light", "dark"):
        await look(view.page, width=width, height=600, scheme=scheme)
        assert await violations(view.page) == []
    assert await too_small(view.page, POINTER_PX) == []
    size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert await view.page.evaluate(size) == [width, 600]


async def test_stop_in_one_view_ends_what_the_other_asked(
    extension: Extension, gateway: Gateway, popup: View
) -> None:
    """EXT-M4: Stop reaches the provider, from wherever it is pressed."""
    panel = await extension.open("panel")
    await panel.up()
    await popup.ask("Go on", model="demo-endless")
    await expect(panel.words).to_contain_text("3 ")
    await panel.stop.click()
    for view in (popup, panel):
        await expect(view.answer).to_have_attribute("data-state", "stopped")
    assert (await gateway.ended_request("demo-endless"))["state"] == "client_left"


async def test_an_answer_goes_on_without_a_popup(extension: Extension, popup: View) -> None:
    """EXT-M4: who opens the popup again finds the transcript that is there, and more of it."""
    await popup.ask("Go on", model="demo-endless")
    await expect(popup.words).to_contain_text("3 ")
    await popup.page.close()
    again = await extension.open("popup")
    await again.up()
    await expect(again.turns).to_have_count(2)
    await expect(again.answer).to_have_attribute("data-state", "streaming")
    said = len(await again.words.inner_text())
    await expect(again.words).to_have_text(re.compile(f".{{{said + 1},}}", re.DOTALL))
    await again.stop.click()
    await expect(again.answer).to_have_attribute("data-state", "stopped")


async def test_an_answer_ends_with_the_popup_where_that_is_chosen(
    extension: Extension, gateway: Gateway, popup: View
) -> None:
    """EXT-M4: the menu says which; the choice is kept."""
    choice = popup.page.locator("#goes-on")
    await popup.page.locator("#more").click()
    await choice.click()
    await expect(choice).to_have_text("When this closes: stop the answer")
    await popup.page.keyboard.press("Escape")
    await popup.ask("Go on", model="demo-endless")
    await expect(popup.words).to_contain_text("3 ")
    await popup.page.close()
    assert (await gateway.ended_request("demo-endless"))["state"] == "client_left"
    again = await extension.open("popup")
    await again.up()
    await expect(again.answer).to_have_attribute("data-state", "stopped")
    await again.page.locator("#more").click()
    await again.page.locator("#goes-on").click()
    await expect(again.page.locator("#goes-on")).to_have_text("When this closes: finish the answer")


async def test_it_survives_the_death_of_the_service_worker(
    extension: Extension, popup: View
) -> None:
    """EXT-M3: in the middle of a stream, and for the next call, whose badge wakes it again."""
    await popup.ask("Go on", model="demo-endless")
    await expect(popup.words).to_contain_text("3 ")
    await extension.end_service_worker(popup)
    said = len(await popup.words.inner_text())
    await expect(popup.words).to_have_text(re.compile(f".{{{said + 1},}}", re.DOTALL))
    await popup.stop.click()
    await expect(popup.answer).to_have_attribute("data-state", "stopped")
    await popup.ask("And now?")
    await popup.answered()
    await extension.badge_is(popup, str(await popup.left()))


async def test_views_that_come_at_once_share_one_hidden_document(
    extension: Extension, popup: View
) -> None:
    """EXT-M3: after the document was closed, five ask for it; the conversation is the same one."""
    await popup.ask("Remember this")
    await popup.answered()
    user = await extension.user_id(popup)
    await popup.page.evaluate("chrome.offscreen.closeDocument()")
    others = await asyncio.gather(*[extension.open(p) for p in ("popup", "panel") * 2])
    for view in (popup, *others):
        await view.up()
        await expect(view.turns.first).to_contain_text("Remember this")
        await expect(view.answer).to_have_attribute("data-state", "done")
    await popup.ask("Are you the same?")
    await popup.answered()
    assert await extension.user_id(popup) == user


async def test_two_views_renew_a_refused_token_once(extension: Extension, popup: View) -> None:
    """EXT-M2: both find the same token refused; the gateway is asked once, both get its answer."""
    panel = await extension.open("panel")
    await panel.up()
    views = (popup, panel)
    for view in views:
        await view.speak()
    tokens = {(await view.request("auth.get_access_token"))["result"] for view in views}
    assert len(tokens) == 1
    (refused,) = tokens
    before = _refreshes(extension)
    answers = await asyncio.gather(*[v.request("auth.refresh", refused=refused) for v in views * 2])
    assert all(answer["result"]["signed_in"] for answer in answers)
    tokens = {(await view.request("auth.get_access_token"))["result"] for view in views}
    assert len(tokens) == 1
    assert tokens != {refused}
    assert _refreshes(extension) == before + 1


def _refreshes(extension: Extension) -> int:
    return len([url for url in extension.hidden.requests if "/auth/refresh" in url])


async def test_no_token_goes_where_nobody_asked_for_it(extension: Extension, popup: View) -> None:
    """EXT-M2: what a view is told by itself holds neither token, through a whole call."""
    await popup.speak()
    token = (await popup.request("auth.get_access_token"))["result"]
    await popup.ask("Tell me about tolls")
    await popup.answered()
    heard = "".join(await popup.page.evaluate("raw.heard"))
    assert "chat.grew" in heard
    assert token.rpartition(".")[2] not in heard
    assert "refresh_token" not in heard


async def test_what_is_no_message_is_refused_or_passed_over(
    extension: Extension, popup: View
) -> None:
    """EXT-M8: an error crosses with code, status and details; nonsense does not stop the line."""
    await popup.speak()
    await popup.page.evaluate("raw.say('{'), raw.say('[]'), raw.say('{\"request\": true}')")
    for kind, params in (("nobody.knows", {}), ("chat.send", {"text": 1, "to": {}})):
        answer = await popup.request(kind, **params)
        assert answer["error"]["code"] == "invalid_argument"
    error = (await popup.request("billing.redeem_voucher", code="NOSUCHCODE"))["error"]
    assert (error["type"], error["code"], error["status"]) == ("paywall", "voucher_invalid", 404)


async def test_the_service_worker_keeps_storage_for_the_hidden_half(popup: View) -> None:
    """A view's wish for what is stored gets no answer; content scripts are kept out by Chrome."""
    asked = "chrome.runtime.sendMessage({ kind: 'storage.get', area: 'local', key: 'goes_on' })"
    said = await popup.page.evaluate(f"{asked}.then(String, (error) => error.message)")
    assert said == "undefined" or "closed" in said
    level = await popup.page.evaluate("chrome.runtime.getManifest().externally_connectable")
    assert level == {"ids": []}


async def test_without_credits_the_dialog_opens_and_a_voucher_sends_the_message(
    extension: Extension, gateway: Gateway, popup: View
) -> None:
    """EXT-M8: the 402 arrives as itself, the dialog stands, and after the voucher it goes out."""
    left = await popup.left()
    await gateway.debit(await extension.user_id(popup), left)
    code = await gateway.json(
        *("voucher", "create", "--paywall", "pw_demo", "--type", "standard", "--amount", "5")
    )
    await popup.send_text("The one too many")
    await expect(popup.quota).to_be_visible()
    await expect(popup.counter).to_have_text(re.compile("^0 of"))
    await extension.badge_is(popup, "0")
    await popup.quota.get_by_role("textbox").fill(code["code"])
    await popup.quota.get_by_role("textbox").press("Enter")
    await popup.answered()
    await expect(popup.turns.first).to_contain_text("The one too many")
    await expect(popup.counter).to_have_text(re.compile("^4 of"))
    await extension.badge_is(popup, "4")
