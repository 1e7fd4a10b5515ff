"""A signal tells every listener every change, in order."""

from tests.support.everywhere.testing import raises
from tollbridge.sdk import Signal


def test_a_change_is_told_and_an_equal_value_is_not() -> None:
    """Listeners hear of changes only, and not of what was before they came."""
    signal = Signal(1)
    heard: list[int] = []
    signal.subscribe(heard.append)
    signal.set(1)
    signal.set(2)
    signal.set(2)
    assert heard == [2]
    assert signal.get() == 2


def test_the_undo_takes_one_subscription_away() -> None:
    """Who subscribed twice keeps the other subscription; a second undo is harmless."""
    signal = Signal(0)
    heard: list[int] = []
    undo = signal.subscribe(heard.append)
    signal.subscribe(heard.append)
    undo()
    undo()
    signal.set(1)
    assert heard == [1]
    assert signal.has_listeners


def test_listeners_run_to_the_end_then_the_first_error_is_raised() -> None:
    """One listener's bug keeps no other from hearing, and the setter learns of it."""
    signal = Signal(0)
    heard: list[int] = []

    def broken(value: int) -> None:
        raise LookupError(value)

    signal.subscribe(broken)
    signal.subscribe(broken)
    signal.subscribe(heard.append)
    with raises(LookupError, says="1"):
        signal.set(1)
    assert (heard, signal.get()) == ([1], 1)
    with raises(LookupError, says="2"):
        signal.set(2)
    assert heard == [1, 2]


def test_a_listener_that_sets_the_value_keeps_the_order() -> None:
    """Everybody hears both changes, the first one first."""
    signal = Signal(0)
    heard: list[tuple[str, int]] = []

    def raise_to_ten(value: int) -> None:
        heard.append(("one", value))
        if value < 10:
            signal.set(10)

    signal.subscribe(raise_to_ten)
    signal.subscribe(lambda value: heard.append(("two", value)))
    signal.set(1)
    assert heard == [("one", 1), ("two", 1), ("one", 10), ("two", 10)]


def test_a_listener_taken_away_by_another_hears_nothing() -> None:
    """An undo acts at once, also in the middle of a change; a newcomer waits for the next one."""
    signal = Signal(0)
    heard: list[str] = []
    undos = []

    def first(value: int) -> None:
        heard.append("first")
        undos[0]()
        signal.subscribe(lambda value: heard.append("new"))

    signal.subscribe(first)
    undos.append(signal.subscribe(lambda value: heard.append("second")))
    signal.set(1)
    assert heard == ["first"]
