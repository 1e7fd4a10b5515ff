"""SQLite: one writer thread with group commit, one reader thread."""

import asyncio
import logging
import queue
import re
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import apsw

from tollbridge.gateway.database.connection import BUSY_TIMEOUT_MS, connect
from tollbridge.gateway.database.script import (
    Rows,
    Script,
    Shortcut,
    StoreLoad,
    StoreUnavailable,
)

T = TypeVar("T")
log = logging.getLogger(__name__)

# How long a deferred script waits for another's commit before it gets one of its own.
DEFERRED_S = 0.02
# Bounds how long the first script of a batch waits for the last one.
BATCH_SCRIPTS = 512


class SqliteDatabase:
    """A SQLite file behind the `Database` shape.

    Must be opened inside a running event loop; results are handed back to that loop.
    """

    def __init__(self, path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        """Open the file, making it (0600) and its tables where they are missing.

        Args:
            path: The file.
            busy_timeout_ms: How long a batch waits for another process that writes.

        Raises:
            StartError: The schema is newer than this program knows.
            StoreUnavailable: The file cannot be opened.
        """
        self.path = path
        loop = asyncio.get_running_loop()
        writing = connect(path, busy_timeout_ms=busy_timeout_ms)
        reading = connect(path, busy_timeout_ms=busy_timeout_ms)
        # Reads share a transaction without savepoints: one that wrote would not be a unit.
        reading.execute("pragma query_only = on")
        self._writer = _Worker("ledger-writer", loop, writing, _run_batch)
        self._reader = _Worker("store-reader", loop, reading, _run_reads)

    def load(self) -> StoreLoad:
        """See `Database.load`."""
        return self._writer.load()

    async def write(self, script: Script[T], shortcut: Shortcut[T] | None = None) -> T:
        """See `Database.write`; there are no round trips, so the script it is."""
        return await self._writer.submit(script)

    def write_later(
        self,
        script: Script[Any],
        otherwise: Callable[[], object] | None = None,
        shortcut: Shortcut[Any] | None = None,
    ) -> None:
        """See `Database.write_later`."""

        def look(future: "asyncio.Future[Any]") -> None:
            if not future.cancelled() and future.exception() is not None:
                log.error("a deferred write failed: %s", future.exception())
                if otherwise is not None:
                    otherwise()

        self._writer.submit_later(script).add_done_callback(look)

    async def read(self, script: Script[T], *, snapshot: bool = False) -> T:
        """See `Database.read`; every script has a snapshot here."""
        return await self._reader.submit(script)

    async def close(self) -> None:
        """See `Database.close`."""
        await self._writer.stop()
        await self._reader.stop()


class _Job:
    """A script, and the future that waits for it on the loop."""

    __slots__ = ("error", "future", "script", "value")

    def __init__(self, script: Script[Any], future: "asyncio.Future[Any]") -> None:
        self.script = script
        self.future = future
        self.value: Any = None
        self.error: BaseException | None = None


class _Worker:
    """A thread with a connection, fed through a queue that is its only wake-up.

    What is submitted within one turn of the loop is handed over together when the turn ends, and
    so shares a commit; a thread that woke at the first script of a burst would commit it alone.
    """

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop,
        connection: apsw.Connection,
        run: Callable[[apsw.Connection, list[_Job]], None],
    ) -> None:
        self._loop = loop
        self._connection = connection
        self._run = run
        self._turn: list[_Job] = []
        self._deferred: list[_Job] = []
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._stopped = loop.create_future()
        self._closing = False
        self._waiting = 0
        self._batches = 0
        self._scripts = 0
        self._seconds = 0.0
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, script: Script[T]) -> "asyncio.Future[T]":
        """Queue a script; the future ends when its batch has."""
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closing:
            future.set_exception(StoreUnavailable("the store is closed"))
        else:
            if not self._turn:
                self._loop.call_soon(self._hand_over)
            self._waiting += 1
            self._turn.append(_Job(script, future))
        return future

    def submit_later(self, script: Script[T]) -> "asyncio.Future[T]":
        """Queue a script that may wait for others to share their commit, though not for long."""
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closing:
            future.set_exception(StoreUnavailable("the store is closed"))
        else:
            if not self._deferred:
                self._loop.call_later(DEFERRED_S, self._hand_over)
            self._waiting += 1
            self._deferred.append(_Job(script, future))
        return future

    def load(self) -> StoreLoad:
        """Return what the thread does just now; for the loop's thread."""
        return StoreLoad(self._waiting, self._batches, self._scripts, self._seconds)

    def _hand_over(self) -> None:
        # What was deferred goes first: whoever asks now for what it wrote finds it.
        for job in self._deferred + self._turn:
            self._queue.put(job)
        self._deferred, self._turn = [], []

    async def stop(self) -> None:
        """Run what is queued, then end the thread and close the connection."""
        if not self._closing:
            self._closing = True
            self._hand_over()
            self._queue.put(None)
        await asyncio.shield(self._stopped)

    def _work(self) -> None:
        last = False
        while not last:
            batch, last = self._take()
            if batch:
                self._run_all(batch)
                self._loop.call_soon_threadsafe(self._deliver, batch)
        try:
            self._connection.close()
        except apsw.Error:
            log.exception("closing the store failed")
        self._loop.call_soon_threadsafe(self._stopped.set_result, None)

    def _deliver(self, batch: list[_Job]) -> None:
        self._waiting -= len(batch)
        for job in batch:
            if job.future.done():  # whoever waited was cancelled; what was committed stays
                continue
            if job.error is None:
                job.future.set_result(job.value)
            else:
                job.future.set_exception(job.error)

    def _run_all(self, batch: list[_Job]) -> None:
        began = time.perf_counter()
        try:
            self._run(self._connection, batch)
        except BaseException as error:  # whatever it was, nobody may wait for ever
            log.exception("a batch failed")
            _give_up(self._connection, batch, error, outcome_unknown=True)
        self._batches += 1
        self._scripts += len(batch)
        self._seconds += time.perf_counter() - began

    def _take(self) -> tuple[list[_Job], bool]:
        batch: list[_Job] = []
        job = self._queue.get()
        while job is not None:
            batch.append(job)
            if len(batch) == BATCH_SCRIPTS:
                return batch, False
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True


def _run_batch(connection: apsw.Connection, batch: list[_Job]) -> None:
    committing = False
    try:
        connection.execute("begin immediate")
        for job in batch:
            _run_under_savepoint(connection, job)
        committing = True
        connection.execute("commit")
    except apsw.Error as error:
        _give_up(connection, batch, error, outcome_unknown=committing)


def _run_under_savepoint(connection: apsw.Connection, job: _Job) -> None:
    connection.execute("savepoint script")
    try:
        job.value = run_script(connection, job.script)
    except (apsw.FullError, apsw.IOError, apsw.CorruptError, apsw.NoMemError):
        raise  # the store is in trouble, not this script: the whole batch is given up
    except BaseException as error:
        job.error = StoreUnavailable(str(error)) if isinstance(error, apsw.Error) else error
        connection.execute("rollback to script")
    connection.execute("release script")


def _run_reads(connection: apsw.Connection, batch: list[_Job]) -> None:
    try:
        connection.execute("begin")
        for job in batch:
            try:
                job.value = run_script(connection, job.script)
            except BaseException as error:
                job.error = StoreUnavailable(str(error)) if isinstance(error, apsw.Error) else error
        connection.execute("commit")
    except apsw.Error as error:
        _give_up(connection, batch, error, outcome_unknown=False)


def _give_up(
    connection: apsw.Connection, batch: list[_Job], error: BaseException, *, outcome_unknown: bool
) -> None:
    if connection.in_transaction:
        try:
            connection.execute("rollback")
        except apsw.Error:
            log.exception("rollback failed")
    for job in batch:
        job.error = StoreUnavailable(str(error), outcome_unknown=outcome_unknown)


def run_script(connection: apsw.Connection, script: Script[T]) -> T:
    """Run a script's statements on a connection, inside whatever transaction is open."""
    rows: Rows = []
    try:
        statement = next(script)
        while True:
            if statement.only_locks:  # nobody else writes while a script runs
                statement = script.send([])
                continue
            try:
                rows = connection.execute(
                    _sqlite_sql(statement.sql), tuple(statement.parameters)
                ).fetchall()
            except apsw.Error as error:
                statement = script.throw(error)
                continue
            statement = script.send(rows)
    except StopIteration as end:
        value: T = end.value
        return value


@lru_cache(maxsize=1024)  # statements are constants of the program, far fewer than this
def _sqlite_sql(sql: str) -> str:
    return re.sub(r"\$(\d+)", r"?\1", sql)
