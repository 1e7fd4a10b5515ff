"""What is measured in processes of their own, bound to a core: `python -m … NAME ARGUMENTS`.

The arguments are one JSON object, and so is what is printed at the end.
"""

import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from building.bench.figures import CannotMeasure
from building.bench.machine import cpu_s
from building.bench.stores import gates
from building.bench.stores.fill import Past, users_of
from building.bench.stores.filling import fill
from building.bench.stores.one_by_one import opened_one_by_one
from building.bench.stores.spread import Spread, spread_of
from building.bench.stores.work import call, drive, open_till, opened, written
from tollbridge.gateway import ledger

# Part of the timed holds that goes before them, on each of the two databases.
WARM_SHARE = 8


async def fill_place(place: str, users: int, calls: int) -> None:
    """Make a database with a past."""
    await fill(place, Past(users, calls))


async def debits(
    place: str, users: list[str], callers: int, seconds: float, server_pid: int, *, alone: bool
) -> dict[str, float]:
    """Have callers make calls; also tells the CPU-seconds of the database server.

    Args:
        place: Where.
        users: Whose calls they are, in turns.
        callers: How many at once.
        seconds: How long.
        server_pid: PostgreSQL's first process.
        alone: Whether each statement travels alone.
    """
    async with (opened_one_by_one if alone else opened)(place) as database:
        await drive(database, users, callers=callers, seconds=seconds / 4)
        before_s = cpu_s(server_pid)
        driven = await drive(database, users, callers=callers, seconds=seconds)
        return {**asdict(driven), "server_cpu_s": cpu_s(server_pid) - before_s}


async def joint_debits(
    place: str, users: list[str], callers: int, seconds: float, gate: str, number: int
) -> dict[str, float]:
    """Have callers make calls, beginning together with other processes.

    Args:
        place: Where.
        users: Whose calls they are, in turns.
        callers: How many at once.
        seconds: How long.
        gate: The file whose appearance begins it; see `gates`.
        number: Which of the processes this is.
    """
    async with opened(place) as database:
        await drive(database, users, callers=callers, seconds=0.1)
        gates.stand_ready(Path(gate), number)
        return asdict(await drive(database, users, callers=callers, seconds=seconds))


async def compare_holds(
    few: str, few_past: dict[str, int], many: str, many_past: dict[str, int], holds: int
) -> dict[str, Spread]:
    """Time holds, one at a time, in turns on a database with few rows and one with many."""
    chosen = random.Random(7)  # the same users in every run
    taken: dict[str, list[float]] = {"few": [], "many": []}
    async with opened(few) as few_database, opened(many) as many_database:
        sides = [
            ("few", await open_till(few_database), users_of(Past(**few_past))),
            ("many", await open_till(many_database), users_of(Past(**many_past))),
        ]
        for number in range(-(holds // WARM_SHARE), holds):
            for name, till, user_ids in sides:
                took_s = await call(till, chosen.choice(user_ids))
                # The end of this call must not stand in the way of the next one's hold.
                await written(till.database)
                if number >= 0:
                    taken[name].append(took_s)
    return {name: spread_of(seconds) for name, seconds in taken.items()}


async def verify(place: str) -> float:
    """Verify a ledger; return how many seconds that took.

    Raises:
        CannotMeasure: It is not sound.
    """
    async with opened(place) as database:
        begun_s = time.perf_counter()
        differences = await database.read(ledger.verify(), snapshot=True)
        took_s = time.perf_counter() - begun_s
    if differences:
        raise CannotMeasure(f"the ledger is not sound: {differences[0]}")
    return took_s


PROGRAMS: dict[str, Callable[..., Awaitable[Any]]] = {
    "fill": fill_place,
    "debits": debits,
    "joint_debits": joint_debits,
    "holds": compare_holds,
    "verify": verify,
}


def main(words: list[str]) -> None:
    """Run one of them and print what it gives."""
    name, arguments = words

    async def run() -> Any:
        return await PROGRAMS[name](**json.loads(arguments))

    print(json.dumps(uvloop.run(run())))


if __name__ == "__main__":
    main(sys.argv[1:])
