"""The counter and the notice say how many credits are left, of which type."""

import pytest

from tollbridge.sdk import Balance, QuotaExceededError
from tollbridge.ui.credit_badge import badge_state
from tollbridge.ui.quota_notice import granted_of, has_credit
from tollbridge.ui.strings import counter_text, held_text, quota_title


def standard(count: int, granted: int = 20) -> Balance:
    """A balance of the usual type."""
    return Balance("standard", count, 1, granted)


ADVANCED = Balance("advanced", 3, 1, 3)
NEVER_HAD = Balance("images", 0, 1, 0)


@pytest.mark.parametrize(
    ("balances", "text", "state"),
    [
        (None, "Counting…", "waiting"),
        ([], "No credits here", "none"),
        ([standard(20)], "20 of 20 left", "enough"),
        ([standard(5)], "5 of 20 left", "enough"),
        ([standard(4)], "4 of 20 left", "low"),
        ([standard(0)], "0 of 20 left", "empty"),
        ([standard(7, granted=0)], "7 left", "enough"),
        ([standard(20), NEVER_HAD], "20 of 20 left", "enough"),
        ([NEVER_HAD], "0 left", "empty"),
        ([standard(1), ADVANCED], "standard: 1 of 20 left · advanced: 3 of 3 left", "low"),
    ],
)
def test_the_counter_says_what_is_left_of_how_many(
    balances: list[Balance] | None, text: str, state: str
) -> None:
    """Always with the word "left", and by type only where there are several."""
    assert (counter_text(balances), badge_state(balances)) == (text, state)


@pytest.mark.parametrize(
    ("query_type", "granted", "title"),
    [
        ("standard", 20, "You have used all 20 credits of standard."),
        ("standard", 1, "You have used your only credit of standard."),
        ("standard", 0, "You have no credits of standard left."),
        ("", 0, "You have no credits left."),
    ],
)
def test_the_notice_says_what_ran_out(query_type: str, granted: int, title: str) -> None:
    """It never names a number that nobody told."""
    assert quota_title(query_type, granted) == title


def test_what_was_granted_is_taken_from_wherever_it_was_told() -> None:
    """From the list, else from the current balance, else it is unknown."""
    known = QuotaExceededError("x", balances=[standard(0)], query_type="standard")
    alone = QuotaExceededError("x", query_type="standard", current_balance=standard(0, granted=8))
    assert granted_of(known) == 20
    assert granted_of(alone) == 8
    assert granted_of(QuotaExceededError("x")) == 0


def test_only_the_type_that_ran_out_closes_the_notice() -> None:
    """Credits of another type do not help; where none was named, any does."""
    assert not has_credit([standard(0), ADVANCED], "standard")
    assert has_credit([standard(1)], "standard")
    assert has_credit([ADVANCED], "")
    assert not has_credit([], "")


@pytest.mark.parametrize(("held", "begins"), [(0, ""), (1, "One more is"), (3, "3 more are")])
def test_credits_that_may_come_back_are_told(held: int, begins: str) -> None:
    """Somebody with answers still running is not simply empty."""
    assert held_text(held).startswith(begins)
    assert bool(held_text(held)) == bool(held)
