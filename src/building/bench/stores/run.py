"""`build.py bench stores`: start PostgreSQL, measure the groups, give the figures."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from building.bench.figures import CannotMeasure, Figure, table
from building.bench.machine import Cores
from building.bench.stores.debits import measure_batches, measure_debits, measure_scaling
from building.bench.stores.gateways import measure_calls, measure_cost, measure_workers
from building.bench.stores.history import measure_history, measure_upkeep
from building.bench.stores.plan import QUICK, StoresPlan
from building.bench.stores.stage import Stage
from building.child import CannotServe
from building.postgres import postgres_server

MEASURES: dict[str, Callable[[Stage], Awaitable[list[Figure]]]] = {
    "debits": measure_debits,
    "batches": measure_batches,
    "calls": measure_calls,
    "workers": measure_workers,
    "history": measure_history,
    "cost": measure_cost,
    "scaling": measure_scaling,
    "upkeep": measure_upkeep,
}


async def measure_stores(
    root: Path, folder: Path, groups: Sequence[str], cores: Cores, *, quick: bool
) -> list[Figure]:
    """Measure some groups of `arguments.STORES_GROUPS`; the figures of each are shown at once.

    Args:
        root: The repository.
        folder: An empty folder for SQLite's files, and for logs.
        groups: Which.
        cores: Which core is whose.
        quick: One short round of each.

    Raises:
        CannotMeasure: Something did not start, or counted wrongly.
    """
    figures: list[Figure] = []
    plan = QUICK if quick else StoresPlan()
    try:
        with postgres_server(durable=True) as server:
            stage = Stage(root, folder, plan, cores, server)
            for group in groups:
                print(f"measuring: {group} …", flush=True)
                found = await MEASURES[group](stage)
                print("\n".join(f"  {line}" for line in table(found)), flush=True)
                figures += found
    except CannotServe as reason:
        raise CannotMeasure(str(reason)) from None
    return figures
