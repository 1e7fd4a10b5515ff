"""A connection of somebody who writes plain SQL past the gateway, to a store of either kind."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import asyncpg

from tests.support.stores import SQLITE
from tollbridge.gateway.database import Script, connection, postgres, sqlite

# What a store says to what its tables and triggers do not allow.
REFUSALS = (apsw.ConstraintError, asyncpg.RaiseError, asyncpg.CheckViolationError)

_CHECKS = (
    "select conrelid::regclass || ' drop constraint ' || conname from pg_constraint"
    " where contype in ('c', 'f') and connamespace = 'public'::regnamespace"
    " order by contype desc, conname"
)
_TABLES = "select oid::regclass::text from pg_class where relkind = 'r' and relnamespace ="
_TABLES += " 'public'::regnamespace"


class SqliteShell:
    """Statements on a second connection to the file."""

    def __init__(self, place: str) -> None:
        """Connect; `close` ends it."""
        self._connection = connection.connect(Path(place))

    async def lift_guards(self) -> None:
        """Let everything be written."""
        self._connection.execute("pragma ignore_check_constraints = on; pragma foreign_keys = off")
        found = self._connection.execute("select name from sqlite_schema where type = 'trigger'")
        for (trigger,) in list(found):
            self._connection.execute(f"drop trigger {trigger}")

    async def execute(self, sql: str) -> int:
        """Run a statement; return how many rows it changed."""
        self._connection.execute(sql)
        return self._connection.changes()

    async def read(self, script: Script[Any]) -> Any:
        """Run a script on what is written now."""
        return sqlite.run_script(self._connection, script)

    async def close(self) -> None:
        """Let go."""
        self._connection.close()


class PostgresShell:
    """Statements in one transaction, of which nothing stays: the database is used again."""

    def __init__(self, connection: Any) -> None:
        """Take a connection; `close` ends it."""
        self._connection = connection

    async def lift_guards(self) -> None:
        """Let everything be written."""
        for (words,) in await self._connection.fetch(_CHECKS):
            await self._connection.execute(f"alter table {words}")
        for (table,) in await self._connection.fetch(_TABLES):
            await self._connection.execute(f"alter table {table} disable trigger user")

    async def execute(self, sql: str) -> int:
        """Run a statement; return how many rows it changed."""
        tag = await self._connection.execute(sql)
        return int(re.sub(r".*\D", "", tag) or 0)

    async def read(self, script: Script[Any]) -> Any:
        """Run a script on what is written now."""
        return await postgres.run_script(self._connection, script)

    async def close(self) -> None:
        """Let go of what was written."""
        await self._connection.execute("rollback")
        await self._connection.close()


@asynccontextmanager
async def open_shell(kind: str, place: str) -> AsyncIterator[SqliteShell | PostgresShell]:
    """Open a shell on what `stores.place` says."""
    if kind == SQLITE:
        shell: SqliteShell | PostgresShell = SqliteShell(place)
    else:
        own = await asyncpg.connect(place)
        await own.execute("begin")
        shell = PostgresShell(own)
    try:
        yield shell
    finally:
        await shell.close()
