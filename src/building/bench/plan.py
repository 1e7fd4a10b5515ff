"""How long and how often is measured. Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """The extent of a run.

    Attributes:
        rounds: How often each server has its turn; the median counts.
        seconds: How long one turn lasts. Whole: `wrk` knows no fractions.
        slow_seconds: The same for a server that answers some tens of calls a second, of which a
            short turn would count too few.
        warm_seconds: What goes before each turn and is not counted.
        slow_warm_seconds: The same for a slow server, whose first answers take a second or two.
        starts: How often the gateway is started.
        aborts: How many streams are left.
        open_streams: How many streams are open at once when memory is measured.
        ledger_calls: How many calls the ledger counts alone.
    """

    rounds: int = 3
    seconds: int = 4
    slow_seconds: int = 12
    warm_seconds: int = 1
    slow_warm_seconds: int = 4
    starts: int = 5
    aborts: int = 40
    open_streams: int = 500
    ledger_calls: int = 10_000


QUICK = Plan(
    rounds=1,
    seconds=2,
    slow_seconds=6,
    starts=2,
    aborts=10,
    open_streams=200,
    ledger_calls=4_000,
)
