"""Servers measured in turns: A, B, C, A, B, C, so that a slow minute of the machine hits all."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from building.bench.client import Target
from building.bench.figures import CannotMeasure, median
from building.bench.machine import Cores, idle_s
from building.bench.plan import Plan
from building.bench.processes import Process
from building.bench.wrk import Load, run_wrk

# A server is calm when it uses less than this part of a core between two looks; one that never is
# so works without being asked, which is a cost of its own.
CALM_SHARE = 0.15
CALM_LOOK_S = 0.2
CALM_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Contender:
    """A server that takes its turn.

    Attributes:
        name: How figures and messages call it.
        target: What is asked of it.
        process: The server under test; None where the mock is asked without a server between.
        is_slow: It answers so few calls that its turn has to be longer.
        is_restless: It works even while nobody asks it anything, and is therefore stopped while
            others have their turn.
    """

    name: str
    target: Target
    process: Process | None = None
    is_slow: bool = False
    is_restless: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of a server gave.

    Attributes:
        load: What the load generator saw.
        warm_requests: Whole answers before the turn that are not counted in `load`.
        server_cpu_s: CPU-seconds that the server used; 0 without one.
        took_s: How long it lasted on the clock.
        load_core_idle: Which part of the time the core of mock and generator had nothing to do.
        server_core_idle: The same of the core of the server.
    """

    load: Load
    warm_requests: int
    server_cpu_s: float
    took_s: float
    load_core_idle: float
    server_core_idle: float

    @property
    def per_cpu_s(self) -> float:
        """Answers per CPU-second of the server."""
        return self.load.requests / self.server_cpu_s if self.server_cpu_s else 0.0

    @property
    def per_s(self) -> float:
        """Answers per second on the clock."""
        return self.load.requests / self.load.duration_s

    @property
    def server_share(self) -> float:
        """Which part of the time the server was running."""
        return self.server_cpu_s / self.took_s

    @property
    def others_share(self) -> float:
        """Which part of the time something else ran on the server's core; 0 if it was alone."""
        return max(0.0, 1 - self.server_core_idle - self.server_share)


@dataclass(frozen=True, slots=True)
class Turns:
    """All turns of one server."""

    name: str
    turns: tuple[Turn, ...]

    def per_cpu_s(self) -> float:
        """Median of the answers per CPU-second of the server."""
        return median([turn.per_cpu_s for turn in self.turns])

    def per_s(self) -> float:
        """Median of the answers per second."""
        return median([turn.per_s for turn in self.turns])

    def p50_ms(self) -> float:
        """Median over the turns of the median time of an answer."""
        return median([turn.load.p50_ms for turn in self.turns])

    def p99_ms(self) -> float:
        """Median over the turns of the 99th percentile."""
        return median([turn.load.p99_ms for turn in self.turns])

    def server_share(self) -> float:
        """Median of the part of the time in which the server ran."""
        return median([turn.server_share for turn in self.turns])

    def others_share(self) -> float:
        """Median of the part of the time in which something else ran on the server's core."""
        return median([turn.others_share for turn in self.turns])

    def load_core_idle(self) -> float:
        """Median of the part of the time in which the core of the load was idle."""
        return median([turn.load_core_idle for turn in self.turns])


async def take_turns(
    contenders: Sequence[Contender], *, connections: int, plan: Plan, cores: Cores, folder: Path
) -> dict[str, Turns]:
    """Measure all contenders `plan.rounds` times, each alone; name → its turns.

    Raises:
        CannotMeasure: A server refused a call, broke off, or ended.
    """
    taken: dict[str, list[Turn]] = {contender.name: [] for contender in contenders}
    for _ in range(plan.rounds):
        for contender in contenders:
            with _alone(contender, contenders):
                turn = await _turn(contender, connections, plan, cores, folder)
            taken[contender.name].append(turn)
    return {name: Turns(name, tuple(turns)) for name, turns in taken.items()}


async def _turn(
    contender: Contender, connections: int, plan: Plan, cores: Cores, folder: Path
) -> Turn:
    async def ask(seconds: int) -> Load:
        return await run_wrk(
            contender.target, connections=connections, seconds=seconds, folder=folder
        )

    process = contender.process
    warm = await ask(plan.slow_warm_seconds if contender.is_slow else plan.warm_seconds)
    if process is not None:
        await let_calm_down(process)
    cpu_before_s = process.cpu_s() if process else 0.0
    load_idle_s, server_idle_s = idle_s(cores.load), idle_s(cores.server)
    begun_s = time.monotonic()
    load = await ask(plan.slow_seconds if contender.is_slow else plan.seconds)
    took_s = time.monotonic() - begun_s
    if not load.requests:
        raise CannotMeasure(f"{contender.name} did not answer one call in its turn")
    return Turn(
        load,
        warm.requests,
        (process.cpu_s() if process else 0.0) - cpu_before_s,
        took_s,
        min(1.0, (idle_s(cores.load) - load_idle_s) / took_s),
        min(1.0, (idle_s(cores.server) - server_idle_s) / took_s),
    )


async def let_calm_down(process: Process) -> None:
    """Wait until a server has nothing to do; not for ever, since some never have."""
    # Some servers go on with the calls that the warm-up has left, and nobody counts these.
    for _ in range(round(CALM_WITHIN_S / CALM_LOOK_S)):
        before_s = process.cpu_s()
        await asyncio.sleep(CALM_LOOK_S)
        if process.cpu_s() - before_s <= CALM_SHARE * CALM_LOOK_S:
            return


@contextlib.contextmanager
def _alone(contender: Contender, contenders: Sequence[Contender]) -> Iterator[None]:
    others = [
        other.process
        for other in contenders
        if other.is_restless and other.process and other.process is not contender.process
    ]
    for process in others:
        process.pause()
    try:
        yield
    finally:
        for process in others:
            process.go_on()
