"""When the database was away, as this process saw it: calls of that time may come to nothing."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tollbridge.gateway.database import Database, Script, Statement, StoreUnavailable
from tollbridge.gateway.torture.history import History

# Shorter than a restart, which is seen by its time, too.
_LOOK_S = 0.1
# A gateway gives up after five seconds at the earliest.
_SLOW_S = 3.0
# What gateways still have to do when it is back: connect, and write what was due.
_RECOVERY_S = 5.0


@asynccontextmanager
async def noting_outages(database: Database, history: History) -> AsyncIterator[None]:
    """Look at a PostgreSQL database until the block ends; write down when it was not there."""
    looking = asyncio.create_task(_look_on(database, history))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _look_on(database: Database, history: History) -> None:
    began: int | None = None
    seen_at = time.time()
    is_away = False
    try:
        while True:
            try:
                found = await database.read(_start_of_server())
            except StoreUnavailable:
                is_away = True
            else:
                now = time.time()
                if is_away or began not in (None, found) or now - seen_at > _SLOW_S:
                    history.away.append((seen_at, now + _RECOVERY_S))
                began, seen_at, is_away = found, now, False
            await asyncio.sleep(_LOOK_S)
    finally:
        if is_away:
            history.away.append((seen_at, float("inf")))


def _start_of_server() -> Script[int]:
    rows = yield Statement(
        "select cast(extract(epoch from pg_postmaster_start_time()) * 1000 as bigint)"
    )
    return int(rows[0][0])
