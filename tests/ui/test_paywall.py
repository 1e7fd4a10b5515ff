"""The upgrade dialog opens when credits run out, says what is true, and goes when some came."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.dom import Page as Dom
from tests.support.dom import Proxy
from tests.support.scripted_provider import Answer
from tests.support.world import World
from tests.ui.desk import Desk, open_desk
from tollbridge.sdk import ConfigError, PaywallError, QuotaExceededError
from tollbridge.ui import balance_watch
from tollbridge.ui.paywall import PaywallUI


@pytest.fixture
async def desk(page: Dom, world: World) -> AsyncIterator[Desk]:
    """A page that is signed in and has counted."""
    async with open_desk(page, world) as desk:
        yield desk


@pytest.fixture(autouse=True)
def _seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a test that is about reading again and again does so."""
    monkeypatch.setattr(balance_watch, "POLL_S", 3600)


async def test_it_opens_by_itself_before_the_call_raises(desk: Desk) -> None:
    """What ran out, that the message is kept, what is left of each type, and what helps."""
    error = await desk.run_out()
    assert desk.told == [("open",)]
    assert desk.says("paywall-title") == "You have used all 20 credits of standard."
    assert desk.says("paywall-lead") == "Your message is kept."
    assert [row.textContent for row in desk.every("paywall-balance")] == [
        "standard 0 of 20 left",
    ]
    assert desk.says("paywall-help").startswith("Run this where the gateway runs")
    assert desk.says("paywall-line") == error.hint
    assert desk.paywall.lacking.get() is error
    state = desk.paywall.get_state()
    assert (state.open, state.view, state.error, state.processing) == (True, "layout", None, False)
    assert desk.paywall.get_state() is state


async def test_it_is_a_modal_dialog_named_by_its_heading(desk: Desk) -> None:
    """X-M4: the keyboard is at the heading, not at a button; a code's errors are tied to it."""
    desk.dom.node("draft").focus()
    await desk.run_out()
    assert desk.dom.document.activeElement is desk.find("paywall-title")
    assert desk.find("paywall-title").attributes["tabindex"] == "-1"
    assert desk.dialog.attributes["aria-labelledby"] == desk.find("paywall-title").attributes["id"]
    field = desk.find("paywall-code")
    assert desk.find("paywall-label").attributes["for"] == field.attributes["id"]
    assert field.attributes["aria-describedby"] == desk.find("paywall-error").attributes["id"]
    assert field.attributes["autocomplete"] == "off"
    desk.paywall.close()
    assert desk.dom.document.activeElement is desk.dom.node("draft")


@pytest.mark.parametrize("way", ["Escape", "beside it", "its button", "the browser"])
async def test_a_person_closes_it(desk: Desk, way: str) -> None:
    """It is then off the page, and nothing of ours stays in JavaScript's hands."""
    before = Proxy.alive
    await desk.run_out()
    dialog = desk.dialog
    if way == "Escape":
        assert dialog.fire("cancel").prevented
    elif way == "beside it":
        dialog.fire("pointerdown")
        dialog.fire("click")
    elif way == "its button":
        desk.press("paywall-close")
    else:
        dialog.fire("close")
    assert desk.events == ["open", "close"]
    assert desk.dom.modals == []
    assert dialog.parent is None
    assert not desk.paywall.get_state().open
    assert Proxy.alive == before


async def test_a_drag_out_of_it_does_not_close_it(desk: Desk) -> None:
    """Somebody selects the command and lets go beside the dialog."""
    await desk.run_out()
    desk.dialog.fire("pointerdown", target=desk.find("paywall-line"))
    desk.dialog.fire("click")
    desk.dialog.fire("pointerdown")
    desk.dialog.fire("click", target=desk.find("paywall-line"))
    assert desk.events == ["open"]


async def test_closed_by_a_person_it_stays_closed_until_credits_have_come(desk: Desk) -> None:
    """Never twice for the same reason; another type, or the next emptiness, is another reason."""
    await desk.run_out()
    desk.press("paywall-close")
    error = await desk.refused()
    assert desk.told[2:] == [("blocked", error)]
    await desk.grant(1)
    await desk.billing.get_balances(force=True)
    assert desk.paywall.lacking.get() is None
    await desk.run_out()
    assert desk.events[3:] == ["open"]


async def test_closed_by_the_page_it_opens_again(desk: Desk) -> None:
    """Only a person's closing counts."""
    await desk.run_out()
    desk.paywall.close()
    await desk.refused()
    assert desk.events == ["open", "close", "open"]


async def test_a_newer_refusal_opens_no_second_one(desk: Desk) -> None:
    """Two calls that ran into it at once."""
    await desk.world.drain(desk.visitor, 0)
    await asyncio.gather(desk.refused(), desk.refused())
    assert desk.events == ["open"]
    assert len(desk.dom.modals) == 1


async def test_it_does_not_open_over_another_dialog(desk: Desk) -> None:
    """It says so instead, and so does `open`."""
    desk.dom.node("shortcuts").showModal()
    error = await desk.run_out()
    assert desk.told == [("blocked", error)]
    assert not desk.paywall.open()
    desk.dom.node("shortcuts").close()
    assert desk.paywall.open()


@pytest.mark.parametrize("how", ["by itself", "on coming back", "another tab tells"])
async def test_a_grant_closes_it(desk: Desk, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`granted` is told once, before `close`, with the balance as the gateway confirmed it."""
    monkeypatch.setattr(balance_watch, "POLL_S", 0.01 if how == "by itself" else 3600)
    await desk.run_out()
    await desk.grant(5)
    if how == "on coming back":
        desk.dom.window.fire("focus")
    elif how == "another tab tells":
        await desk.billing.get_balances(force=True)  # as what it tells is applied
    await desk.until(lambda: "close" in desk.events)
    assert desk.events == ["open", "granted", "close"]
    assert (desk.told[1][1].type, desk.told[1][1].count) == ("standard", 5)
    assert desk.dom.window.listeners == []
    assert desk.paywall.lacking.get() is None
    assert desk.line == "5 credits of standard added."


async def test_credits_that_came_while_it_was_closed_are_not_told(desk: Desk) -> None:
    """Whoever closed it has his message back and decides himself."""
    await desk.run_out()
    desk.press("paywall-close")
    await desk.grant(5)
    await desk.billing.get_balances(force=True)
    assert desk.events == ["open", "close"]


async def test_credits_of_another_type_do_not_close_it(desk: Desk) -> None:
    """They are shown, no more."""
    await desk.run_out()
    await desk.grant(5, "advanced")
    await desk.billing.get_balances(force=True)
    assert desk.events == ["open"]
    assert "advanced 5 of 5 left" in [row.textContent for row in desk.every("paywall-balance")]


async def test_a_grant_that_came_before_the_refusal_did_is_found(desk: Desk) -> None:
    """No balance changes any more, so nobody would tell."""
    error = await desk.run_out()
    desk.paywall.close()
    await desk.grant(2)
    await desk.billing.get_balances(force=True)
    desk.told.clear()
    desk.paywall.open(error)
    assert desk.events == ["open"]
    await desk.until(lambda: desk.events == ["open", "granted", "close"])


async def test_opened_by_hand_it_shows_the_credits(desk: Desk) -> None:
    """Nothing has run out: nothing says so, and what was there does not close it."""
    desk.paywall.open()
    await desk.until(lambda: desk.sent[-1].endswith("/balances"))
    assert desk.says("paywall-title") == "Your credits"
    assert desk.says("paywall-lead") == ""
    assert desk.says("paywall-help") == (
        "Ask whoever runs this page for more. They show here by themselves."
    )
    assert [row.textContent for row in desk.every("paywall-balance")] == ["standard 20 of 20 left"]
    await desk.world.drain(desk.visitor, 12)
    await desk.billing.get_balances(force=True)
    assert [row.textContent for row in desk.every("paywall-balance")] == ["standard 12 of 20 left"]
    assert desk.events == ["open"]


async def test_opened_by_hand_after_a_refusal_it_says_that_too(desk: Desk) -> None:
    """With the command that the 402 brought."""
    error = await desk.run_out()
    desk.paywall.close()
    desk.paywall.open()
    assert desk.says("paywall-title") == "Your credits"
    assert desk.says("paywall-lead").startswith("You have used all 20 credits of standard.")
    assert desk.says("paywall-line") == error.hint


async def test_a_title_of_ones_own(desk: Desk) -> None:
    """And the reason is below it."""
    desk.paywall.open(PaywallError("provider-disabled", "Off.", status=403), title="Wait")
    assert desk.says("paywall-title") == "Wait"
    assert "switched off" in desk.says("paywall-lead")


async def test_it_says_when_the_balances_cannot_be_read(page: Dom, world: World) -> None:
    """And reads them anew when asked; what has run out is said all the same."""
    desk = Desk(page, world)
    desk.broken = True
    await desk.auth.sign_in_anonymously()
    views: list[str | None] = []
    desk.paywall.on_state_change(lambda state: views.append(state.view), immediate=True)
    desk.paywall.open()
    await desk.until(lambda: desk.events == ["open", "error"])
    assert desk.says("paywall-cause") == "The gateway cannot be reached. Check your connection."
    desk.broken = False
    desk.press("button")
    await desk.until(lambda: desk.paywall.get_state().view == "layout")
    assert views == [None, "loading", "error", "loading", "layout"]
    assert desk.says("paywall-problem") == ""
    assert [row.textContent for row in desk.every("paywall-balance")] == ["standard 20 of 20 left"]
    await desk.close()


async def test_where_nothing_is_counted_it_says_so(page: Dom, world: World) -> None:
    """Instead of an empty list, and without a form that would help nobody."""
    await world.add_paywall("pw_bare")  # it has no provider
    desk = Desk(page, world, paywall_id="pw_bare")
    await desk.auth.sign_in_anonymously()
    desk.paywall.open()
    await desk.until(lambda: desk.paywall.get_state().view == "layout")
    assert desk.says("paywall-lead").startswith("This page counts no credits")
    assert desk.says("paywall-help") == desk.says("paywall-label") == ""
    await desk.close()


async def test_signed_out_it_says_so(page: Dom, world: World) -> None:
    """There is nobody whose credits it could show."""
    desk = Desk(page, world)
    await desk.auth.ready()
    desk.paywall.open()
    await desk.until(lambda: desk.paywall.get_state().view == "layout")
    assert desk.says("paywall-lead").startswith("You are not signed in")
    await desk.close()


async def test_destroyed_it_leaves_nothing_behind(page: Dom, world: World) -> None:
    """Not on the page, not in JavaScript, and it opens no more."""
    desk = Desk(page, world)
    children = list(page.document.body.children)
    await desk.auth.sign_in_anonymously()
    await desk.run_out()
    desk.paywall.destroy()
    assert page.modals == []
    assert Proxy.alive == 0
    assert len(page.document.body.children) == len(children) - 1  # its line on the page
    await desk.refused()
    assert not desk.paywall.open()
    assert desk.events == ["open", "close"]
    await desk.close()


async def test_opened_and_closed_200_times_it_leaks_no_proxy(desk: Desk) -> None:
    """Each opening builds all of it anew."""
    before, children = Proxy.alive, len(desk.dom.document.body.children)
    error = await desk.run_out()
    for _ in range(200):
        desk.paywall.open(error)
        desk.dialog.fire("cancel")
    assert Proxy.alive == before
    assert desk.dom.window.listeners == []
    assert len(desk.dom.document.body.children) == children


async def test_detached_it_opens_no_more_and_listeners_go(desk: Desk) -> None:
    """Every undo, twice."""
    heard: list[str] = []

    def listener() -> None:
        heard.append("open")

    desk.paywall.on("open", listener)
    desk.paywall.off("open", listener)
    desk.detach()
    desk.detach()
    await desk.run_out()
    assert desk.told == []
    assert heard == []


async def test_what_a_listener_raises_costs_nobody_anything(desk: Desk) -> None:
    """It goes to the event loop, and the others are told."""
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, what: reported.append(what))
    desk.paywall.on("open", lambda: 1 / 0)
    desk.paywall.on("open", lambda: desk.told.append(("after",)))
    await desk.run_out()
    assert desk.events == ["open", "after"]
    assert len(reported) == 1


def test_options_and_events_that_do_not_exist_are_refused(page: Dom) -> None:
    """With a sentence that names them."""
    with pytest.raises(ConfigError, match="get_balances"):
        PaywallUI(billing=object())
    with pytest.raises(ConfigError, match=r"'redem'.*'redeem'"):
        PaywallUI(billing=None, redem=True)


async def test_an_event_that_does_not_exist_is_refused(desk: Desk) -> None:
    """A misspelt one would never be told."""
    with pytest.raises(ConfigError, match="purchase_completed"):
        desk.paywall.on("purchase_completed", lambda: None)


async def test_gate_runs_the_action_again_once_credits_came(desk: Desk) -> None:
    """And the dialog says so while it waits."""
    desk.world.provider.answers(Answer.json({}))
    await desk.world.drain(desk.visitor, 0)
    going = asyncio.create_task(desk.paywall.gate(desk.call))
    await desk.until(lambda: desk.dom.modals)
    assert "is sent by itself" in desk.says("paywall-lead")
    await desk.grant(1)
    desk.dom.window.fire("focus")
    assert (await going).status == 200
    assert desk.line == "1 credit of standard added. Sending your message…"
    assert await desk.world.balance(desk.visitor) == 0


async def test_gate_raises_where_no_credits_came(desk: Desk) -> None:
    """Closed by a person, and the second time without opening at all."""
    await desk.world.drain(desk.visitor, 0)
    going = asyncio.create_task(desk.paywall.gate(desk.call))
    await desk.until(lambda: desk.dom.modals)
    desk.press("paywall-close")
    with pytest.raises(QuotaExceededError):
        await going
    with pytest.raises(QuotaExceededError):
        await desk.paywall.gate(desk.call)
    assert desk.events == ["open", "close", "blocked"]


async def test_gate_opens_it_for_a_gateway_that_is_not_attached(desk: Desk) -> None:
    """And lets every other error through."""
    desk.detach()
    desk.world.provider.answers(Answer.json({}))
    await desk.world.drain(desk.visitor, 0)
    going = asyncio.create_task(desk.paywall.gate(desk.call))
    await desk.until(lambda: desk.dom.modals)
    await desk.grant(1)
    desk.dom.window.fire("focus")
    assert (await going).status == 200
    with pytest.raises(ConfigError):
        await desk.paywall.gate(lambda: desk.gateway.call(provider_id=""))
