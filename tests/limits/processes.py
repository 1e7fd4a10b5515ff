"""Several processes' call limits over one store, and what somebody would know who saw all of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.clock import FakeSeconds
from tollbridge.gateway.calls.limits import CallLimits, Slot
from tollbridge.gateway.calls.shared_limits import SharedLimits
from tollbridge.gateway.database import Database, PostgresDatabase, Script, StoreUnavailable
from tollbridge.gateway.settings import LIMITS, Limits

ADDRESS_KEY = bytes(32)
LIFTED: dict[str, Any] = dict.fromkeys(name.lower() for name in LIMITS if "_RUNNING" in name)
LIFTED |= dict.fromkeys(name.lower() for name in LIMITS if "_PER_MINUTE" in name)


class Unreliable:
    """A real store, over a line that fails when it is told to.

    Attributes:
        fails: `before` anything is done, or `after` it, so that nobody knows it was.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        """Begin with a line that works."""
        self._database = database
        self.fails = ""

    async def write(self, script: Script[Any]) -> Any:
        """See `Database.write`."""
        if self.fails == "before":
            raise StoreUnavailable("the line is cut")
        value = await self._database.write(script)
        if self.fails == "after":
            raise StoreUnavailable("the line is cut", outcome_unknown=True)
        return value


@dataclass
class Call:
    """A call that was let in, by the clock that everybody shares.

    Attributes:
        told_s: When the others could read of it first; None while they cannot.
    """

    user_id: str
    address: str
    free: bool
    began_s: float
    slot: Slot
    ended_s: float | None = None
    told_s: float | None = None

    def ran_at(self, moment_s: float) -> bool:
        """Return whether it ran at a moment."""
        return self.began_s <= moment_s and (self.ended_s is None or moment_s < self.ended_s)


class Shared:
    """The time by the database's clock, which a test sets."""

    def __init__(self, now_s: float = 1_800_000_000.0) -> None:
        """Begin at that moment, in seconds since 1970."""
        self.now_s = now_s

    def read_clock(self) -> Script[int]:
        """See `shared_queries.read_clock`."""
        yield from ()
        return round(self.now_s * 1000)


@dataclass
class Process:
    """A gateway process as far as it limits calls.

    Attributes:
        heard_s: When it last exchanged.
        tried_s: When it last tried to.
        asked: When each user and address wanted to make a call here.
        stopped_s: Since when it does nothing at all; None while it works.
        back_s: When it last went on after that.
    """

    limits: CallLimits
    shared: SharedLimits
    seconds: FakeSeconds
    line: Unreliable
    calls: list[Call] = field(default_factory=list)
    heard_s: float = 0.0
    tried_s: float = 0.0
    stopped_s: float | None = None
    back_s: float = 0.0
    asked: dict[str, list[float]] = field(default_factory=dict)

    def running(self, is_theirs: Callable[[Call], bool], moment_s: float) -> int:
        """Return how many of somebody's calls ran at a moment."""
        return sum(is_theirs(call) and call.ran_at(moment_s) for call in self.calls)


def open_process(
    database: PostgresDatabase, clock: Shared, ahead_s: float = 0.0, **limits: int
) -> Process:
    """Begin a process whose own clock reads something else than the shared one."""
    seconds = FakeSeconds(clock.now_s + ahead_s)
    own = CallLimits(Limits(**{**LIFTED, **limits}), seconds, shared=True)
    line = Unreliable(database)
    as_store: Database = line  # type: ignore[assignment]
    shared = SharedLimits(own, as_store, ADDRESS_KEY, read_clock=clock.read_clock)
    return Process(own, shared, seconds, line)


async def exchange(*processes: Process) -> None:
    """Have processes exchange, one after the other."""
    for process in processes:
        await process.shared.exchange()
