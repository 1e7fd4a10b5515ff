"""The tables of a PostgreSQL database: made and brought up to date, all in one transaction."""

import re
from importlib import resources
from typing import Any

from tollbridge.gateway.errors import StartError

# Processes that start together take turns. Any number that nothing else locks would do.
_TURN = 0x746F6C6C

_HAS_VERSION = "select to_regclass('schema_version') is not null"
_MAKE_VERSION = "create table schema_version (number bigint primary key, applied_at timestamptz)"


def migrations() -> list[tuple[int, str]]:
    """Return the numbers of all migrations and their statements, in order."""
    folder = resources.files("tollbridge.gateway.database") / "migrations" / "postgres"
    found = []
    for entry in folder.iterdir():
        match = re.fullmatch(r"(\d{4})_[a-z_]+\.sql", entry.name)
        if match:
            found.append((int(match[1]), entry.read_text(encoding="utf-8")))
    return sorted(found)


async def version_of(connection: Any) -> int:
    """Return the number of the last migration applied; 0 where there are no tables."""
    if not await connection.fetchval(_HAS_VERSION):
        return 0
    version: int = await connection.fetchval("select coalesce(max(number), 0) from schema_version")
    return version


async def migrate(connection: Any) -> None:
    """Bring the tables up to date; nothing happens where they are.

    Raises:
        StartError: The schema is newer than the newest migration known here.
    """
    known = migrations()
    refuse_newer(await version_of(connection), known[-1][0])
    async with connection.transaction():
        await connection.fetchval("select pg_advisory_xact_lock($1)", _TURN)
        version = await version_of(connection)
        if version == 0:
            await connection.execute(_MAKE_VERSION)
        for number, sql in known:
            if number > version:
                await connection.execute(sql)
                await connection.execute(
                    "insert into schema_version values ($1, statement_timestamp())", number
                )


def refuse_newer(version: int, newest: int) -> None:
    """Refuse a schema that a newer program has made.

    Raises:
        StartError: It has.
    """
    if version > newest:
        raise StartError(
            f"the database has schema {version}, this version of tollbridge knows up to {newest}; "
            "start a newer tollbridge on it"
        )
