"""A gateway process says that it lives, and closes what processes that are dead left open.

Holds carry the epoch of the process that made them. A process that was silent for long is taken
for dead and its calls are swept; should it come back, it finds its epoch over, begins a new one,
and settles only what it can (`ledger.charge`).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from tollbridge.gateway import ledger
from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, Script, StoreUnavailable
from tollbridge.gateway.ids import new_id

log = logging.getLogger(__name__)

# Calls that the sweep closes in one commit, at most; it keeps others from their users' credits
# meanwhile. Where the store does not get done with so many, it is asked for fewer.
SWEEP_CALLS = 100


class Watch:
    """Decides who is silent, by what one process sees on its own clock. No I/O.

    Clocks of machines differ, so what is judged is whether a beat changes, not what it says.
    """

    def __init__(self, silent_s: float) -> None:
        """Take for dead whoever has not changed for `silent_s`."""
        self._silent_s = silent_s
        self._seen: dict[str, tuple[int, float]] = {}
        self._looked_s: float | None = None

    def look(self, now_s: float, beats: Mapping[str, int]) -> list[tuple[str, int]]:
        """Note the last beats of the others; return those that are silent, with their last beat.

        A gap in our own looking (we were stopped, or the store was away) says nothing about the
        others: everybody is watched from the beginning again.
        """
        # Beats, and so looks, are up to half of the silence apart, and a little later.
        if self._looked_s is None or now_s - self._looked_s > self._silent_s * 3 / 4:
            self._seen = {}
        self._looked_s = now_s
        self._seen = {
            epoch_id: (
                self._seen[epoch_id]
                if self._seen.get(epoch_id, (None,))[0] == beat_at
                else (beat_at, now_s)
            )
            for epoch_id, beat_at in beats.items()
        }
        return [
            (epoch_id, beat_at)
            for epoch_id, (beat_at, since_s) in self._seen.items()
            if now_s - since_s >= self._silent_s
        ]


class Heart:
    """The epoch of this process: begun with a sweep, kept by beats, ended properly.

    Attributes:
        epoch_id: What holds that are made now carry.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        beat_s: float,
        silent_s: float,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare it; `start` writes the first beat.

        Args:
            database: Where beats are written.
            clock: What times in the store are read from.
            beat_s: Seconds between two beats.
            silent_s: After so many without one, another process is taken for dead.
            now_s: A clock in seconds that never steps.
        """
        self._database = database
        self._clock = clock
        self._beat_s = beat_s
        self._now_s = now_s
        self._watch = Watch(silent_s)
        self._task: asyncio.Task[None] | None = None
        self._own: set[str] = set()
        # At first too: who was to sweep may have ended before it did.
        self._sweep_is_due = True
        self._sweep_calls = SWEEP_CALLS
        self.epoch_id = ""

    async def start(self, *, alone: bool) -> None:
        """Begin an epoch and go on beating.

        Args:
            alone: No other gateway lives on this store, as the lock on the data folder says: what
                is open of others is closed first.

        Raises:
            StoreUnavailable: The store did not take it.
        """
        await self.begin()
        if alone:
            await self._repeat(lambda now, most: ledger.sweep(self.epoch_id, now, most=most))
        self._task = asyncio.create_task(self._beat_on())

    async def begin(self) -> None:
        """Begin an epoch beside those of others that may live.

        Raises:
            StoreUnavailable: The store did not take it.
        """
        epoch_id = new_id("epoch")
        await self._database.write(ledger.begin_epoch(epoch_id, self._clock.now_ms()))
        self._own.add(epoch_id)
        self.epoch_id = epoch_id

    async def beat(self) -> None:
        """Say that this process lives, and sweep the calls of those that are dead.

        Raises:
            StoreUnavailable: The store did not take it.
        """
        alive, others = await self._database.write(ledger.beat(self.epoch_id, self._clock.now_ms()))
        if not alive:
            log.warning("this process was taken for dead; it goes on in a new epoch")
            await self.begin()
        silent = self._watch.look(self._now_s(), others)
        if silent:
            log.warning("%d processes are silent; their calls are swept", len(silent))
            await self._database.write(ledger.end_silent(silent, self._clock.now_ms()))
            self._sweep_is_due = True
        if self._sweep_is_due:
            await self._repeat(lambda now, most: ledger.sweep_the_dead(self._own, now, most=most))
            self._sweep_is_due = False  # one that fails stays due: nobody finds them silent again

    async def stop(self) -> None:
        """End the epoch; what a failing store would not take is the next start's to sweep."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self._database.write(ledger.finish_epoch(self.epoch_id, self._clock.now_ms()))
        except StoreUnavailable as error:
            log.warning("the store is unavailable (%s); the next start looks after it", error)

    async def _repeat(self, sweep: Callable[[int, int], Script[int]]) -> None:
        most = self._sweep_calls
        try:
            while await self._database.write(sweep(self._clock.now_ms(), most)) == most:
                pass
        except StoreUnavailable:
            # Each call takes some round trips, and a unit has its time: on a slow way to the store
            # the same number would fail for ever.
            self._sweep_calls = max(1, most // 2)
            raise
        self._sweep_calls = SWEEP_CALLS

    async def _beat_on(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            try:
                await self.beat()
            except StoreUnavailable as error:
                log.warning("the store did not take a beat: %s", error)
