"""Has those of one process that want the same lock wait here, and none of them on a connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from tollbridge.gateway.database.script import Statement


class Turns:
    """Lets scripts that begin with the same lock run one after the other, in the order they came.

    They would wait for each other in the database too, each on a connection of its own: one user
    who asks for the same thing many times at once would leave none for all others.
    """

    def __init__(self, wait_s: float) -> None:
        """Let nobody wait for longer than `wait_s` seconds."""
        self._wait_s = wait_s
        self._turns: WeakValueDictionary[Any, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, first: Statement) -> AsyncIterator[None]:
        """Wait for the turn of a script, given its first statement; it ends with the block.

        Raises:
            TimeoutError: It did not come in time.
        """
        if not first.only_locks:
            yield
            return
        subject = (first.sql, tuple(first.parameters))
        turn = self._turns.get(subject)
        if turn is None:
            turn = self._turns[subject] = asyncio.Lock()
        async with asyncio.timeout(self._wait_s):
            await turn.acquire()
        try:
            yield
        finally:
            turn.release()
