"""The upgrade dialog in Chromium, on a page of one's own and in the chat, with real vouchers."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import TimeoutError as PlaywrightTimeout
from playwright.async_api import expect

from building.site import build_site
from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab, Tab, serving

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAGE = Path(__file__).with_name("paywall_page.html")
UNKNOWN = "0000-0000-0000-0000-0000"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway that serves a page of one's own, which calls through `gate`."""
    site = tmp_path_factory.mktemp("mine") / "site"
    build_site(site, page=PAGE)
    async with serving(site, tmp_path_factory.mktemp("mine-data")) as gateway:
        yield gateway


async def voucher(gateway: Gateway, amount: int = 5) -> str:
    """Make a voucher as the owner does."""
    words = ("--paywall", "pw_demo", "--type", "standard", "--amount", str(amount))
    code: str = (await gateway.json("voucher", "create", *words))["code"]
    return code


class Own:
    """The page of one's own as its visitor sees it."""

    def __init__(self, tab: Tab) -> None:
        """Name its parts."""
        self.tab = tab
        self.page = tab.page
        self.ask = tab.page.get_by_role("button", name="Ask")
        self.credits = tab.page.get_by_role("button", name="Credits")
        self.told = tab.page.locator(".paywall-told")
        self.left = tab.page.locator("#left")
        self.answer = tab.page.locator("#answer")
        self.dialog = tab.page.get_by_role("dialog", name=re.compile("credits"))
        self.code = self.dialog.get_by_label("Voucher code")
        self.redeem = self.dialog.get_by_role("button", name="Redeem")


async def called(gateway: Gateway, own: Own) -> list[dict[str, Any]]:
    """The calls of the page's visitor, the first one first."""
    user_id = await own.tab.user_id()
    calls = (await gateway.json("call", "list", "--paywall", "pw_demo", "--user", user_id))["calls"]
    return list(reversed(calls))


async def out_of_credits(open_tab: OpenTab, gateway: Gateway, **context: object) -> Own:
    """A page that has called with nothing left."""
    own = Own(await open_tab(gateway.url, cached=not context, **context))
    await expect(own.left).to_have_text("20 left", timeout=PYTHON_UP_MS)
    await gateway.debit(await own.tab.user_id(), 20)
    await own.ask.click()
    await expect(own.dialog).to_be_visible()
    return own


async def test_a_code_is_redeemed_and_the_call_goes_on(mine: Gateway, open_tab: OpenTab) -> None:
    """By the keyboard alone: the heading first, a wrong code, the right one, the answer."""
    own = await out_of_credits(open_tab, mine)
    await expect(own.dialog).to_have_accessible_name("You have used all 20 credits of standard.")
    await expect(own.dialog).to_contain_text("is sent by itself as soon as there are credits")
    await expect(own.dialog.get_by_role("heading")).to_be_focused()
    await own.page.keyboard.press("Tab")
    await own.page.keyboard.press("Tab")
    await expect(own.code).to_be_focused()
    await own.page.keyboard.type(UNKNOWN)
    await own.page.keyboard.press("Enter")
    await expect(own.dialog.get_by_role("alert")).to_contain_text("This code is not good")
    await expect(own.code).to_have_accessible_description(re.compile("This code is not good"))
    await expect(own.code).to_be_focused()
    await own.page.keyboard.type((await voucher(mine)).lower())  # the wrong one is selected
    await own.page.keyboard.press("Enter")
    await expect(own.told).to_have_text("5 credits of standard added. Sending your message…")
    await expect(own.dialog).to_be_hidden()
    await expect(own.answer).to_contain_text("demo provider")
    await expect(own.left).to_have_text("4 left")
    await expect(own.ask).to_be_focused()
    calls = await called(mine, own)
    assert [(call["state"], call["credits_charged"]) for call in calls] == [
        ("refused", 0),
        ("ok", 1),
    ]


async def test_it_closes_as_people_expect_and_stays_closed(
    mine: Gateway, open_tab: OpenTab
) -> None:
    """Escape, a press beside it, its button; the page behind it is inert meanwhile."""
    own = await out_of_credits(open_tab, mine)
    await own.page.keyboard.press("Escape")
    await expect(own.dialog).to_be_hidden()
    await expect(own.answer).to_have_text("not_enough_queries")
    await expect(own.ask).to_be_focused()
    await own.page.keyboard.press("Enter")
    await expect(own.answer).to_have_text("not_enough_queries")
    await expect(own.dialog).to_be_hidden()  # never twice for the same reason
    await own.credits.click()
    await expect(own.dialog).to_have_accessible_name("Your credits")
    with pytest.raises(PlaywrightTimeout):
        await own.ask.click(timeout=500)
    await own.page.mouse.click(5, 5)
    await expect(own.dialog).to_be_hidden()
    await own.credits.click()
    await own.dialog.get_by_role("button", name="Close").click()
    await expect(own.dialog).to_be_hidden()
    await expect(own.credits).to_be_focused()
    await own.page.reload()
    await expect(own.left).to_have_text("0 left", timeout=PYTHON_UP_MS)
    await own.ask.click()
    await expect(own.answer).to_have_text("not_enough_queries")
    await expect(own.dialog).to_be_hidden()  # a reload is the same session


async def test_a_double_click_on_redeem_sends_one(mine: Gateway, open_tab: OpenTab) -> None:
    """And one call goes on."""
    own = await out_of_credits(open_tab, mine)
    sent: list[str] = []
    own.page.on("request", lambda request: sent.append(request.url))
    await own.code.fill(await voucher(mine, 2))
    await own.redeem.dblclick()
    await expect(own.answer).to_contain_text("demo provider")
    await expect(own.left).to_have_text("1 left")
    assert len([url for url in sent if url.endswith("/vouchers/redeem")]) == 1
    assert len([url for url in sent if "/chat/completions" in url]) == 1


async def test_credits_that_come_in_another_tab_go_on_here(
    mine: Gateway, open_tab: OpenTab
) -> None:
    """Both tabs were refused; one is given a code, and each sends its own call."""
    own = await out_of_credits(open_tab, mine)
    other = Own(Tab(await own.page.context.new_page()))
    await other.page.goto(mine.url)
    await expect(other.left).to_have_text("0 left", timeout=PYTHON_UP_MS)
    await other.ask.click()
    await other.code.fill(await voucher(mine, 2))
    await other.redeem.click()
    for page in (own, other):
        await expect(page.answer).to_contain_text("demo provider")
        await expect(page.left).to_have_text("0 left")
    calls = await called(mine, own)
    assert sorted(call["state"] for call in calls) == ["ok", "ok", "refused", "refused"]


async def test_a_phone_has_a_sheet_with_targets(mine: Gateway, open_tab: OpenTab) -> None:
    """X-M4, X-M6: at the lower edge, 44 px for a finger, and it scrolls inside."""
    own = await out_of_credits(
        open_tab,
        mine,
        viewport={"width": 360, "height": 480},
        has_touch=True,
        is_mobile=True,
    )
    box = await own.dialog.bounding_box()
    assert box is not None
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, 360, 480)
    for target in await own.dialog.locator("button:visible, input:visible").all():
        await target.scroll_into_view_if_needed()
        size = await target.bounding_box()
        assert size is not None
        assert min(size["height"], size["width"]) >= 44, await target.inner_text()
    copy = own.dialog.get_by_role("button", name="Copy")
    await expect(copy).to_be_in_viewport()
    inside = "node => node.scrollWidth <= node.clientWidth"
    assert await own.dialog.locator(".paywall-sheet").evaluate(inside)


async def test_right_to_left_it_is_mirrored(mine: Gateway, open_tab: OpenTab) -> None:
    """X-M7: by logical properties alone; a code stays left to right."""
    own = await out_of_credits(open_tab, mine)
    await own.page.evaluate("document.documentElement.dir = 'rtl'")
    close = await own.dialog.get_by_role("button", name="Close").bounding_box()
    dialog = await own.dialog.bounding_box()
    assert close is not None
    assert dialog is not None
    assert close["x"] - dialog["x"] < 60
    await expect(own.code).to_have_css("direction", "ltr")
