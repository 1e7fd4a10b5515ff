"""What a failing store would not take when it was due, tried again until it stands.

Credits to give back first of all, and how calls ended. If the process dies before, the sweep of
the next start does what it can.
"""

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context
from typing import NamedTuple

from tollbridge.gateway import ledger
from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, Script, StoreUnavailable

log = logging.getLogger(__name__)

# Often enough that a user does not wait for his credit, seldom enough for a store in trouble.
PAUSE_S = 0.5


class _Repair(NamedTuple):
    call_id: str
    make: Callable[[], Script[str | None]]


class Repairs:
    """Writes what a failing store would not take, as soon as it takes it."""

    def __init__(self, database: Database, clock: Clock, *, pause_s: float = PAUSE_S) -> None:
        """Write to `database`, trying every `pause_s`."""
        self._database = database
        self._clock = clock
        self._pause_s = pause_s
        self._due: list[_Repair] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def due(self) -> int:
        """How many calls still wait."""
        return len(self._due)

    def add(self, order: Callable[[], ledger.HoldOrder], outcome: str) -> None:
        """Have a call's credit given back, whatever the store knows of it.

        `order` is asked each time it is tried: a hold that is still queued decides in the store
        which attempt of which call it is.
        """
        call_id = order().call_id
        log.warning("call %s: the store is unavailable, its credit will follow", call_id)

        def undo() -> Script[str | None]:
            ending = ledger.Ending(outcome, None, self._clock.now_ms())
            return (yield from ledger.undo(order(), ending))

        self._put(_Repair(call_id, undo))

    def add_ending(self, hold: ledger.Hold, ending: ledger.Ending) -> None:
        """Have it written how a settled call ended."""
        self._put(_Repair(hold.order.call_id, lambda: ledger.end(hold, ending)))

    async def close(self) -> None:
        """Try once more and stop; what is left is the next start's to sweep."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._try_all()

    def _put(self, repair: _Repair) -> None:
        self._due.append(repair)
        if not self._closed and (self._task is None or self._task.done()):
            # It works for many requests; its log lines shall not name the one that began it.
            self._task = asyncio.create_task(self._work(), context=Context())

    async def _work(self) -> None:
        while self._due:
            await asyncio.sleep(self._pause_s)
            await self._try_all()

    async def _try_all(self) -> None:
        for repair in list(self._due):
            try:
                found = await self._database.write(repair.make())
            except Exception as error:
                if not isinstance(error, StoreUnavailable):
                    log.exception("call %s: a fault of ours, it is tried again", repair.call_id)
                # The next try begins with another: one that the store will never take must not
                # keep the rest from their credits.
                self._due.remove(repair)
                self._due.append(repair)
                return
            self._due.remove(repair)
            log.info("call %s: repaired%s", repair.call_id, f", found {found}" if found else "")
