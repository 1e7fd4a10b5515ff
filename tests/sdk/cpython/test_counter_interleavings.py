"""However answers interleave, no counter flickers, and each ends where the gateway is.

On CPython alone: it is Hypothesis that shuffles.
"""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.charge_headers import exact, type_only, untold
from tollbridge.sdk import Balance, QuotaExceededError
from tollbridge.sdk.balances import BalanceStore
from tollbridge.sdk.headers import Headers
from tollbridge.sdk.metering import CallMeter, Meter

GRANTED = 5
SAYS = {"exact": exact, "type_only": type_only, "untold": untold}
TABS = (0, 1)

# What happens next: a thing, and which tab or which message on its way it happens to.
Happening = tuple[str, int]
HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["call", "call", "broken", "grant", "read", "serve", "deliver", "deliver"]),
        st.integers(0, 5),
    ),
    max_size=60,
)


class Reading:
    """One that runs: the mark that was taken when it was asked for, and whether it is served."""

    def __init__(self, mark: int) -> None:
        """Ask."""
        self.mark = mark
        self.served = False


class Tab:
    """One page: a store, and a reading that is asked for, served and delivered in its own time."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self.store = BalanceStore()
        self.meter = Meter(self.store, self.read_anew)
        self.shown: list[Balance] = []
        self.reading: Reading | None = None
        self.again = False
        self.store.shown.subscribe(self._watch)

    def read_anew(self) -> None:
        """Read in the background, and once more where a reading runs: as `BillingClient` does."""
        self.again = self.reading is not None
        if self.reading is None:
            self.reading = Reading(self.store.mark())

    def take(self, row: Balance) -> None:
        """Take the answer of the reading."""
        assert self.reading is not None
        is_whole = self.store.replace([row], mark=self.reading.mark)
        self.reading = None
        if self.again or not is_whole:
            self.again = False
            self.read_anew()

    def hear(self, row: Balance) -> None:
        """Take what the other tab tells."""
        if not self.store.hear([row]):
            self.read_anew()

    def _watch(self, rows: list[Balance]) -> None:
        (now,) = rows
        if self.shown:
            assert now.version >= self.shown[-1].version
            assert now.count <= self.shown[-1].count or now.version > self.shown[-1].version
        assert now.count >= 0
        self.shown.append(now)


class World:
    """A gateway with one user, his two tabs, and a network that delivers in any order."""

    def __init__(self, says: str) -> None:
        """Load both tabs."""
        self.row = Balance("standard", GRANTED, 1, GRANTED)
        self.on_the_way: list[Callable[[], None]] = []
        self._says = SAYS[says]
        self.tabs = [Tab() for _ in TABS]
        for tab, other in zip(self.tabs, reversed(self.tabs), strict=True):
            tab.read_anew()
            tab.take(self.row)
            tab.store.said.subscribe(self._teller(other))

    def happen(self, what: str, number: int) -> None:
        """Have something happen."""
        tab = self.tabs[number % len(TABS)]
        if what == "call":
            self._call(tab.meter.begin())
        elif what == "broken":
            self._break(tab.meter.begin())
        elif what == "grant":
            self._change(number)
        elif what == "read":
            tab.read_anew()
        elif what == "serve":
            self._serve(tab)
        elif self.on_the_way:
            self.on_the_way.pop(number % len(self.on_the_way))()

    def settle(self) -> None:
        """Let everything arrive that is on its way, and what is asked for because of it."""
        while self.on_the_way or any(tab.reading for tab in self.tabs):
            while self.on_the_way:
                self.on_the_way.pop()()
            for tab in self.tabs:
                self._serve(tab)

    def _call(self, meter: CallMeter) -> None:
        if self.row.count <= 0:
            error = QuotaExceededError("", balances=[self.row], query_type="standard")
            self.on_the_way.append(lambda: meter.refused(error))
            return
        self._change(-1)
        headers = Headers(list(self._says(self.row).items()))
        self.on_the_way.append(lambda: meter.charged(headers))

    def _break(self, meter: CallMeter) -> None:
        """Charge, give back, and let the page know of the first, then that the answer broke off."""
        if self.row.count <= 0:
            return
        self._change(-1)
        headers = Headers(list(self._says(self.row).items()))

        def charged_then_broken() -> None:
            meter.charged(headers)
            self.on_the_way.append(meter.unsure)

        self._change(+1)
        self.on_the_way.append(charged_then_broken)

    def _serve(self, tab: Tab) -> None:
        """Decide the answer of a reading now; it arrives when it does."""
        if tab.reading is not None and not tab.reading.served:
            tab.reading.served = True
            row = self.row
            self.on_the_way.append(lambda: tab.take(row))

    def _change(self, by: int) -> None:
        self.row = Balance("standard", self.row.count + by, self.row.version + 1, GRANTED)

    def _teller(self, other: Tab) -> Callable[[list[Balance]], None]:
        def tell(said: list[Balance]) -> None:
            self.on_the_way.append(lambda: other.hear(said[0]))

        return tell


@pytest.mark.parametrize("says", sorted(SAYS))
@given(happenings=HAPPENINGS)
@settings(max_examples=300, deadline=None)
def test_no_counter_flickers_and_each_ends_where_the_gateway_is(
    says: str, happenings: list[Happening]
) -> None:
    """A count rises only with a newer version, never falls below zero, and is right at the end."""
    world = World(says)
    for what, number in happenings:
        world.happen(what, number)
    world.settle()
    if says != "type_only" and not any(what == "grant" for what, _ in happenings):
        # Nobody had to ask: each charge said what was left, or asked by itself.
        assert {tab.shown[-1].count for tab in world.tabs} == {world.row.count}
    for tab in world.tabs:
        tab.read_anew()
    world.settle()
    for tab in world.tabs:
        assert tab.store.shown.get() == [world.row]
