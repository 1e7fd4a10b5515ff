"""What the widget says when a question is not let through: no credits, the wrong page."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Gateway, OpenTab
from tests.browser.widget import Host, Widget

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NOTED_402 = "Failed to load resource: the server responded with a status of 402 (Payment Required)"
HEAD = '<script src="queue.js"></script>'


async def refused(gateway: Gateway, host: Host, open_tab: OpenTab) -> Widget:
    """A widget whose visitor has no credit left, after one more question."""
    tab = await open_tab(host.page(host.tag(), head=HEAD))
    widget = Widget(tab.page)
    await widget.open()
    await expect(widget.left).to_have_text("20 free questions left")
    await gateway.debit(await tab.user_id(), 20)
    await widget.ask("The one too many")
    await expect(widget.credits.get_by_role("heading")).to_have_text(
        "You have used all 20 free questions."
    )
    return widget


async def test_a_voucher_sends_the_question_that_waits(
    gateway: Gateway, host: Host, open_tab: OpenTab
) -> None:
    """Nothing is laid over the page; the question goes out by itself when there are credits."""
    code = await gateway.json(
        *("voucher", "create", "--paywall", "pw_demo", "--type", "standard", "--amount", "5")
    )
    widget = await refused(gateway, host, open_tab)
    await expect(widget.turns.last).to_have_attribute("data-state", "not_sent")
    field = widget.credits.get_by_label("Voucher code")
    await field.fill("TB-NOT-A-CODE")
    await field.press("Enter")
    await expect(field).to_have_attribute("aria-invalid", "true")
    await field.fill(code["code"])
    await field.press("Enter")
    await widget.answered()
    await expect(widget.credits).to_be_empty()
    await expect(widget.left).to_have_text("4 free questions left")
    await expect(widget.turns).to_have_count(2)
    assert "quota" in await widget.page.evaluate("toldEvents")


async def test_who_has_none_gets_the_question_back(
    gateway: Gateway, host: Host, open_tab: OpenTab
) -> None:
    """Closed, the notice gives the question back; the page elsewhere is a link."""
    widget = await refused(gateway, host, open_tab)
    link = widget.credits.get_by_role("link")
    await expect(link).to_have_attribute("href", f"{gateway.url}/")
    await expect(widget.left).to_have_text("No free questions left")
    await widget.credits.get_by_role("button", name="Not now").click()
    await expect(widget.credits).to_be_empty()
    await expect(widget.draft).to_have_value("The one too many")
    await expect(widget.draft).to_be_focused()


async def test_credits_from_elsewhere_end_it_too(
    gateway: Gateway, host: Host, open_tab: OpenTab
) -> None:
    """A grant of the owner's is noticed while the notice stands."""
    widget = await refused(gateway, host, open_tab)
    user = await widget.page.evaluate(
        "Object.values(localStorage).map((it) => JSON.parse(it).user?.id).find(Boolean)"
    )
    await gateway.json(
        *("user", "grant", "--paywall", "pw_demo", "--user", user),
        *("--type", "standard", "--amount", "3"),
    )
    await widget.answered()
    await expect(widget.left).to_have_text("2 free questions left")


async def test_a_page_that_is_not_listed_is_told_so(
    gateway: Gateway, host: Host, open_tab: OpenTab
) -> None:
    """W-M8: the gateway lets only listed origins in; what it gives to each is its own business."""
    await gateway.json(
        *("paywall", "create", "pw_listed", "--origin", "https://shop.example"),
        *("--query-type", "standard=5"),
    )
    tab = await open_tab(host.page(host.tag(paywall_id="pw_listed"), head=HEAD))
    widget = Widget(tab.page)
    await widget.open()
    await widget.ask("May I?")
    await expect(widget.answer.locator(".failure")).to_contain_text("not on the paywall's list")
    assert "error" in await tab.page.evaluate("toldEvents")
