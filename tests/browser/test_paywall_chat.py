"""The upgrade dialog in the chat: a refused message is kept, and sent once there are credits."""

import pytest
from playwright.async_api import Request, expect

from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab, Tab
from tests.browser.spa import Spa

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

UNKNOWN = "0000-0000-0000-0000-0000"
KEPT = "Is this message kept?"


class Blocked:
    """A chat whose message was refused.

    Attributes:
        keys: The `Idempotency-Key` of each message that was sent, in order.
    """

    def __init__(self, tab: Tab, gateway: Gateway) -> None:
        """Name the parts of the page, and listen to what it sends."""
        self.tab = tab
        self.page = tab.page
        self.gateway = gateway
        self.spa = Spa(tab.page)
        self.keys: list[str] = []
        self.dialog = tab.page.get_by_role("dialog", name="You have used all")
        self.code = tab.page.get_by_role("dialog").get_by_label("Voucher code")
        tab.page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if "/chat/completions" in request.url and request.method == "POST":
            self.keys.append(request.headers["idempotency-key"])

    async def send(self, text: str = KEPT) -> None:
        """Send a message for which there is no credit."""
        await self.spa.send_text(text)
        await expect(self.dialog).to_be_visible()

    async def redeem(self, code: str) -> None:
        """Type a code and press Enter."""
        await self.code.fill(code)
        await self.code.press("Enter")

    async def voucher(self, amount: int = 5) -> str:
        """Make a voucher as the owner does."""
        words = ("--paywall", "pw_demo", "--type", "standard", "--amount", str(amount))
        code: str = (await self.gateway.json("voucher", "create", *words))["code"]
        return code

    async def charged(self) -> list[tuple[str, int]]:
        """The visitor's calls by id, with what each has cost, the first one first."""
        words = ("--paywall", "pw_demo", "--user", await self.tab.user_id())
        calls = (await self.gateway.json("call", "list", *words))["calls"]
        by_id: dict[str, int] = {}
        for call in reversed(calls):
            by_id[call["call_id"]] = by_id.get(call["call_id"], 0) + call["credits_charged"]
        return list(by_id.items())


async def without_credits(open_tab: OpenTab, gateway: Gateway) -> Blocked:
    """A visitor whose credits are gone, which the page does not know yet."""
    blocked = Blocked(await open_tab(gateway.url, cached=True), gateway)
    await blocked.spa.ready()
    await gateway.debit(await blocked.tab.user_id(), 20)
    return blocked


async def test_a_refused_message_is_sent_by_itself(gateway: Gateway, open_tab: OpenTab) -> None:
    """A wrong code, the right one; then one call, one charge, under one key, and a true counter."""
    blocked = await without_credits(open_tab, gateway)
    await blocked.send()
    await expect(blocked.dialog).to_contain_text("is sent by itself as soon as there are credits")
    await expect(blocked.spa.turns).to_have_count(1)
    await expect(blocked.spa.turns.first).to_contain_text(KEPT)
    await expect(blocked.spa.turns.first).to_contain_text("Not sent")
    await blocked.redeem(UNKNOWN)
    await expect(blocked.code).to_have_attribute("aria-invalid", "true")
    await blocked.redeem(await blocked.voucher())
    await expect(blocked.dialog).to_be_hidden()
    await blocked.spa.answered()
    await expect(blocked.spa.turns).to_have_count(2)
    await expect(blocked.spa.counter).to_have_text("4 of 25 left")
    await expect(blocked.spa.draft).to_have_value("")
    assert len(blocked.keys) == 2
    assert len(set(blocked.keys)) == 1
    assert [credits for _, credits in await blocked.charged()] == [1]


async def test_closed_it_gives_the_message_back(gateway: Gateway, open_tab: OpenTab) -> None:
    """The draft is in the composer, the caret at its end; sent again it is the same call."""
    blocked = await without_credits(open_tab, gateway)
    await blocked.send()
    await blocked.page.keyboard.press("Escape")
    await expect(blocked.dialog).to_be_hidden()
    await expect(blocked.spa.draft).to_have_value(KEPT)
    await expect(blocked.spa.draft).to_be_focused()
    caret = "node => node.selectionStart === node.value.length"
    assert await blocked.spa.draft.evaluate(caret)
    notice = blocked.page.locator("#quota")
    await expect(notice).to_contain_text("You have used all 20 credits of standard.")
    await blocked.page.keyboard.press("Enter")
    await expect(blocked.spa.draft).to_have_value(KEPT)
    await expect(blocked.page.get_by_role("dialog")).to_be_hidden()
    await notice.get_by_role("button", name="Get credits").click()
    await blocked.redeem(await blocked.voucher(1))
    await expect(blocked.spa.counter).to_have_text("1 of 21 left")
    await expect(notice).to_be_hidden()


async def test_two_tabs_each_send_their_own_message_once(
    gateway: Gateway, open_tab: OpenTab
) -> None:
    """One is given credits for both; a double click on Redeem is one."""
    blocked = await without_credits(open_tab, gateway)
    other = Blocked(Tab(await blocked.page.context.new_page()), gateway)
    await other.page.goto(gateway.url)
    await other.spa.ready("0 of 20 left")
    await blocked.send("From the first")
    await other.send("From the second")
    await other.code.fill(await other.voucher(3))
    await other.dialog.get_by_role("button", name="Redeem").dblclick()
    for tab in (blocked, other):
        await tab.spa.answered()
        await expect(tab.spa.turns).to_have_count(2)
        assert len(tab.keys) == 2
        assert len(set(tab.keys)) == 1
        await expect(tab.spa.counter).to_have_text("1 of 23 left")
    assert [credits for _, credits in await blocked.charged()] == [1, 1]


async def test_a_reload_while_it_waits(gateway: Gateway, open_tab: OpenTab) -> None:
    """The message stands there unsent, nothing opens by itself, and it goes with its own key."""
    blocked = await without_credits(open_tab, gateway)
    await blocked.send()
    await blocked.page.reload()
    await expect(blocked.spa.counter).to_have_text("0 of 20 left", timeout=PYTHON_UP_MS)
    await expect(blocked.spa.turns.first).to_contain_text("Not sent")
    await expect(blocked.page.get_by_role("dialog")).to_be_hidden()
    await blocked.spa.counter.click()
    await expect(blocked.page.get_by_role("dialog", name="Your credits")).to_be_visible()
    await blocked.redeem(await blocked.voucher())
    await blocked.spa.answered()
    await expect(blocked.spa.counter).to_have_text("4 of 25 left")
    assert len(set(blocked.keys)) == 1
    assert [credits for _, credits in await blocked.charged()] == [1]


async def test_low_credits_are_warned_of_in_the_page(gateway: Gateway, open_tab: OpenTab) -> None:
    """Beside the counter, once; and the dialog is a press away."""
    blocked = Blocked(await open_tab(gateway.url, cached=True), gateway)
    await blocked.spa.ready()
    await gateway.debit(await blocked.tab.user_id(), 15)
    await blocked.spa.ask("One more")
    low = blocked.page.locator("#low")
    await expect(low).to_contain_text("Your credits of standard run low: 4 of 20 left.")
    await low.get_by_role("button", name="Get credits").click()
    await expect(blocked.page.get_by_role("dialog", name="Your credits")).to_be_visible()
    await expect(low).to_be_hidden()
