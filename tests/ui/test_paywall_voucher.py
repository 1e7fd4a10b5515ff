"""A voucher in the upgrade dialog: what it brings, and why one brought nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.dom import Page as Dom
from tests.support.world import UNCOUNTED, World, open_world
from tests.ui.desk import UNKNOWN, Desk, open_desk
from tollbridge.gateway.settings import Limits
from tollbridge.sdk import PaywallError
from tollbridge.ui import balance_watch, dom, voucher_form
from tollbridge.ui.voucher_form import voucher_cause


@pytest.fixture
async def desk(page: Dom, world: World) -> AsyncIterator[Desk]:
    """A page that is signed in and has counted."""
    async with open_desk(page, world) as desk:
        yield desk


@pytest.fixture(autouse=True)
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balance_watch, "POLL_S", 3600)


def redemptions(desk: Desk) -> int:
    """How many codes were sent off."""
    return len([url for url in desk.sent if url.endswith("/vouchers/redeem")])


async def test_a_good_code_ends_it(desk: Desk) -> None:
    """Told once, and said on the page; spaces around it and its case do not matter."""
    await desk.run_out()
    states = []
    desk.paywall.on_state_change(lambda state: states.append((state.view, state.processing)))
    desk.redeem(f"  {(await desk.voucher(5)).lower()} ")
    await desk.until(lambda: "close" in desk.events)
    assert desk.events == ["open", "granted", "close"]
    assert desk.told[1][1].count == 5
    assert states == [("layout", True), ("granted", False), (None, False)]
    assert desk.line == "5 credits of standard added."


async def test_a_double_click_sends_one(desk: Desk) -> None:
    """While a code is on its way the button says so and does nothing."""
    await desk.run_out()
    desk.held_up = asyncio.Event()
    desk.redeem(UNKNOWN)
    desk.find("paywall-voucher").fire("submit")
    await desk.until(lambda: redemptions(desk))
    assert desk.says("button primary") == "Redeeming…"
    assert desk.find("button primary").attributes["aria-busy"] == "true"
    desk.find("paywall-voucher").fire("submit")
    desk.held_up.set()
    await desk.until(lambda: "error" in desk.events)
    assert redemptions(desk) == 1
    assert desk.says("button primary") == "Redeem"


async def test_a_wrong_code_stays_to_be_corrected(desk: Desk) -> None:
    """X-M4: the field is marked, what is wrong is tied to it, and the keyboard is back in it."""
    await desk.run_out()
    desk.redeem(UNKNOWN)
    await desk.until(lambda: "error" in desk.events)
    assert desk.says("paywall-error") == (
        "This code is not good, or not any more. Check it letter by letter."
    )
    field = desk.find("paywall-code")
    assert (field.value, field.selected, field.attributes["aria-invalid"]) == (
        UNKNOWN,
        True,
        "true",
    )
    assert desk.dom.document.activeElement is field
    assert desk.told[-1][1].code == "voucher_invalid"
    assert desk.paywall.get_state().error is desk.told[-1][1]
    desk.redeem(await desk.voucher())
    assert "aria-invalid" not in field.attributes
    assert desk.says("paywall-error") == ""
    await desk.until(lambda: "granted" in desk.events)


async def test_no_code_is_not_sent(desk: Desk) -> None:
    """It is said at once."""
    await desk.run_out()
    desk.redeem("  ")
    assert desk.says("paywall-error") == "Type or paste the code first."
    assert redemptions(desk) == 0


async def test_a_code_counts_once_for_a_user(desk: Desk) -> None:
    """The gateway says yes a second time, and nothing was added."""
    code = await desk.voucher()
    await desk.billing.redeem_voucher(code)
    await desk.run_out()
    desk.redeem(code)
    await desk.until(lambda: desk.says("paywall-error"))
    assert desk.says("paywall-error").startswith("You have redeemed this code before")
    assert desk.events == ["open"]


async def test_a_code_for_another_type_is_added_and_does_not_end_it(desk: Desk) -> None:
    """The dialog says what came; what is missing is still missing."""
    await desk.run_out()
    desk.redeem(await desk.voucher(3, "advanced"))
    await desk.until(lambda: desk.says("paywall-status"))
    assert desk.says("paywall-status") == "3 credits of advanced added."
    assert desk.find("paywall-code").value == ""
    assert desk.events == ["open"]


async def test_by_hand_a_code_is_added_to_what_is_left(desk: Desk) -> None:
    """Whoever stocks up is told, and the dialog has done its work."""
    desk.paywall.open()
    desk.redeem(await desk.voucher(7))
    await desk.until(lambda: "close" in desk.events)
    assert desk.events == ["open", "granted", "close"]
    assert desk.line == "7 credits of standard added."


async def test_without_a_network_the_code_stays(desk: Desk) -> None:
    """And is redeemed when there is one."""
    await desk.run_out()
    code = await desk.voucher()
    desk.broken = True
    desk.redeem(code)
    await desk.until(lambda: desk.says("paywall-error"))
    assert "cannot be reached" in desk.says("paywall-error")
    assert desk.find("paywall-code").value == code
    desk.broken = False
    desk.redeem(code)
    await desk.until(lambda: "granted" in desk.events)


async def test_too_many_wrong_codes_count_down(
    page: Dom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X-M9: for how long is shown and runs down, no code is sent meanwhile, and then it goes."""
    monkeypatch.setattr(voucher_form, "TICK_S", 0.001)
    time_ms = [0.0]
    monkeypatch.setattr(dom, "now_ms", lambda: time_ms[0])
    limits = Limits(**{**UNCOUNTED, "voucher_tries": 1})
    async with open_world(tmp_path, limits=limits) as world, open_desk(page, world) as desk:
        await desk.run_out()
        desk.redeem(UNKNOWN)
        await desk.until(lambda: desk.events.count("error") == 1)
        desk.redeem(UNKNOWN)
        await desk.until(lambda: desk.events.count("error") == 2)
        assert desk.says("paywall-error") == "Too many codes were wrong."
        await desk.until(lambda: desk.says("paywall-wait"))
        minutes = int(desk.says("paywall-wait").removeprefix("Try again in ").split(":")[0])
        assert 58 <= minutes <= 60
        assert desk.find("paywall-wait").attributes["role"] == "timer"
        assert desk.find("button primary").attributes["aria-disabled"] == "true"
        sent = redemptions(desk)
        desk.redeem(UNKNOWN)
        assert redemptions(desk) == sent
        time_ms[0] = 3_600_001
        await desk.until(lambda: not desk.says("paywall-wait"))
        assert "aria-disabled" not in desk.find("button primary").attributes
        assert desk.says("paywall-error") == ""


async def test_closed_while_a_code_is_on_its_way(desk: Desk) -> None:
    """What it brings is counted, and nobody is told that the dialog brought it."""
    await desk.run_out()
    desk.held_up = asyncio.Event()
    desk.redeem(await desk.voucher())
    await desk.until(lambda: redemptions(desk))
    desk.press("paywall-close")
    desk.held_up.set()
    await desk.until(lambda: desk.paywall.lacking.get() is None)
    assert desk.events == ["open", "close"]
    assert not desk.paywall.get_state().processing


async def test_a_page_without_vouchers_has_no_form(page: Dom, world: World) -> None:
    """The owner decides."""
    async with open_desk(page, world, redeem=False) as desk:
        await desk.run_out()
        assert not list(desk.every("paywall-voucher"))


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (PaywallError("invalid_token", "x", status=401), "Your session has ended."),
        (PaywallError("busy", "x", status=503), "The gateway is busy."),
        (PaywallError("http_500", "", status=500), "The gateway refused"),
        (PaywallError("strange", "It said so.", status=418), "It said so."),
    ],
)
def test_every_cause_has_words(error: PaywallError, cause: str) -> None:
    """By its code, else what the gateway said."""
    assert voucher_cause(error).startswith(cause)
