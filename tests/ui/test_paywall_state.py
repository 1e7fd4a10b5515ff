"""What the upgrade dialog waits for and says, decided without a page."""

import pytest

from tollbridge.sdk import Balance, PaywallError, QuotaExceededError
from tollbridge.ui.paywall_state import (
    Lack,
    PaywallState,
    closed_text,
    closed_types,
    lack_of,
    quota_sentence,
    words_for,
)
from tollbridge.ui.strings.paywall import added_text, held_text, quota_title, wait_text


def standard(count: int, granted: int = 20, version: int = 1) -> Balance:
    """A balance of the usual type."""
    return Balance("standard", count, version, granted)


def refused(*balances: Balance, held: int = 0, hint: str = "") -> QuotaExceededError:
    """A 402 of the usual type."""
    return QuotaExceededError(
        "x", balances=list(balances), query_type="standard", held=held, hint=hint
    )


@pytest.mark.parametrize(
    ("before", "after", "added"),
    [
        pytest.param(standard(0), standard(0), None, id="nothing happened"),
        pytest.param(standard(0), standard(5, 25), 5, id="a grant"),
        pytest.param(standard(0), standard(1), 0, id="a held credit came back"),
        pytest.param(standard(1), standard(1), None, id="a call costs more than what is left"),
        pytest.param(standard(1), standard(0), None, id="less than before"),
        pytest.param(standard(1), standard(3, 22), 2, id="a grant on top"),
        pytest.param(standard(0), Balance("advanced", 5, 1, 5), None, id="another type"),
        pytest.param(standard(0, 0, 0), standard(5, 0, 0), 5, id="a gateway without versions"),
    ],
)
def test_a_refusal_ends_when_there_is_more_of_its_type(
    before: Balance, after: Balance, added: int | None
) -> None:
    """However it came; the number is what a grant added."""
    came = lack_of(refused(before)).ended_by([after])
    assert (came and came[1]) == added


@pytest.mark.parametrize(
    ("before", "after", "ended"),
    [
        pytest.param([standard(12)], [standard(13)], False, id="a credit came back"),
        pytest.param([standard(12)], [standard(17, 25)], True, id="a grant"),
        pytest.param([standard(0)], [standard(1)], True, id="the first credit"),
        pytest.param([], [standard(20)], True, id="there was nothing at all"),
        pytest.param([standard(12)], [standard(11, 25)], False, id="a grant, and more spent"),
    ],
)
def test_opened_by_hand_only_a_grant_closes_it(
    before: list[Balance], after: list[Balance], ended: bool
) -> None:
    """Somebody who looks at his credits is not interrupted by a call that ends."""
    assert bool(Lack(before, "", refused=False).ended_by(after)) is ended


def test_balances_that_were_unknown_are_what_later_ones_are_held_against() -> None:
    """The first reading is no grant."""
    lack = Lack(None, "", refused=False)
    assert lack.ended_by([standard(20)]) is None
    assert lack.ended_by([standard(20)]) is None
    assert lack.ended_by([standard(25, 25)]) is not None


def test_a_refusal_that_names_nothing_ends_with_any_credit() -> None:
    """As an older gateway answers."""
    assert lack_of(QuotaExceededError("x")).ended_by([standard(1)]) is not None


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (refused(standard(0)), "You have used all 20 credits of standard."),
        (refused(standard(0, 1)), "You have used your only credit of standard."),
        (refused(standard(0, 0)), "You have no credits of standard left."),
        (refused(standard(1)), "1 credit of standard left: too few for this."),
        (refused(standard(2)), "2 credits of standard left: too few for this."),
        (QuotaExceededError("x"), "You have no credits left."),
        (
            QuotaExceededError("x", query_type="standard", current_balance=standard(0, 8)),
            "You have used all 8 credits of standard.",
        ),
    ],
)
def test_it_says_what_ran_out(error: QuotaExceededError, sentence: str) -> None:
    """It never names a number that nobody told, nor says that all are used where some are left."""
    assert quota_sentence(error) == sentence
    assert quota_title("", 0) == "You have no credits left."


def words(reason: PaywallError | None, title: str = "", **changed: object) -> tuple[str, list[str]]:
    """The heading and the sentences."""
    given = {"balances": [standard(0)], "no_trial": "", "signed_out": False, "sends": False}
    given.update(changed)
    found = words_for(reason, title, **given)  # type: ignore[arg-type]
    return found.title, found.lead


def test_the_promise_is_made_only_where_it_is_kept() -> None:
    """A page that does not send by itself does not say so."""
    assert words(refused(standard(0)))[1] == ["Your message is kept."]
    assert "sent by itself" in words(refused(standard(0)), sends=True)[1][0]


def test_held_credits_are_told_before_the_message() -> None:
    """They may come back, and then it is sent."""
    lead = words(refused(standard(0), held=2))[1]
    assert lead[0].startswith("2 of them are held")
    assert [held_text(0), held_text(1)[:10]] == ["", "One of the"]


def test_an_account_without_free_credits_is_told_why() -> None:
    """As long as it never had any."""
    title, lead = words(refused(standard(0, 0)), balances=[standard(0, 0)], no_trial="paywall")
    assert title == "You have no credits of standard left."
    assert lead[0].startswith("No free credits for this account: all of the day’s")
    assert words(None, no_trial="paywall")[1] == []


def test_no_credits_are_shown_with_their_reason() -> None:
    """An empty list explains nothing; and only where something can be topped up is that offered."""
    assert words(None, balances=[])[1][0].startswith("This page counts no credits")
    assert words(None, balances=[], signed_out=True)[1][0].startswith("You are not signed in")
    off = PaywallError("provider-disabled", "Off.", status=403)
    assert words(off, balances=[]) == (
        "No credits can be used here",
        [
            "This provider is switched off, or the paywall counts no credits.",
            "This page counts no credits: its owner has switched that off, or no provider is set "
            "up. There is nothing here to top up.",
        ],
    )
    nothing = words_for(None, "", balances=[], no_trial="", signed_out=False, sends=False)
    assert not nothing.offers


def test_the_command_is_the_gateways() -> None:
    """Only the demo's gateway tells one."""
    found = words_for(
        refused(standard(0), hint="tollbridge user grant"),
        "",
        balances=None,
        no_trial="",
        signed_out=False,
        sends=False,
    )
    assert (found.command, found.offers) == ("tollbridge user grant", True)


@pytest.mark.parametrize("text", ["", "{}", "[", '"standard"'])
def test_what_cannot_be_read_was_not_closed(text: str) -> None:
    """The tab's memory is anybody's to write."""
    assert closed_types(text) == []


def test_closed_types_are_kept() -> None:
    """And none are none."""
    assert closed_types(closed_text(["standard", ""])) == ["standard", ""]
    assert closed_types('["standard", 7]') == ["standard"]
    assert closed_text([]) == ""


def test_states_compare_by_what_they_say() -> None:
    """A listener is told of a change only."""
    error = PaywallError("busy", "x")
    assert PaywallState() == PaywallState(False, None, None, False)
    assert hash(PaywallState()) == hash(PaywallState())
    assert PaywallState(True, "layout", error) != PaywallState(
        True, "layout", PaywallError("busy", "x")
    )
    assert PaywallState(True, "layout", error, True) != PaywallState(True, "layout", error)
    assert repr(PaywallState(True, "layout", None, True)) == "<PaywallState layout processing>"
    assert repr(PaywallState()) == "<PaywallState closed>"


def test_numbers_are_said_as_people_say_them() -> None:
    """One credit is one credit, and a minute has two digits of seconds."""
    assert added_text(1, "standard") == "1 credit of standard added."
    assert added_text(0, "standard") == "There are credits again."
    assert [wait_text(s) for s in (0, 5, 65, 3600)] == [
        "Try again in 0:00",
        "Try again in 0:05",
        "Try again in 1:05",
        "Try again in 60:00",
    ]
