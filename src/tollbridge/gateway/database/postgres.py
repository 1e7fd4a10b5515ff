"""PostgreSQL: scripts of many processes, and what many callers do alike in one statement."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any, TypeVar

import asyncpg

from tollbridge.gateway.database.batches import Batches
from tollbridge.gateway.database.postgres_server import (
    FAILURES,
    Server,
    look_at,
    run_script,
    words_of,
)
from tollbridge.gateway.database.script import (
    Many,
    Rows,
    Script,
    Shortcut,
    StoreLoad,
    StoreUnavailable,
)
from tollbridge.gateway.database.turns import Turns
from tollbridge.gateway.secret import Secret

T = TypeVar("T")
log = logging.getLogger(__name__)

# How long what may wait does wait for others to share its commit.
DEFERRED_S = 0.02
# Connections of one process. There are three kinds of batches and each has one on its way; they
# share none with the scripts, each of which keeps one for a few round trips and for as long as
# another keeps it waiting for a row.
BATCHING = 3
WRITING = 6
READING = 2
# Longer than a lock is waited for; a server that says nothing for so long is away.
ANSWER_S = 8.0
# For reading everything on one snapshot, as `ledger verify` does.
SNAPSHOT_S = 3600.0
# For a connection out of the pool when all are in use, and for a turn.
TURN_S = 5.0
CLOSE_S = 10.0


class PostgresDatabase:
    """A PostgreSQL database behind the `Database` shape; any number of processes may share it."""

    def __init__(self, server: Server, batching: Any, writing: Any, reading: Any) -> None:
        """Join the parts; `open` makes them."""
        self._server = server
        self._batching = batching
        self._writing = writing
        self._reading = reading
        self._pools = (batching, writing, reading)
        self._turns = Turns(TURN_S)
        self._running: set[asyncio.Task[Any]] = set()
        self._deferred: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._batches: dict[Many, Batches] = {}
        self._waiting = 0
        self._commits = 0
        self._scripts = 0
        self._seconds = 0.0
        self._closing = False

    @classmethod
    async def open(
        cls, url: str, *, make: bool = True, writing: int = WRITING
    ) -> "PostgresDatabase":
        """Look at the server, bring the tables up to date, and be ready.

        Args:
            url: A `postgresql://` address of a database of its own.
            make: Whether tables are made where there are none.
            writing: Connections for scripts that write, at most.

        Raises:
            StartError: The server or its tables cannot be used; the message says why.
            StoreUnavailable: It cannot be reached.
        """
        server = await look_at(Secret(url), make=make)
        return cls(
            server,
            await server.pool(BATCHING),
            await server.pool(writing),
            await server.pool(READING, default_transaction_read_only="on"),
        )

    def load(self) -> StoreLoad:
        """See `Database.load`."""
        return StoreLoad(self._waiting, self._commits, self._scripts, self._seconds)

    async def write(self, script: Script[T], shortcut: Shortcut[T] | None = None) -> T:
        """See `Database.write`."""
        if shortcut is not None:
            served = await self._take_part(shortcut)
            if served is not None:
                return shortcut.read(served)
        if self._deferred:  # whoever asks now for what it wrote finds it
            await asyncio.gather(*self._hand_over_deferred(), return_exceptions=True)
        return await asyncio.shield(self._start(self._write(script)))

    def write_later(
        self,
        script: Script[Any],
        otherwise: Callable[[], object] | None = None,
        shortcut: Shortcut[Any] | None = None,
    ) -> None:
        """See `Database.write_later`."""

        async def write() -> None:
            try:
                if shortcut is None or await self._take_part(shortcut) is None:
                    await self._write(script)
            except Exception as error:
                log.error("a deferred write failed: %s", words_of(error))
                if otherwise is not None:
                    otherwise()

        if not self._deferred:
            loop = asyncio.get_running_loop()
            loop.call_later(DEFERRED_S, self._hand_over_deferred, context=Context())
        self._deferred.append(write)

    async def read(self, script: Script[T], *, snapshot: bool = False) -> T:
        """See `Database.read`."""
        begin = None
        if snapshot:
            begin = self._server.begin_snapshot
        elif self._server.pooled:
            begin = self._server.begin + "; set transaction read only"
        limit_s = SNAPSHOT_S if snapshot else ANSWER_S
        try:
            async with self._connection(self._reading, limit_s) as connection:
                if begin is not None:
                    await connection.execute(begin)
                value = await run_script(connection, script)
                if begin is not None:
                    await connection.execute("commit")
        except FAILURES as error:
            raise StoreUnavailable(words_of(error)) from error
        return value

    async def close(self) -> None:
        """See `Database.close`."""
        self._hand_over_deferred()
        while self._running:
            await asyncio.wait(self._running)
        self._closing = True
        for pool in self._pools:
            try:
                await asyncio.wait_for(pool.close(), CLOSE_S)
            except FAILURES:
                pool.terminate()

    # Scripts ------------------------------------------------------------------------------------

    def _start(
        self, work: Coroutine[Any, Any, T], context: Context | None = None
    ) -> "asyncio.Task[T]":
        task = asyncio.create_task(work, context=context)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _write(self, script: Script[T]) -> T:
        try:
            first = next(script)
        except StopIteration as end:  # there was nothing to write
            nothing: T = end.value
            return nothing
        self._waiting += 1
        began = time.perf_counter()
        committing = False
        try:
            async with (
                self._turns.of(first),
                self._connection(self._writing, ANSWER_S) as connection,
            ):
                await connection.execute(self._server.begin)
                value = await run_script(connection, script, first)
                committing = True
                if await connection.execute("commit") != "COMMIT":
                    # A statement had failed, and the script went on as if it had not.
                    raise StoreUnavailable("a statement of the script had failed")
        except FAILURES as error:
            # What the server itself refuses to commit is not committed.
            known = isinstance(error, asyncpg.PostgresError) and not _is_lost(error)
            unknown = committing and not known
            raise StoreUnavailable(words_of(error), outcome_unknown=unknown) from error
        finally:
            self._waiting -= 1
            self._count(1, time.perf_counter() - began)
        return value

    @asynccontextmanager
    async def _connection(self, pool: Any, limit_s: float) -> AsyncIterator[Any]:
        """Lend a connection for one transaction; whatever goes wrong in it is rolled back."""
        if self._closing:
            raise StoreUnavailable("the store is closed")
        connection = await pool.acquire(timeout=TURN_S)
        try:
            async with asyncio.timeout(limit_s):
                yield connection
        except BaseException as error:
            await _leave_transaction(connection, error)
            if isinstance(error, asyncpg.ReadOnlySQLTransactionError):  # it is a standby now
                await asyncio.gather(*(each.expire_connections() for each in self._pools))
            raise
        finally:
            await pool.release(connection)

    def _count(self, scripts: int, seconds: float) -> None:
        self._commits += 1
        self._scripts += scripts
        self._seconds += seconds

    def _hand_over_deferred(self) -> "list[asyncio.Task[None]]":
        deferred, self._deferred = self._deferred, []
        return [self._start(write(), Context()) for write in deferred]

    # Many callers -------------------------------------------------------------------------------

    async def _take_part(self, shortcut: Shortcut[Any]) -> tuple[Any, ...] | None:
        """Return the caller's row, None where the script must do it."""
        many = shortcut.many
        batches = self._batches.get(many)
        if batches is None:
            # A batch works for many requests; its log lines shall not name the one that began it.
            batches = Batches(
                lambda columns: self._serve(many, columns),
                lambda work: self._start(work, Context()),
            )
            self._batches[many] = batches
        self._waiting += 1
        try:
            return await batches.add(shortcut.values)
        finally:
            self._waiting -= 1

    async def _serve(self, many: Many, columns: list[tuple[Any, ...]]) -> Rows | None:
        """Serve a batch; None where the server refused the statement and changed nothing."""
        began = time.perf_counter()
        sent = False
        try:
            async with self._connection(self._batching, ANSWER_S) as connection:
                if self._server.pooled:
                    await connection.execute(self._server.begin)
                sent = True
                rows = await connection.fetch(many.sql, *columns)
                if self._server.pooled:
                    await connection.execute("commit")
        except FAILURES as error:
            if isinstance(error, asyncpg.PostgresError) and not _is_lost(error):
                log.warning(
                    "a batch was refused, each script is run by itself: %s", words_of(error)
                )
                return None
            raise StoreUnavailable(words_of(error), outcome_unknown=sent) from error
        finally:
            self._count(len(columns[0]), time.perf_counter() - began)
        return [tuple(row) for row in rows]


async def _leave_transaction(connection: Any, error: BaseException) -> None:
    # A connection in the middle of something is of no use to the next; one that is only in a
    # failed transaction is, once that is rolled back.
    refused = isinstance(error, asyncpg.PostgresError) and not _is_lost(error)
    if refused or not isinstance(error, (*FAILURES, asyncio.CancelledError)):
        try:
            async with asyncio.timeout(ANSWER_S):
                if connection.is_in_transaction():
                    await connection.execute("rollback")
        except FAILURES:
            pass
        else:
            return
    with contextlib.suppress(asyncpg.InterfaceError):  # one that has died left the pool by itself
        connection.terminate()


def _is_lost(error: asyncpg.PostgresError) -> bool:
    """Tell whether the connection or the server went away, and what became of a commit with it."""
    return isinstance(
        error,
        asyncpg.PostgresConnectionError
        | asyncpg.OperatorInterventionError
        | asyncpg.CrashShutdownError,
    )
