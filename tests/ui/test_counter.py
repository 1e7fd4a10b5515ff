"""The counter says how many credits are left, of which type."""

import pytest

from tollbridge.sdk import Balance
from tollbridge.ui.credit_badge import badge_state
from tollbridge.ui.strings.counter import counter_text


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
