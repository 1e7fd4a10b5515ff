"""The groups without HTTP: what a debit costs, alone, together, and from several processes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from building.bench.figures import Figure, median, ratio
from building.bench.goals import figure
from building.bench.stores import gates
from building.bench.stores.fill import Past, users_of
from building.bench.stores.stage import POSTGRES_STORE, STORES, Stage
from building.bench.stores.work import CALLERS, Driven

USERS = 1_000
PEOPLE = Past(USERS, 0)
# Gateways in one process each, beside each other on one database.
PROCESSES = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Debits:
    """Some seconds of debits.

    Attributes:
        driven: What the processes in the gateway's place did, all of them together.
        server_cpu_s: CPU-seconds of PostgreSQL meanwhile.
    """

    driven: Driven
    server_cpu_s: float

    @property
    def per_s(self) -> float:
        """Debits per second on the clock."""
        return self.driven.calls / self.driven.took_s

    @property
    def cpu_us(self) -> float:
        """CPU-microseconds per debit in the gateway's place."""
        return self.driven.cpu_s * 1e6 / self.driven.calls

    @property
    def server_cpu_us(self) -> float:
        """CPU-microseconds of PostgreSQL per debit."""
        return self.server_cpu_s * 1e6 / self.driven.calls


async def measure_debits(stage: Stage) -> list[Figure]:
    """Both stores, many callers and one, a thousand users in turns and one hot one."""
    taken: dict[str, list[Debits]] = {}
    async with (
        stage.filled(STORES[0], "debits", PEOPLE) as sqlite,
        stage.filled(STORES[1], "debits", PEOPLE) as postgres,
    ):
        for _ in range(stage.plan.rounds):
            for users, count in (("spread", USERS), ("hot", 1)):
                for callers, alone in ((CALLERS, ""), (1, "_alone")):
                    for store, place in zip(STORES, (sqlite, postgres), strict=True):
                        debits = await _debits(stage, place, users=count, callers=callers)
                        taken.setdefault(f"debits.{store}_{users}{alone}", []).append(debits)
    return [found for name, rounds in taken.items() for found in figures_of(name, rounds)]


async def measure_batches(stage: Stage) -> list[Figure]:
    """One hot user, 64 callers: statements that travel together beside each of them alone."""
    together, single = [], []
    async with stage.filled(POSTGRES_STORE, "batches", PEOPLE) as place:
        for _ in range(stage.plan.rounds):
            together.append(await _debits(stage, place, users=1, callers=CALLERS))
            single.append(await _debits(stage, place, users=1, callers=CALLERS, alone=True))
    compared = ratio(_per_s(together), _per_s(single))
    return [
        *figures_of("batches.together", together),
        *figures_of("batches.single", single),
        figure("batches.together_to_single", compared, "x"),
    ]


async def measure_scaling(stage: Stage) -> list[Figure]:
    """One, two and four processes on one PostgreSQL: what they do, and what it costs there."""
    taken: dict[int, list[Debits]] = {count: [] for count in PROCESSES}
    async with stage.filled(POSTGRES_STORE, "scaling", PEOPLE) as place:
        for _ in range(stage.plan.rounds):
            for count in PROCESSES:
                taken[count].append(await _joint_debits(stage, place, processes=count))
    return [
        found
        for count, rounds in taken.items()
        for found in figures_of(f"scaling.by_{count}", rounds)
    ]


def joined(parts: Sequence[Driven]) -> Driven:
    """What several processes did at the same time; the last one to end says how long it took."""
    return Driven(
        sum(part.calls for part in parts),
        max(part.took_s for part in parts),
        sum(part.cpu_s for part in parts),
    )


async def _debits(
    stage: Stage, place: str, *, users: int, callers: int, alone: bool = False
) -> Debits:
    found = await stage.run(
        "debits",
        place=place,
        users=users_of(PEOPLE)[:users],
        callers=callers,
        seconds=stage.plan.seconds,
        server_pid=stage.server.pid,
        alone=alone,
    )
    return Debits(Driven(found["calls"], found["took_s"], found["cpu_s"]), found["server_cpu_s"])


async def _joint_debits(stage: Stage, place: str, *, processes: int) -> Debits:
    gate = stage.folder / "gate"
    running = [
        asyncio.create_task(
            stage.run(
                "joint_debits",
                place=place,
                users=users_of(PEOPLE),
                callers=CALLERS,
                seconds=stage.plan.seconds,
                gate=str(gate),
                number=number,
            )
        )
        for number in range(processes)
    ]
    try:
        await asyncio.to_thread(gates.open_gate, gate, processes)
        before_s = stage.server_cpu_s()
        parts = [Driven(**found) for found in await asyncio.gather(*running)]
        return Debits(joined(parts), stage.server_cpu_s() - before_s)
    finally:
        gates.take_away(gate)


def _per_s(rounds: Sequence[Debits]) -> float:
    return median([debits.per_s for debits in rounds])


def figures_of(name: str, rounds: Sequence[Debits]) -> list[Figure]:
    """What is told of some rounds; a store inside the process has no CPU-time of its own."""
    found = [
        figure(f"{name}_per_s", _per_s(rounds), "debits/s"),
        figure(f"{name}_cpu_us", median([debits.cpu_us for debits in rounds]), "CPU-us/debit"),
    ]
    if "sqlite" not in name:
        server = median([debits.server_cpu_us for debits in rounds])
        found.append(figure(f"{name}_server_cpu_us", server, "CPU-us/debit"))
    return found
