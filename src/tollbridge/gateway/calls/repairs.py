"""Calls whose credit could not be given back when it was due: tried again until it stands.

If the process dies first, the sweep of the next start does it.
"""

import asyncio
import logging

from tollbridge.gateway import ledger
from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, StoreUnavailable

log = logging.getLogger(__name__)

# Often enough that a user does not wait for his credit, seldom enough for a store in trouble.
PAUSE_S = 0.5


class Repairs:
    """Gives back what a failing store would not take, as soon as it takes it."""

    def __init__(self, database: Database, clock: Clock, *, pause_s: float = PAUSE_S) -> None:
        """Write to `database`, trying every `pause_s`."""
        self._database = database
        self._clock = clock
        self._pause_s = pause_s
        self._due: list[tuple[ledger.HoldOrder, str]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def due(self) -> int:
        """How many calls still wait for their credit."""
        return len(self._due)

    def add(self, order: ledger.HoldOrder, outcome: str) -> None:
        """Have a call's credit given back, whatever the store knows of it."""
        log.warning("call %s: the store is unavailable, its credit will follow", order.call_id)
        self._due.append((order, outcome))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Try once more and stop; what is left is the next start's to sweep."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._try_all()

    async def _work(self) -> None:
        while self._due:
            await asyncio.sleep(self._pause_s)
            await self._try_all()

    async def _try_all(self) -> None:
        for item in list(self._due):
            order, outcome = item
            ending = ledger.Ending(outcome, None, self._clock.now_ms())
            try:
                found = await self._database.write(ledger.undo(order, ending))
            except StoreUnavailable:
                return
            self._due.remove(item)
            log.info("call %s: found %s, no credit is charged", order.call_id, found)
