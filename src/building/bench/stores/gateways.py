"""The groups with HTTP: whole metered calls through gateways on either store."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from building.bench import gateway as ours
from building.bench import nginx
from building.bench.calls import CONNECTIONS, USERS, check_metered
from building.bench.client import Target, wait_for_200
from building.bench.figures import CannotMeasure, Figure, ratio
from building.bench.gateway import Gateway, User
from building.bench.goals import figure
from building.bench.stores.sizes import Sizes, sizes_of
from building.bench.stores.stage import POSTGRES_STORE, SQLITE_STORE, STORES, Stage
from building.bench.turns import Contender, Turns, let_calm_down, take_turns
from building.bench.wrk import run_wrk
from tollbridge.gateway.data_folder import DATABASE_FILE

# Enough that two workers are as busy as one: a worker that waits for the store between two calls
# sends smaller batches, and what is compared then is how much it has to do.
WORKERS_CONNECTIONS = 192

# A relation that grows by less than this for each call is left out of the table.
SHOWN_BYTES = 1.0
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Serving:
    """A gateway on a store.

    Attributes:
        name: How figures call it.
        place: The store: an address or a file.
        gateway: It.
        users: The headers of those who call.
    """

    name: str
    place: str
    gateway: Gateway
    users: tuple[User, ...]

    @property
    def target(self) -> Target:
        """A call of a user; they take turns."""
        return self.gateway.target("json", *self.users)

    async def credits(self) -> int:
        """How many credits all users have left together."""
        return sum(await asyncio.gather(*(self.gateway.credits(user) for user in self.users)))


async def measure_calls(stage: Stage) -> list[Figure]:
    """Plain calls by 64 users over 64 connections: SQLite beside PostgreSQL."""
    async with AsyncExitStack() as stack:
        serving = [
            await stack.enter_async_context(_serving(stage, "calls", store)) for store in STORES
        ]
        taken = await _take(stage, serving)
    compared = ratio(taken[POSTGRES_STORE].per_cpu_s(), taken[SQLITE_STORE].per_cpu_s())
    return [*_figures("calls", taken), figure("calls.postgres_to_sqlite", compared, "x")]


async def measure_workers(stage: Stage) -> list[Figure]:
    """The same on PostgreSQL: one process that serves beside two, on the same core."""
    names = {"one": 1, "two": 2}
    async with AsyncExitStack() as stack:
        serving = [
            await stack.enter_async_context(
                _serving(stage, "workers", POSTGRES_STORE, name=name, workers=workers)
            )
            for name, workers in names.items()
        ]
        taken = await _take(stage, serving, WORKERS_CONNECTIONS)
    compared = ratio(taken["two"].per_cpu_s(), taken["one"].per_cpu_s())
    return [*_figures("workers", taken), figure("workers.two_to_one", compared, "x")]


async def measure_cost(stage: Stage) -> list[Figure]:
    """What a million keyed calls cost: CPU, rows, bytes; measured on some and scaled."""
    figures = []
    for store in STORES:
        async with _serving(stage, "cost", store) as serving:
            figures += await _cost(stage, store, serving)
    return figures


async def _cost(stage: Stage, store: str, serving: Serving) -> list[Figure]:
    target = replace(serving.target, is_keyed=True)
    await _load(stage, serving, target, at_least=stage.plan.cost_calls // 10)
    if store == POSTGRES_STORE:
        await stage.tell("checkpoint")  # as long ago as in any other run
    process = serving.gateway.process
    credits, before = await serving.credits(), await sizes_of(store, serving.place)
    cpu_s, server_cpu_s = process.cpu_s(), stage.server_cpu_s()
    wal_bytes = await stage.wal_bytes()
    answered = await _load(stage, serving, target, at_least=stage.plan.cost_calls)
    cpu_s, server_cpu_s = process.cpu_s() - cpu_s, stage.server_cpu_s() - server_cpu_s
    wal_bytes = await stage.wal_bytes() - wal_bytes
    after = await sizes_of(store, serving.place)
    made = after.rows["calls"] - before.rows["calls"]
    charged = credits - await serving.credits()
    if not answered <= charged <= made:
        raise CannotMeasure(f"{answered} calls of {made} were answered and {charged} charged")
    name = f"cost.{store}"
    figures = [
        figure(f"{name}_calls", made, "calls"),
        figure(f"{name}_gateway_cpu_s", cpu_s * MILLION / made, "CPU-s/million"),
    ]
    if store == POSTGRES_STORE:
        figures += [
            figure(f"{name}_server_cpu_s", server_cpu_s * MILLION / made, "CPU-s/million"),
            figure(f"{name}_wal_mb", wal_bytes / made, "MB/million"),
        ]
    return [*figures, *grown(name, before, after, made)]


def grown(name: str, before: Sizes, after: Sizes, calls: int) -> list[Figure]:
    """What calls have added to each table and index; bytes for a call are MB for a million."""
    rows = [
        figure(f"{name}_{table}_rows", (count - before.rows.get(table, 0)) / calls, "rows/call")
        for table, count in sorted(after.rows.items())
        if count > before.rows.get(table, 0)
    ]
    added = {
        relation: (size - before.sizes.get(relation, 0)) / calls
        for relation, size in sorted(after.sizes.items())
    }
    shown = [
        figure(f"{name}_{relation}_mb", size, "MB/million")
        for relation, size in added.items()
        if size >= SHOWN_BYTES
    ]
    return [*rows, *shown, figure(f"{name}_all_mb", sum(added.values()), "MB/million")]


async def _load(stage: Stage, serving: Serving, target: Target, *, at_least: int) -> int:
    """Load a gateway until so many calls were answered; return how many were."""
    answered = 0
    while answered < at_least:
        load = await run_wrk(
            target,
            connections=CONNECTIONS,
            seconds=stage.plan.turns.seconds,
            folder=stage.folder,
        )
        answered += load.requests
    await let_calm_down(serving.gateway.process)
    return answered


@contextlib.asynccontextmanager
async def _serving(
    stage: Stage, group: str, store: str, *, name: str | None = None, workers: int = 1
) -> AsyncIterator[Serving]:
    """Run a gateway on a store of its own, with its provider and users, until the block ends."""
    name = name or store
    own = f"{group}-{name}"
    async with AsyncExitStack() as stack:
        url = None
        if store == POSTGRES_STORE:
            url = await stack.enter_async_context(stage.place(store, own))
        port = stack.enter_context(
            nginx.json_mock(stage.folder / f"mock-{own}", core=stage.cores.load)
        )
        path = stage.folder / own
        folder = ours.make_folder(stage.root, path, {"json": port}, database_url=url)
        gateway = stack.enter_context(
            ours.running(folder, core=stage.cores.server, workers=workers)
        )
        users = tuple([await gateway.sign_in() for _ in range(USERS)])
        place = url or str(path / DATABASE_FILE)
        serving = Serving(name, place, gateway, users)
        await wait_for_200(serving.target, within_s=ours.START_S)
        yield serving


async def _take(
    stage: Stage, serving: Sequence[Serving], connections: int = CONNECTIONS
) -> dict[str, Turns]:
    contenders = [Contender(one.name, one.target, one.gateway.process) for one in serving]
    before = [await one.credits() for one in serving]
    taken = await take_turns(
        contenders,
        connections=connections,
        plan=stage.plan.turns,
        cores=stage.cores,
        folder=stage.folder,
    )
    for one, credits in zip(serving, before, strict=True):
        check_metered(taken[one.name], credits - await one.credits(), connections)
    return taken


def _figures(group: str, taken: dict[str, Turns]) -> list[Figure]:
    found = []
    for name, turns in taken.items():
        found += [
            figure(f"{group}.{name}_per_cpu_s", turns.per_cpu_s(), "calls/CPU-s"),
            figure(f"{group}.{name}_per_s", turns.per_s(), "calls/s"),
            figure(f"{group}.{name}_core_share", turns.server_share() * 100, "%"),
        ]
    others = max(turns.others_share() for turns in taken.values())
    return [*found, figure(f"{group}.others_core_share", others * 100, "%")]
