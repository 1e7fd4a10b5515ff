"""Computed values and batches: nobody is told twice, too late, or half of a change."""

from tests.support.everywhere.testing import cases, raises, reported
from tollbridge.sdk import Computed, Signal, batch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def doubled(value: int) -> int:
    """Return twice the value."""
    return 2 * value


def pair(left: object, right: object) -> tuple:
    """Return both."""
    return (left, right)


def test_a_computed_value_follows_its_sources() -> None:
    """`get` is right with and without a listener, and a listener hears each new result."""
    first, second = Signal(1), Signal(2)
    total = Computed(lambda a, b: a + b, first, second)
    assert total.get() == 3
    first.set(10)
    assert total.get() == 12
    heard: list[int] = []
    undo = total.subscribe(heard.append)
    second.set(5)
    assert (total.get(), heard) == (15, [15])
    undo()
    second.set(6)
    assert (total.get(), heard) == (16, [15])


def test_a_computed_value_may_be_made_from_computed_ones() -> None:
    """A change goes through all of them, with and without listeners."""
    source = Signal(1)
    value: Signal | Computed = source
    for _ in range(20):
        value = Computed(doubled, value)
    heard: list[int] = []
    assert value.get() == 2**20
    value.subscribe(heard.append)
    source.set(3)
    assert (value.get(), heard) == (3 * 2**20, [3 * 2**20])


def test_nothing_is_computed_before_somebody_asks_nor_twice() -> None:
    """The function runs when it must: at an asking, after a source has changed."""
    source, other = Signal(1), Signal(1)
    runs: list[int] = []

    def note(value: int) -> int:
        runs.append(value)
        return value

    computed = Computed(note, source)
    source.set(2)
    assert runs == []
    assert (computed.get(), computed.get()) == (2, 2)
    other.set(2)
    assert (computed.get(), runs) == (2, [2])
    undo = computed.subscribe(lambda value: None)
    source.set(3)
    assert (computed.get(), runs) == (3, [2, 3])
    undo()
    source.set(4)
    assert runs == [2, 3]


def test_many_ways_to_one_value_compute_it_once() -> None:
    """A ladder of diamonds costs a run for each value, not one for each way through it."""
    source = Signal(1)
    runs: list[int] = []

    def note(left: int, right: int) -> int:
        runs.append(left)
        return left + right

    value: Signal | Computed = source
    for _ in range(25):
        value = Computed(note, value, value)
    assert value.get() == 2**25
    assert len(runs) == 25
    heard: list[int] = []
    value.subscribe(heard.append)
    source.set(2)
    assert (heard, len(runs)) == ([2**26], 50)


def test_an_equal_result_tells_nobody() -> None:
    """A source may change without the result changing."""
    source = Signal(1)
    heard: list[bool] = []
    Computed(lambda value: value > 0, source).subscribe(heard.append)
    source.set(2)
    source.set(-1)
    assert heard == [False]


def test_a_listener_never_sees_half_of_a_change() -> None:
    """Whoever listens, to a source or to either side of a diamond, sees all of it new."""
    source = Signal(1)
    left, right = Computed(doubled, source), Computed(lambda value: -value, source)
    both = Computed(pair, left, right)
    seen: list[tuple] = []

    def look(value: object) -> None:
        seen.append((source.get(), left.get(), right.get(), both.get()))

    for one in (both, source, right, left):
        one.subscribe(look)
    told: list[tuple] = []
    both.subscribe(told.append)
    source.set(3)
    assert seen == [(3, 6, -3, (6, -3))] * 4
    assert told == [(6, -3)]


def test_the_sources_know_it_only_while_somebody_listens() -> None:
    """The last undo, and `close`, let go of every source; a second undo is harmless."""
    source, other = Signal(1), Signal(1)
    middle = Computed(doubled, source)
    computed = Computed(pair, middle, other)
    undos = [computed.subscribe(lambda value: None) for _ in range(2)]
    assert (source.has_listeners, middle.has_listeners, other.has_listeners) == (True, True, True)
    undos[0]()
    undos[0]()
    assert other.has_listeners
    undos[1]()
    undos[1]()
    assert (source.has_listeners, middle.has_listeners, other.has_listeners) == (False,) * 3
    heard: list[tuple] = []
    undo = computed.subscribe(heard.append)
    computed.close()
    assert (source.has_listeners, other.has_listeners) == (False, False)
    source.set(2)
    undo()
    assert (heard, computed.get()) == ([], (4, 1))
    computed.subscribe(heard.append)
    source.set(3)
    assert heard == [(6, 1)]


def test_a_thousand_listeners_come_and_go_and_leave_nothing() -> None:
    """Undoing in any order keeps the order of those who stay."""
    signal = Signal(0)
    heard: list[int] = []
    undos = [signal.subscribe(lambda value, number=n: heard.append(number)) for n in range(1000)]
    for number in range(999, -1, -1):
        if number % 100:
            undos[number]()
    signal.set(1)
    assert heard == list(range(0, 1000, 100))
    for undo in undos:
        undo()
    assert not signal.has_listeners


@cases("broken", ["subscribe", "change"])
def test_a_function_that_fails_is_heard_of_and_may_recover(broken: str) -> None:
    """Its error reaches whoever asked or set; the next change computes it again."""
    source = Signal(0 if broken == "subscribe" else 1)
    inverse = Computed(lambda value: 10 // value, source)
    heard: list[int] = []
    if broken == "subscribe":
        with raises(ZeroDivisionError):
            inverse.subscribe(heard.append)
        assert not source.has_listeners
        source.set(1)
    inverse.subscribe(heard.append)
    with raises(ZeroDivisionError):
        source.set(0)
    with raises(ZeroDivisionError):
        inverse.get()
    source.set(5)
    assert (heard, inverse.get()) == ([2], 2)


def test_update_sets_what_the_function_makes_of_the_value() -> None:
    """An update made by a listener is not lost either."""
    signal = Signal(1)
    heard: list[int] = []

    def up_to_three(value: int) -> None:
        if value < 3:
            signal.update(lambda value: value + 1)

    signal.subscribe(up_to_three)
    signal.subscribe(heard.append)
    signal.update(lambda value: value + 1)
    assert heard == [2, 3]


def test_a_batch_tells_once_with_the_last_value() -> None:
    """Nested ones end with the outermost; `get` is right inside; going back tells nobody."""
    first, second = Signal(1), Signal(1)
    sums = Computed(lambda a, b: a + b, first, second)
    heard: list[object] = []
    first.subscribe(lambda value: heard.append(("first", value)))
    second.subscribe(lambda value: heard.append(("second", value)))
    sums.subscribe(lambda value: heard.append(("sum", value)))
    with batch():
        first.set(2)
        with batch():
            first.set(3)
            second.set(7)
        assert (heard, sums.get()) == ([], 10)
        second.set(1)
    assert heard == [("first", 3), ("sum", 4)]
    with batch():
        first.set(9)
        first.set(3)
    assert len(heard) == 2


def test_an_error_in_a_batch_tells_what_was_set_until_then() -> None:
    """The error goes on; a listener's own is then reported to the event loop."""
    signal = Signal(1)
    heard: list[int] = []
    signal.subscribe(heard.append)
    with raises(LookupError), batch():
        signal.set(2)
        raise LookupError
    assert heard == [2]
    signal.set(3)
    assert heard == [2, 3]


async def test_a_listeners_error_in_a_batch_is_not_lost() -> None:
    """It is raised where the batch ends, or reported where that already ends with an error."""
    signal = Signal(1)

    def fail(value: int) -> None:
        raise ValueError(str(value))

    signal.subscribe(fail)
    signal.subscribe(fail)
    with raises(ValueError, says="2"), batch():
        signal.set(2)
    with reported() as errors, raises(LookupError), batch():
        signal.set(3)
        raise LookupError
    assert [str(error) for error in errors] == ["3", "3"]


@cases("how", ["set", "batch", "nested"])
def test_what_a_listener_sets_is_told_whole(how: str) -> None:
    """A change from within a listener loses nothing, and no listener sees half of it."""
    source, echo = Signal(0), Signal(0)
    both = Computed(pair, source, echo)
    heard: list[tuple] = []

    def follow(value: int) -> None:
        if how == "set":
            echo.set(value)
        elif how == "batch":
            with batch():
                echo.set(-1)
                echo.set(value)
        else:
            with batch():
                echo.set(value)
                with batch():
                    source.set(max(value, 5))

    source.subscribe(follow)
    both.subscribe(heard.append)
    source.set(1)
    with batch():
        source.set(2)
        source.set(7)
    assert heard[-1] == (7, 7)
    assert both.get() == (7, 7)
    assert all(left == right or how == "nested" for left, right in heard), heard
    assert echo.get() == 7


def test_a_listener_taken_away_while_computed_values_are_told_hears_nothing() -> None:
    """An undo acts at once, wherever the change is just then."""
    source = Signal(0)
    computed = Computed(doubled, source)
    heard: list[int] = []
    undos: list[Callable[[], None]] = []
    source.subscribe(lambda value: undos[0]())
    undos.append(computed.subscribe(heard.append))
    source.set(1)
    assert (heard, computed.has_listeners) == ([], False)
