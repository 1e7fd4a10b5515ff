"""How long and how often the stores are measured. Values only."""

from dataclasses import dataclass, field

from building.bench.plan import QUICK as QUICK_TURNS
from building.bench.plan import Plan


@dataclass(frozen=True, slots=True)
class StoresPlan:
    """The extent of a run.

    Attributes:
        turns: How gateways take turns under `wrk`.
        rounds: How often each way of working has its turn without HTTP; the median counts.
        seconds: How long one such turn lasts.
        few_calls: The history of the small database whose holds are compared.
        many_calls: That of the large one.
        holds: How many are timed on each of the two.
        cost_calls: Calls are made until they are at least so many, for what a million costs.
        upkeep_calls: The history that is verified and saved.
    """

    turns: Plan = field(default_factory=Plan)
    rounds: int = 3
    seconds: float = 2.0
    few_calls: int = 10_000
    many_calls: int = 10_000_000
    holds: int = 2_000
    cost_calls: int = 20_000
    upkeep_calls: int = 1_000_000


QUICK = StoresPlan(
    turns=QUICK_TURNS,
    rounds=1,
    seconds=0.7,
    many_calls=100_000,
    holds=400,
    cost_calls=4_000,
    upkeep_calls=50_000,
)
