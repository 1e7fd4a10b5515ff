"""PostgreSQL databases for tests: with the current tables, without a row of another test's.

A thread of its own has a few of them ready, so that a test waits for none. Databases that tests
have left are emptied and given out again: that takes a tenth of the time that a new one does, and
so the disk holds about a dozen however many tests there are.

    url = fresh_database()
    database = await PostgresDatabase.open(url)
"""

import asyncio
import atexit
import contextlib
import functools
import os
import queue
import secrets
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from building.child import CannotServe
from building.postgres import running_postgres
from building.prepare import TEST_POSTGRES
from tollbridge.gateway.database.postgres import PostgresDatabase

# Databases waiting for the next test: some tests take two at once.
READY = 3
# The last ones given out, which are not taken back yet although nobody may be connected: their test
# may have stopped its gateway in order to start another. A test must not come back to one after it
# has taken this many more.
KEPT = 8
# A database that has grown beyond this, in bytes, is dropped: deleting leaves its files as they
# are, and the next test would read through them.
GROWN = 4_000_000
WAIT_S = 60  # for a new database on a machine that does a lot besides

# What tells whether a test has changed the tables: each change of a catalog's row leaves a mark.
_MARKS = """
select sum(hashtextextended(mark, 0))::text from (
  select 'class' || oid || xmin from pg_class where relnamespace = 'public'::regnamespace
  union all select 'column' || attrelid || attname || a.xmin from pg_attribute a
    join pg_class c on c.oid = attrelid where relnamespace = 'public'::regnamespace and attnum > 0
  union all select 'trigger' || oid || xmin from pg_trigger
  union all select 'function' || oid || xmin from pg_proc
    where pronamespace = 'public'::regnamespace
  union all select 'constraint' || oid || xmin from pg_constraint
    where connamespace = 'public'::regnamespace
  union all select 'schema' || oid from pg_namespace where nspname not like 'pg_%'
  union all select 'settings' || setconfig::text from pg_db_role_setting
    where setdatabase = (select oid from pg_database where datname = current_database())
) as marks(mark)"""
_SIZE = """select sum(pg_total_relation_size(oid)) from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'r'"""
_TABLES = """select relname from pg_class
  where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname"""
_SEQUENCES = "perform setval(seqrelid::regclass, seqstart, false) from pg_sequence;"


@functools.cache
def server_url() -> str:
    """The server for tests: the one that `TOLLBRIDGE_TEST_POSTGRES` names, else one of our own.

    Raises:
        CannotServe: None is given and none can be started; the test fails, it is not skipped.
    """
    given = os.environ.get(TEST_POSTGRES)
    if given:
        return given
    stack = contextlib.ExitStack()
    url = stack.enter_context(running_postgres())
    atexit.register(stack.close)
    return url


def fresh_database() -> str:
    """The URL of a database with the tables of the newest migration and no rows but theirs.

    It is the caller's until that has taken eight more and nobody is connected to it any longer.

    Raises:
        CannotServe: There is no server, or it cannot be used; the test fails with one sentence.
    """
    return _pool().take()


def empty_database() -> str:
    """The URL of a database without a table; dropped later as those of `fresh_database` are.

    Raises:
        CannotServe: There is no server, or it cannot be used; the test fails with one sentence.
    """
    return _pool().take_empty()


@dataclass(frozen=True)
class _Template:
    """What new databases are copied from.

    Attributes:
        name: The database's.
        emptying: A statement that brings a copy back to what it holds, or fails where the copy's
            tables have been changed or have grown.
    """

    name: str
    emptying: str


@functools.cache
def _pool() -> "_Pool":
    pool = _Pool(server_url())
    atexit.register(pool.close)
    return pool


class _Pool:
    """The databases of this test session, and the thread that prepares them."""

    def __init__(self, server: str) -> None:
        self._server = server
        # Several sessions may share a server.
        self._prefix = f"tollbridge_test_{os.getpid()}_{secrets.token_hex(3)}"
        self._made = 0
        self._given: deque[str] = deque()
        self._ready: queue.Queue[str | Exception] = queue.Queue(READY)
        self._is_closing = False
        self._thread = threading.Thread(target=self._prepare, daemon=True)
        self._thread.start()

    def take(self) -> str:
        """A database that is ready, as its URL."""
        try:
            name = self._ready.get(timeout=WAIT_S)
        except queue.Empty:
            raise CannotServe(f"The server for tests made no database in {WAIT_S} s.") from None
        if isinstance(name, Exception):
            self._ready.put(name)  # for the next one who asks; the thread has ended
            raise name
        self._given.append(name)
        return _in(self._server, name)

    def take_empty(self) -> str:
        """A new database without tables, as its URL."""
        name = self._new_name()

        async def create() -> None:
            admin = await _connect(self._server)
            await admin.execute(f"create database {name} template template0 strategy file_copy")
            await admin.close()

        # In a thread: the caller may be a test whose own loop is running.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, create()).result()
        self._given.append(name)
        return _in(self._server, name)

    def close(self) -> None:
        """Drop all databases and end the thread."""
        self._is_closing = True
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._ready.get_nowait()  # makes room, on which the thread looks up
            self._thread.join(0.05)

    def _prepare(self) -> None:
        try:
            asyncio.run(self._prepare_until_closed())
        except Exception as reason:
            said = f"The server for tests cannot be used: {str(reason) or type(reason).__name__}"
            self._ready.put(CannotServe(said))

    async def _prepare_until_closed(self) -> None:
        admin = await _connect(self._server)
        template = await self._make_template(admin)
        while not self._is_closing:
            name = await self._next(admin, template)
            # Blocks the loop of this thread, in which nothing else runs.
            self._ready.put(name)
        names = await admin.fetch(
            "select datname from pg_database where starts_with(datname, $1)", self._prefix
        )
        for (name,) in names:
            await admin.execute(f"drop database if exists {name} with (force)")
        await admin.close()

    async def _make_template(self, admin: Any) -> _Template:
        name = self._new_name()
        await admin.execute(f"create database {name} template template0 strategy file_copy")
        url = _in(self._server, name)
        database = await PostgresDatabase.open(url)
        await database.close()
        connection = await _connect(url)
        tables = [table for (table,) in await connection.fetch(_TABLES)]
        # All in one statement: each further one would wait for its turn on a busy machine.
        marks = await connection.fetchval(_MARKS)
        statements = [
            f"if ({_MARKS}) is distinct from '{marks}' or ({_SIZE}) > {GROWN} then"
            " raise exception 'not as it was made'; end if;",
            # No trigger keeps a replica from deleting.
            "perform set_config('session_replication_role', 'replica', true);",
        ]
        statements += [f"delete from {table};" for table in tables]
        for table in tables:
            rows = await connection.fetchval(f"select json_agg(t) from {table} t")
            if rows is not None:
                kept = rows.replace("'", "''")
                statements.append(
                    f"insert into {table} select * from json_populate_recordset("
                    f"null::{table}, '{kept}');"
                )
        await connection.close()
        body = "\n".join([*statements, _SEQUENCES])
        return _Template(name, f"do $emptying$ begin {body} end $emptying$")

    async def _next(self, admin: Any, template: _Template) -> str:
        """The name of a database that is like the template."""
        for name in await self._left(admin):
            self._given.remove(name)
            if await _emptied(_in(self._server, name), template):
                return name
            await admin.execute(f"drop database if exists {name} with (force)")
        name = self._new_name()
        await admin.execute(f"create database {name} template {template.name} strategy file_copy")
        return name

    async def _left(self, admin: Any) -> list[str]:
        """The databases that no test uses any longer, the oldest first."""
        older = list(self._given)[:-KEPT]
        busy = await admin.fetch(
            "select distinct datname from pg_stat_activity where datname = any($1)", older
        )
        in_use = {name for (name,) in busy}
        return [name for name in older if name not in in_use]

    def _new_name(self) -> str:
        self._made += 1
        return f"{self._prefix}_{self._made}"


async def _emptied(url: str, template: _Template) -> bool:
    """Bring a database back to what the template holds; False if it had better be dropped."""
    try:
        connection = await _connect(url)
    except asyncpg.PostgresError:  # dropped by the test, or renamed
        return False
    try:
        await connection.execute(template.emptying)
    except asyncpg.PostgresError:
        return False
    finally:
        connection.terminate()  # with no good-bye to wait for
    return True


async def _connect(url: str) -> Any:
    return await asyncpg.connect(url, timeout=WAIT_S, statement_cache_size=0)


def _in(server: str, name: str) -> str:
    """The URL of another database on a server."""
    return urlsplit(server)._replace(path=f"/{name}").geturl()
