"""A balance survives the wire, and what is none is refused."""

import json

from tests.support.everywhere.testing import cases, raises
from tollbridge.wire import Balance, find_balance, read_balances


def test_a_balance_survives_the_wire() -> None:
    """What is written is read back equal, through JSON text."""
    balance = Balance("standard", 5, version=7, granted=20)
    assert Balance.from_json(json.loads(json.dumps(balance.to_json()))) == balance


def test_unknown_fields_are_accepted_and_missing_ones_have_a_meaning() -> None:
    """A newer gateway may say more, an older one less."""
    read = Balance.from_json({"type": "free", "count": 3, "colour": "green"})
    assert (read.count, read.version, read.granted) == (3, 0, 0)


@cases(
    "value",
    [
        None,
        [],
        "standard",
        {"count": 1},
        {"type": 5, "count": 1},
        {"type": "a"},
        {"type": "a", "count": "1"},
        {"type": "a", "count": 1.0},
        {"type": "a", "count": True},
        {"type": "a", "count": 1, "version": None},
        {"type": "a", "count": 1, "granted": "20"},
    ],
)
def test_what_is_no_balance_is_refused(value: object) -> None:
    """A wrong type is an error and not a guess."""
    with raises(ValueError, says="not a balance"):
        Balance.from_json(value)


def test_balances_compare_by_value() -> None:
    """Equal fields are equal balances, also as members of a set."""
    assert Balance("a", 1, 2, 3) == Balance("a", 1, 2, 3)
    assert len({Balance("a", 1), Balance("a", 1), Balance("a", 2)}) == 2
    assert Balance("a", 1) != {"type": "a"}
    assert repr(Balance("a", 1, 2, 3)) == "<Balance a: 1 of 3, version 2>"


def test_a_list_is_read_and_searched() -> None:
    """A list of balances is found by type; anything but a list is refused."""
    balances = read_balances([{"type": "a", "count": 1}, {"type": "b", "count": 2}])
    assert find_balance(balances, "b") == Balance("b", 2)
    assert find_balance(balances, "c") is None
    with raises(ValueError, says="not a list"):
        read_balances({"a": 1})
