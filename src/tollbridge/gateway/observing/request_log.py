"""The request log: a row for each request, kept for some days, written when there is time.

A row holds no prompt, no answer, no address, no query and nothing else that a page chose. Nobody
waits for it, and a request is answered whether or not the store takes its row.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, Script, StoreUnavailable
from tollbridge.gateway.observing.queries import (
    TOGETHER_MAX,
    LoggedRequest,
    delete_requests,
    insert_requests,
)
from tollbridge.gateway.observing.record import RequestRecord

log = logging.getLogger(__name__)

DAY_MS = 24 * 60 * 60 * 1000
# Rows that wait for a store that takes nothing just now, some 5 MB; then the oldest are lost.
WAITING_ROWS_MAX = 10_000
# Rows deleted in one commit: a call that shares it hardly notices.
DELETED_ROWS = 500
# Between two of these while there are more: 5,000 rows a second go, more than can come.
NEXT_PORTION_S = 0.1
# Days are counted in days; a look an hour keeps each portion small.
NEXT_LOOK_S = 3600


class RequestLog:
    """Writes rows that ride in the next commit."""

    def __init__(self, database: Database) -> None:
        """Write to `database`."""
        self._database = database
        self._rows: deque[LoggedRequest] = deque(maxlen=WAITING_ROWS_MAX)
        self._is_due = False

    def write(self, record: RequestRecord) -> None:
        """Have a request's row written, soon."""
        self._rows.append(row_of(record))
        if not self._is_due:
            self._is_due = True
            self._database.write_later(self._write_waiting(), self._not_taken)

    def _write_waiting(self) -> Script[None]:
        # Runs on the store's thread. What is appended from here on may make another script, never
        # none.
        self._is_due = False
        while rows := self._take_waiting():
            yield insert_requests(rows)

    def _take_waiting(self) -> list[LoggedRequest]:
        taken: list[LoggedRequest] = []
        with suppress(IndexError):
            while len(taken) < TOGETHER_MAX:
                taken.append(self._rows.popleft())
        return taken

    def _not_taken(self) -> None:
        self._is_due = False  # what still waits goes with the next request's row


def row_of(record: RequestRecord) -> LoggedRequest:
    """Return the row of a request that ends now."""
    return LoggedRequest(
        record.began_at,
        record.request_id,
        record.method,
        record.route,
        record.status,
        record.error or None,
        round((perf_counter() - record.began) * 1000),
        record.paywall_id or None,
        record.user_id or None,
        record.provider_id or None,
        record.call_id or None,
        record.outcome or None,
        record.credits,
        record.bytes_in,
        record.bytes_out,
    )


async def delete_old(
    database: Database, clock: Clock, days: int, *, pause_s: float = NEXT_PORTION_S
) -> None:
    """Delete what is older than so many days, in portions that nobody has to wait for.

    Raises:
        StoreUnavailable: The store did not take a portion; those before it are gone.
    """
    before = clock.now_ms() - days * DAY_MS
    while True:
        deleted = await database.write(delete_requests(before, DELETED_ROWS))
        if deleted < DELETED_ROWS:
            return
        await asyncio.sleep(pause_s)


@asynccontextmanager
async def keep_days(
    database: Database, clock: Clock, days: int, *, look_s: float = NEXT_LOOK_S
) -> AsyncIterator[None]:
    """Delete old rows every `look_s` seconds until the block ends."""

    async def look() -> None:
        while True:
            try:
                await delete_old(database, clock, days)
            except StoreUnavailable as error:
                log.warning("old requests are not deleted yet: %s", error)
            await asyncio.sleep(look_s)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
