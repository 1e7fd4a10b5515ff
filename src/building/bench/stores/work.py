"""Calls as a store sees them, without HTTP: held, settled and ended by what serves real ones."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from building.bench.figures import CannotMeasure
from building.bench.gateway import PAYWALL, QUERY_TYPE
from tollbridge.gateway import ledger
from tollbridge.gateway.calls.answer import Progress
from tollbridge.gateway.calls.credit import Credit, Till
from tollbridge.gateway.calls.heart import Heart
from tollbridge.gateway.calls.repairs import Repairs
from tollbridge.gateway.clock import SystemClock
from tollbridge.gateway.database import Database, PostgresDatabase, SqliteDatabase
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.settings import BEAT_S, SILENT_S, Limits

# As many at once as plain calls have connections.
CALLERS = 64
# Between two looks at whether all that was put off is written, and how many looks are enough.
LOOK_AGAIN_S = 0.001
LOOKS = 30_000


@dataclass(frozen=True, slots=True)
class Driven:
    """What some seconds of work came to.

    Attributes:
        calls: Held, settled and ended.
        took_s: Until the last of them was written.
        cpu_s: CPU-seconds of this process meanwhile, all threads.
    """

    calls: int
    took_s: float
    cpu_s: float


@contextlib.asynccontextmanager
async def opened(place: str) -> AsyncIterator[Database]:
    """Open a store until the block ends; `place` is an address of PostgreSQL or a file."""
    database: Database = (
        await PostgresDatabase.open(place)
        if place.startswith("postgresql://")
        else SqliteDatabase(Path(place))
    )
    try:
        yield database
    finally:
        await database.close()


async def open_till(database: Database) -> Till:
    """Begin an epoch on a store, as a gateway does; all limits have their defaults."""
    clock = SystemClock()
    heart = Heart(database, clock, beat_s=BEAT_S, silent_s=SILENT_S)
    await heart.begin()
    return Till(database, Repairs(database, clock), clock, Limits(), heart)


async def call(till: Till, user_id: str) -> float:
    """Make one call under a key of its own; return how many seconds its hold took.

    Raises:
        CannotMeasure: The store did not hold or settle it.
    """
    order = ledger.HoldOrder(
        call_id=new_id("call"),
        attempt=1,
        epoch_id=till.heart.epoch_id,
        paywall_id=PAYWALL,
        user_id=user_id,
        provider_id="prov_bench",
        query_type=QUERY_TYPE,
        amount=1,
        # As long as the digests of a page's key and of what it asked for.
        key_hash=os.urandom(32),
        fingerprint=os.urandom(32),
    )
    credit = Credit(till, order, "headers")
    begun_s = time.perf_counter()
    refused = await credit.hold()
    took_s = time.perf_counter() - begun_s
    if refused is not None or await credit.settle() is not None:
        raise CannotMeasure("the store refused a call of a user who has credits")
    credit.finish(Progress(status=200))
    return took_s


async def drive(
    database: Database, user_ids: Sequence[str], *, callers: int, seconds: float
) -> Driven:
    """Have callers make calls in a closed loop for some seconds; the users take turns."""
    till = await open_till(database)
    made = 0

    async def caller() -> None:
        nonlocal made
        while time.perf_counter() < end_s:
            made += 1
            await call(till, user_ids[made % len(user_ids)])

    begun_cpu_s, begun_s = time.process_time(), time.perf_counter()
    end_s = begun_s + seconds
    await asyncio.gather(*(caller() for _ in range(callers)))
    await written(database)
    return Driven(made, time.perf_counter() - begun_s, time.process_time() - begun_cpu_s)


async def written(database: Database) -> None:
    """Wait until everything that was put off is written.

    Raises:
        CannotMeasure: The store does not come to its end.
    """
    await database.write(ledger.held("user_nobody"))  # takes along what waits for company
    for _ in range(LOOKS):
        if not database.load().waiting:
            return
        await asyncio.sleep(LOOK_AGAIN_S)
    raise CannotMeasure("the store did not write what was put off")
