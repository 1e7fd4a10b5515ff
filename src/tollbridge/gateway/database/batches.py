"""Gathers what callers ask for alike, so that it travels together: one round trip, one commit."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from tollbridge.gateway.database.script import Rows, StoreUnavailable

# Bounds how long the first of a batch waits for the last.
BATCH_CALLERS = 512

Serve = Callable[[list[tuple[Any, ...]]], Awaitable[Rows | None]]
Start = Callable[[Coroutine[Any, Any, None]], object]


class Batches:
    """Callers of one statement: one batch is on its way at a time, the next gathers meanwhile."""

    def __init__(self, serve: Serve, start: Start) -> None:
        """Begin with nobody.

        Args:
            serve: Sends one array for each value of a caller; returns rows that begin with a
                caller's place, counted from 1, or None where nobody could be served.
            start: Runs what is given to it as a task, and keeps hold of it.
        """
        self._serve = serve
        self._start = start
        self._next: list[tuple[tuple[Any, ...], asyncio.Future[tuple[Any, ...] | None]]] = []
        self._on_the_way = False

    async def add(self, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Take part in the next batch; return the caller's row, or None where there was none.

        A caller that is cancelled in here may be served all the same.

        Raises:
            StoreUnavailable: The batch was not taken, or it is not known whether it was.
        """
        future: asyncio.Future[tuple[Any, ...] | None] = asyncio.get_running_loop().create_future()
        self._next.append((values, future))
        if not self._on_the_way:
            self._on_the_way = True
            self._start(self._send())
        return await future

    async def _send(self) -> None:
        # No pause between "nobody waits" and "nothing is on the way": a caller that came in
        # between would wait for ever.
        while self._next:
            batch, self._next = self._next[:BATCH_CALLERS], self._next[BATCH_CALLERS:]
            await self._send_one(batch)
        self._on_the_way = False

    async def _send_one(
        self, batch: "list[tuple[tuple[Any, ...], asyncio.Future[tuple[Any, ...] | None]]]"
    ) -> None:
        try:
            rows = await self._serve(list(zip(*(values for values, _ in batch), strict=True)))
        except BaseException as error:  # whatever it was, nobody may wait for ever
            for _, future in batch:
                if not future.done():
                    future.set_exception(_failure(error))
            if not isinstance(error, Exception):
                raise
            return
        found = {row[0]: row[1:] for row in rows or ()}
        for place, (_, future) in enumerate(batch, start=1):
            if not future.done():
                future.set_result(found.get(place))


def _failure(error: BaseException) -> StoreUnavailable:
    # One for each caller, since each adds where it went through.
    if isinstance(error, StoreUnavailable):
        return StoreUnavailable(str(error), outcome_unknown=error.outcome_unknown)
    return StoreUnavailable(f"a batch failed: {error!r}", outcome_unknown=True)
