"""PostgreSQL as most programs use it: each caller's statement by itself, out of a pool."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import asyncpg

from tollbridge.gateway.database import (
    Database,
    PostgresDatabase,
    Script,
    Shortcut,
    StoreLoad,
)

T = TypeVar("T")

# What pools of web frameworks come with, rounded up; more of them only wait for the same row.
CONNECTIONS = 16


class OneByOne:
    """Behind the `Database` shape: the statements that otherwise travel together, each alone.

    They are the same statements, so that what is compared is the travelling and nothing else.
    """

    def __init__(self, database: PostgresDatabase, pool: Any) -> None:
        """Take what has no shortcut to `database`; `open_one_by_one` makes both."""
        self._database = database
        self._pool = pool
        self._later: set[asyncio.Task[None]] = set()

    def load(self) -> StoreLoad:
        """See `Database.load`; only what waits is counted."""
        load = self._database.load()
        return load._replace(waiting=load.waiting + len(self._later))

    async def write(self, script: Script[T], shortcut: Shortcut[T] | None = None) -> T:
        """See `Database.write`."""
        if shortcut is not None:
            rows = await self._pool.fetch(
                shortcut.many.sql, *([value] for value in shortcut.values)
            )
            if rows:
                return shortcut.read(tuple(rows[0])[1:])
        return await self._database.write(script)

    def write_later(
        self,
        script: Script[Any],
        otherwise: Callable[[], object] | None = None,
        shortcut: Shortcut[Any] | None = None,
    ) -> None:
        """See `Database.write_later`; a failure ends the program."""
        task = asyncio.create_task(self._write(script, shortcut))
        self._later.add(task)
        task.add_done_callback(self._written)

    async def read(self, script: Script[T], *, snapshot: bool = False) -> T:
        """See `Database.read`."""
        return await self._database.read(script, snapshot=snapshot)

    async def close(self) -> None:
        """See `Database.close`."""
        await self._pool.close()
        await self._database.close()

    async def _write(self, script: Script[Any], shortcut: Shortcut[Any] | None) -> None:
        await self.write(script, shortcut)

    def _written(self, task: "asyncio.Task[None]") -> None:
        self._later.discard(task)
        task.result()


@contextlib.asynccontextmanager
async def opened_one_by_one(url: str) -> AsyncIterator[Database]:
    """Open a database of PostgreSQL so until the block ends."""
    pool = await asyncpg.create_pool(
        url, min_size=CONNECTIONS, max_size=CONNECTIONS, reset=_leave_as_it_is
    )
    database = OneByOne(await PostgresDatabase.open(url), pool)
    try:
        yield database
    finally:
        await database.close()


async def _leave_as_it_is(connection: Any) -> None:
    """Spare a round trip, as the gateway's own pools do."""
