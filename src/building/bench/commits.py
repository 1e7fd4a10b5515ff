"""What counting costs by itself: the ledger on its store, without HTTP.

A call is held durably and settled durably, each in a commit that the call waits for. What the
second commit costs is seen by not waiting for it: the settle then rides in some later commit, as
the end of a call does. Run as a program of its own (`python -m building.bench.commits FILE USER
CALLS`) on the core of the servers; CPU-seconds are those of all its threads.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from building.bench.figures import CannotMeasure, Figure, median
from building.bench.gateway import PAYWALL, QUERY_TYPE, make_folder
from building.bench.processes import run_to_end
from building.bench.scene import Scene
from tollbridge.gateway import ledger
from tollbridge.gateway.data_folder import DATABASE_FILE
from tollbridge.gateway.database import SqliteDatabase
from tollbridge.gateway.ids import new_id

# As many at once as the plain calls have connections.
CALLERS = 64
# One alone makes this part of the calls, since it takes so much longer.
ALONE_SHARE = 20
ROUNDS = 3
_EPOCH = "epoch_bench"

Way = Callable[[SqliteDatabase, ledger.HoldOrder], Awaitable[None]]
Cost = dict[str, tuple[float, float]]


async def measure_ledger(scene: Scene) -> list[Figure]:
    """What a hold, a hold and its settle, and the second commit cost per call."""
    folder = make_folder(scene.root, scene.folder / "ledger", {})
    user = json.loads(folder.run("user", "create", "--paywall", PAYWALL, "--json"))["id"]
    program = [sys.executable, "-m", "building.bench.commits"]
    command = [*program, str(folder.path / DATABASE_FILE), user, str(scene.plan.ledger_calls)]
    output = run_to_end("the ledger's bench", command, core=scene.cores.server, folder=scene.folder)
    return [Figure(f"ledger.{name}", value, unit) for name, value, unit in json.loads(output)]


async def count(file: Path, user: str, calls: int) -> list[tuple[str, float, str]]:
    """Count a user's calls in each of three ways, by many callers and by one: name, value, unit.

    One caller makes fewer of them, since each of its commits is made for it alone.
    """
    database = SqliteDatabase(file)
    try:
        now = _now_ms()
        await database.write(ledger.begin_epoch(_EPOCH, now))
        order = ledger.GrantOrder(user, QUERY_TYPE, 2 * calls * ROUNDS * len(WAYS), "bench")
        await database.write(ledger.grant(order, now))
        many = await _take_turns(database, user, callers=CALLERS, each=calls // CALLERS)
        alone = await _take_turns(database, user, callers=1, each=max(1, calls // ALONE_SHARE))
    finally:
        await database.close()
    rows = [(f"{name}_cpu_us", cpu_us, "CPU-us/call") for name, (cpu_us, _) in many.items()]
    rows += [(f"{name}_alone_cpu_us", cpu_us, "CPU-us/call") for name, (cpu_us, _) in alone.items()]
    rows += [(f"{name}_alone_ms", clock_us / 1e3, "ms") for name, (_, clock_us) in alone.items()]
    return [
        *rows,
        ("second_commit_cpu_us", _difference(many, 0), "CPU-us/call"),
        ("second_commit_alone_cpu_us", _difference(alone, 0), "CPU-us/call"),
        ("second_commit_alone_ms", _difference(alone, 1) / 1e3, "ms"),
    ]


def _difference(cost: Cost, place: int) -> float:
    return cost["hold_and_settle"][place] - cost["hold_and_settle_later"][place]


async def _take_turns(database: SqliteDatabase, user: str, *, callers: int, each: int) -> Cost:
    """Count in turns; way → CPU-microseconds and microseconds on the clock for one call."""
    cpu_us: dict[str, list[float]] = {name: [] for name in WAYS}
    clock_us: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            begun_cpu_s, begun_s = time.process_time(), time.perf_counter()
            await asyncio.gather(*(_caller(database, way, user, each) for _ in range(callers)))
            clock_us[name].append((time.perf_counter() - begun_s) * 1e6 / (callers * each))
            # A write that waits for all that was put off before it.
            await database.write(ledger.held(user))
            cpu_us[name].append((time.process_time() - begun_cpu_s) * 1e6 / (callers * each))
    return {name: (median(cpu_us[name]), median(clock_us[name])) for name in WAYS}


async def _caller(database: SqliteDatabase, way: Way, user: str, calls: int) -> None:
    for _ in range(calls):
        order = ledger.HoldOrder(
            new_id("call"), 1, _EPOCH, PAYWALL, user, "prov_bench", QUERY_TYPE, 1
        )
        await way(database, order)


async def _hold(database: SqliteDatabase, order: ledger.HoldOrder) -> None:
    await _held(database, order)


async def _settle_later(database: SqliteDatabase, order: ledger.HoldOrder) -> None:
    held = await _held(database, order)
    database.write_later(ledger.settle(held, ledger.Ending("ok", 200, _now_ms())))


async def _settle(database: SqliteDatabase, order: ledger.HoldOrder) -> None:
    held = await _held(database, order)
    await database.write(ledger.settle(held, ledger.Ending("ok", 200, _now_ms())))


async def _held(database: SqliteDatabase, order: ledger.HoldOrder) -> ledger.Hold:
    held = await database.write(ledger.hold(order, _now_ms()))
    if isinstance(held, ledger.NotEnough):
        raise CannotMeasure("the ledger's bench ran out of credits")
    return held


WAYS: dict[str, Way] = {
    "hold": _hold,
    "hold_and_settle_later": _settle_later,
    "hold_and_settle": _settle,
}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    print(json.dumps(uvloop.run(count(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))))
