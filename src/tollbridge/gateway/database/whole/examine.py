"""What can be said of a store, and a way to read it. Nothing is made, migrated or written."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from tollbridge.gateway.database import migrate, postgres_migrate, postgres_server, sqlite
from tollbridge.gateway.database.script import Script
from tollbridge.gateway.database.whole.addresses import shown
from tollbridge.gateway.database.whole.connections import (
    long_transaction,
    open_file,
    open_server,
)
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.secret import Secret

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Examined:
    """A store as it is at one moment, open for reading.

    Attributes:
        kind: `SQLITE` or `POSTGRESQL`.
        place: The file, or host and database.
        version: What the server or the library says of itself.
        major: The first number of it.
        schema: The number of the last migration applied; 0 where there are no tables.
        newest: The number of the newest migration that this program knows.
        pooled: Whether a pooler stands before the server; None for a file.
        encoding: Of text.
        durability: What decides whether a commit outlives a power cut, by its name.
        read: Runs a script that only reads.
    """

    kind: str
    place: str
    version: str
    major: int
    schema: int
    newest: int
    pooled: bool | None
    encoding: str
    durability: dict[str, str]
    read: Callable[[Script[Any]], Awaitable[Any]]

    def refuse_newer(self) -> None:
        """Refuse a schema that a newer program has made.

        Raises:
            StartError: It has.
        """
        postgres_migrate.refuse_newer(self.schema, self.newest)


@asynccontextmanager
async def examine(file: Path, url: Secret | None) -> AsyncIterator[Examined]:
    """Look at the store in `file`, or at the one of `url` where there is one.

    Raises:
        StartError: There is no such file.
        StoreUnavailable: It cannot be reached or read.
    """
    if url is not None:
        async with open_server(url) as connection, long_transaction(connection, changes=False):
            yield await _examine_server(connection, url)
        return
    refuse_missing(file)
    with open_file(file) as connection:
        connection.execute("begin")
        yield _examine_file(connection, file)
        connection.execute("rollback")


def refuse_missing(file: Path) -> None:
    """Refuse a place without a database.

    Raises:
        StartError: It is one.
    """
    if not file.is_file():
        raise StartError(
            f"no database in {file.parent}; start the gateway there first or give --data-dir"
        )


def _examine_file(connection: apsw.Connection, file: Path) -> Examined:
    async def read(script: Script[Any]) -> Any:
        return sqlite.run_script(connection, script)

    version = apsw.sqlite_lib_version()
    return Examined(
        kind=SQLITE,
        place=str(file),
        version=version,
        major=int(version.partition(".")[0]),
        schema=migrate.version_of(connection),
        newest=migrate.migrations()[-1][0],
        pooled=None,
        encoding=connection.execute("pragma encoding").get,
        durability={"journal_mode": connection.execute("pragma journal_mode").get},
        read=read,
    )


async def _examine_server(connection: Any, url: Secret) -> Examined:
    async def read(script: Script[Any]) -> Any:
        return await postgres_server.run_script(connection, script)

    seen = await connection.fetchrow(
        "select pg_backend_pid() as pid, current_setting('server_version') as version,"
        " current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,"
        " current_setting('synchronous_commit') as synchronous_commit"
    )
    return Examined(
        kind=POSTGRESQL,
        place=shown(url),
        version=seen["version"],
        major=connection.get_server_version().major,
        schema=await postgres_migrate.version_of(connection),
        newest=postgres_migrate.migrations()[-1][0],
        # A pooler cannot tell the number of the server's process, and makes one up.
        pooled=seen["pid"] != connection.get_server_pid(),
        encoding=seen["encoding"],
        durability={name: seen[name] for name in ("synchronous_commit", "fsync")},
        read=read,
    )
