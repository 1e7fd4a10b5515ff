"""The counter's rules, one by one: what is shown is what was said, less what is not in it yet."""

from tests.support.everywhere.testing import cases
from tollbridge.sdk.balances import BalanceStore
from tollbridge.wire import Balance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def row(count: int, version: int, type: str = "standard") -> Balance:
    """Return what a gateway says; 20 were granted."""
    return Balance(type, count, version, 20)


class Counter:
    """A store that does what a test's steps say, and notes what the counter shows."""

    def __init__(self) -> None:
        """Show nothing."""
        self.store = BalanceStore()
        self.counts: list[int] = []
        self._marks: dict[str, int] = {}
        self.store.shown.subscribe(self._show)

    def ask(self, name: str) -> None:
        """Ask for the balances; the answer comes with `answer(name, …)`."""
        self._marks[name] = self.store.mark()

    def answer(self, name: str, *rows: Balance) -> None:
        """Let an answer arrive."""
        self.store.replace(list(rows), mark=self._marks[name])

    def told(self, count: int, version: int) -> None:
        """Let a charged answer arrive that says what is left."""
        self.store.settle("standard", remaining=count, version=version)

    def charged(self, amount: int = 1, version: int = 0) -> None:
        """Let a charged answer arrive that does not say what is left."""
        known = self.store.known()
        self.store.charge("standard", amount=amount, version=version, since=known)

    def pressed(self) -> None:
        """Let the page lower its counter by itself."""
        self.store.spend("standard")

    def refused(self, *rows: Balance) -> None:
        """Let a 402 arrive."""
        self.store.refuse(list(rows), "standard")

    def heard(self, *rows: Balance) -> None:
        """Let another tab tell."""
        self.store.hear(list(rows))

    def _show(self, shown: list[Balance]) -> None:
        # A new version with the same count is news too, but none that a person sees.
        if shown and self.counts[-1:] != [shown[0].count]:
            self.counts.append(shown[0].count)


# A rule, what happens, and what the counter shows one after the other.
RULES: "list[tuple[str, list[tuple[Any, ...]], list[int]]]" = [
    (
        "a charge that says what is left is taken as it is",
        [("ask", "a"), ("answer", "a", row(20, 1)), ("told", 17, 4)],
        [20, 17],
    ),
    (
        "one that does not is subtracted",
        [("ask", "a"), ("answer", "a", row(20, 1)), ("charged",), ("charged", 3)],
        [20, 19, 16],
    ),
    (
        "a snapshot of the charge's version takes it over",
        [("ask", "a"), ("answer", "a", row(20, 1)), ("ask", "b"), ("charged", 1, 2)]
        + [("answer", "b", row(19, 2))],
        [20, 19],
    ),
    (
        "one of a later version too",
        [("ask", "a"), ("answer", "a", row(20, 1)), ("ask", "b"), ("charged", 1, 2)]
        + [("answer", "b", row(24, 3))],
        [20, 19, 24],
    ),
    (
        "an earlier one leaves it subtracted",
        [("ask", "a"), ("ask", "b"), ("answer", "a", row(20, 1)), ("charged", 1, 2)]
        + [("answer", "b", row(20, 1))],
        [20, 19],
    ),
    (
        "a charge that a snapshot has already is not subtracted again",
        [("ask", "a"), ("answer", "a", row(19, 2)), ("charged", 1, 2), ("told", 19, 2)],
        [19],
    ),
    (
        "a charge that is told twice counts once",
        [("ask", "a"), ("answer", "a", row(20, 1)), ("charged", 1, 2), ("charged", 1, 2)],
        [20, 19],
    ),
    (
        "an older snapshot is ignored, so the counter does not flicker",
        [("ask", "a"), ("ask", "b"), ("answer", "a", row(9, 5)), ("told", 8, 6)]
        + [("answer", "b", row(9, 5)), ("told", 8, 6)],
        [9, 8],
    ),
    (
        "answers of charges in the wrong order show the newest",
        [("ask", "a"), ("answer", "a", row(20, 1)), ("told", 17, 4), ("told", 18, 3)],
        [20, 17],
    ),
    (
        "what was pending is dropped by an answer that was asked for after it: the rollback",
        [("ask", "a"), ("answer", "a", row(20, 1)), ("charged",), ("ask", "b")]
        + [("answer", "b", row(20, 1))],
        [20, 19, 20],
    ),
    (
        "and not by one that was asked for before",
        [("ask", "a"), ("answer", "a", row(20, 0)), ("ask", "b"), ("charged",)]
        + [("answer", "b", row(20, 0))],
        [20, 19],
    ),
    (
        "a charge before anything was loaded is not forgotten",
        [("ask", "a"), ("charged",), ("answer", "a", row(20, 1))],
        [19],
    ),
    (
        "a 402 drops what is pending and shows what it says",
        [("ask", "a"), ("answer", "a", row(2, 1)), ("charged",), ("refused", row(0, 3))],
        [2, 1, 0],
    ),
    (
        "a 402 without versions too",
        [("ask", "a"), ("answer", "a", row(9, 0)), ("charged",), ("refused", row(3, 0))],
        [9, 8, 3],
    ),
    (
        "a 402 that was overtaken by a grant does not empty the counter",
        [("ask", "a"), ("answer", "a", row(5, 4)), ("refused", row(0, 3))],
        [5],
    ),
    (
        "never below zero",
        [("ask", "a"), ("answer", "a", row(1, 1)), ("charged", 5), ("charged",), ("pressed",)],
        [1, 0],
    ),
    (
        "another tab's newer version is taken",
        [("ask", "a"), ("answer", "a", row(20, 1)), ("heard", row(15, 6)), ("heard", row(18, 3))],
        [20, 15],
    ),
    (
        "what it says without a version is no news",
        [("ask", "a"), ("answer", "a", row(20, 0)), ("heard", row(15, 0))],
        [20],
    ),
    (
        "another tab's version covers a charge of ours",
        [("ask", "a"), ("answer", "a", row(20, 1)), ("charged", 1, 2), ("heard", row(18, 3))],
        [20, 19, 18],
    ),
    (
        "what was heard outlives an answer that was overtaken by it",
        [("ask", "a"), ("heard", row(15, 6)), ("answer", "a", row(20, 1))],
        [15],
    ),
]


@cases(("rule", "steps", "counts"), RULES)
def test_the_counter_follows_its_rules(rule: str, steps: list, counts: list[int]) -> None:
    """Each rule, by what the counter showed; the rule's words are the failure's."""
    counter = Counter()
    for step in steps:
        getattr(counter, step[0])(*step[1:])
    assert counter.counts == counts, rule


def test_a_402_leaves_the_other_types_alone() -> None:
    """What is pending of another type stays, and what the 402 does not name stays on show."""
    counter = Counter()
    counter.ask("a")
    counter.answer("a", row(5, 1), row(9, 1, "advanced"))
    counter.charged()
    counter.store.charge("advanced", amount=2, since=counter.store.known())
    counter.refused(row(0, 2))
    assert counter.store.shown.get() == [row(0, 2), row(7, 1, "advanced")]


def test_a_402_that_names_no_type_drops_what_is_pending_of_those_it_lists() -> None:
    """An older gateway does not say which type ran out."""
    counter = Counter()
    counter.ask("a")
    counter.answer("a", row(5, 1))
    counter.charged()
    counter.store.refuse([row(3, 2)], "")
    assert counter.counts == [5, 4, 3]


def test_an_answer_says_whether_it_can_have_everything() -> None:
    """What was spent after it was asked for, of an unknown version, only the next one can tell."""
    counter = Counter()
    mark = counter.store.mark()
    assert counter.store.replace([row(20, 1)], mark=mark)
    counter.charged()
    assert not counter.store.replace([row(19, 2)], mark=mark)
    assert counter.store.replace([row(19, 2)], mark=counter.store.mark())
    assert counter.counts == [20, 19]


def test_a_charge_that_a_snapshot_may_have_is_asked_about() -> None:
    """Of an unknown version, told after a snapshot that came while the call ran: ask, not guess."""
    counter = Counter()
    counter.ask("a")
    counter.answer("a", row(20, 1))
    before = counter.store.known()
    counter.ask("b")
    counter.answer("b", row(19, 2))
    assert not counter.store.charge("standard", amount=1, since=before)
    assert counter.store.charge("standard", amount=1, since=counter.store.known())
    assert counter.counts == [20, 19, 18]


def test_only_what_the_gateway_said_is_said() -> None:
    """Neither what another tab told nor what is pending; so nothing is told round in circles."""
    counter = Counter()
    said: list[list[Balance]] = []
    counter.store.said.subscribe(said.append)
    counter.ask("a")
    counter.answer("a", row(20, 1))
    counter.heard(row(19, 2))
    counter.charged()
    counter.pressed()
    assert said == [[row(20, 1)]]
    counter.told(16, 5)
    assert said == [[row(20, 1)], [row(16, 5)]]


def test_what_was_granted_is_not_forgotten() -> None:
    """The headers of a charge do not say it, so what said it last is kept."""
    counter = Counter()
    counter.told(16, 5)
    counter.ask("a")
    counter.answer("a", row(20, 1))
    assert counter.store.shown.get() == [row(16, 5)]
    counter.heard(Balance("standard", 15, 6, 0))
    assert counter.store.shown.get() == [row(15, 6)]


def test_another_user_begins_anew() -> None:
    """Nothing of the one before is kept, and what was asked for him is known as his."""
    counter = Counter()
    counter.ask("a")
    counter.answer("a", row(5, 8))
    counter.charged()
    before = counter.store.user
    counter.store.reset([])
    assert counter.store.user != before
    counter.ask("b")
    counter.answer("b", row(20, 1))
    assert counter.store.shown.get() == [row(20, 1)]
