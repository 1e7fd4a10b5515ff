"""One time for all gateways on a database: a machine whose clock is wrong follows the server's.

Else sessions would end early at one gateway, and grants that are over at one be good at another.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tollbridge.gateway.clock import Clock, SystemClock
from tollbridge.gateway.database import Database, Script, Statement, StoreUnavailable

log = logging.getLogger(__name__)

# Clocks that are kept by a time server differ by milliseconds, which a question over a network
# cannot tell; nothing here ends by less than this.
TOLERATED_MS = 2000
# A clock may be set while the process runs; access tokens live for 15 minutes.
COMPARE_S = 60


class AgreedClock:
    """The machine's own clock, corrected by what it is apart from the database server's."""

    def __init__(self, own: Clock) -> None:
        """Follow `own` until it was compared."""
        self._own = own
        self._ahead_ms = 0

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        return self._own.now_ms() - self._ahead_ms

    async def compare(self, database: Database) -> None:
        """Ask the server for its time, and correct this clock if it is apart.

        Raises:
            StoreUnavailable: It did not tell; the last correction stands.
        """
        before = self._own.now_ms()
        server = await database.read(_time_of_server())
        after = self._own.now_ms()
        ahead = apart(server, before, after)
        if ahead and abs(ahead - self._ahead_ms) > TOLERATED_MS:
            log.warning(
                "this machine's clock is %d s %s the database's, whose time is used",
                abs(ahead) // 1000,
                "ahead of" if ahead > 0 else "behind",
            )
        self._ahead_ms = ahead


def apart(server: int, before: int, after: int) -> int:
    """Return by how many milliseconds a clock is ahead of the server's; 0 where that is tolerated.

    `before` and `after` are what it showed when the server was asked and when it had answered.
    """
    if before - TOLERATED_MS <= server <= after + TOLERATED_MS:
        return 0
    return (before + after) // 2 - server


@asynccontextmanager
async def agreed_clock(database: Database) -> AsyncIterator[Clock]:
    """Give a clock that agrees with a PostgreSQL server's, and keep it so until the block ends.

    Raises:
        StoreUnavailable: The server did not tell its time.
    """
    clock = AgreedClock(SystemClock())
    await clock.compare(database)
    comparing = asyncio.create_task(_compare_on(clock, database))
    try:
        yield clock
    finally:
        comparing.cancel()
        await asyncio.gather(comparing, return_exceptions=True)


async def _compare_on(clock: AgreedClock, database: Database) -> None:
    while True:
        await asyncio.sleep(COMPARE_S)
        try:
            await clock.compare(database)
        except StoreUnavailable as error:
            log.warning("the store did not tell its time: %s", error)


def _time_of_server() -> Script[int]:
    rows = yield Statement("select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)")
    return int(rows[0][0])
