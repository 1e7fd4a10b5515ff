"""Carries out what `fill` says, on either store, as fast as the store can."""

import os
from pathlib import Path

import apsw
import asyncpg

from building.bench.stores.fill import KEY_INDEX, POSTGRES, SQLITE, Past, calls, people
from building.bench.stores.work import opened

# For sorting the digests of many keys in fewer steps.
_SORTING = "256MB"
_SORTING_KIB = 256 * 1024


async def fill(place: str, past: Past) -> None:
    """Make a store's tables and its past; afterwards it is as if it had rested for a night."""
    async with opened(place):
        pass
    if place.startswith("postgresql://"):
        await _fill_postgres(place, past)
    else:
        _fill_sqlite(Path(place), past)


async def _fill_postgres(url: str, past: Past) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"set maintenance_work_mem = '{_SORTING}'")
        definition = await connection.fetchval(
            "select indexdef from pg_indexes where indexname = $1", KEY_INDEX
        )
        async with connection.transaction():
            # Random values would go to another page each; sorted afterwards they are written once.
            await connection.execute(f"drop index {KEY_INDEX}")
            for statement in (*people(past, POSTGRES), *calls(past, POSTGRES), definition):
                await connection.execute(statement)
        await connection.execute("vacuum (analyze)")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


def _fill_sqlite(path: Path, past: Past) -> None:
    connection = apsw.Connection(str(path))
    try:
        # Nothing is lost with a file that is made anew; the log would only write it twice.
        connection.execute("pragma journal_mode = delete; pragma journal_mode = off")
        connection.execute(f"pragma synchronous = off; pragma cache_size = -{_SORTING_KIB}")
        definition = connection.execute(
            "select sql from sqlite_schema where name = ?", (KEY_INDEX,)
        ).get
        with connection:
            connection.execute(f"drop index {KEY_INDEX}")
            for statement in (*people(past, SQLITE), *calls(past, SQLITE), str(definition)):
                connection.execute(statement)
        connection.execute("pragma journal_mode = delete; pragma journal_mode = wal")
    finally:
        connection.close()
    with path.open("rb+") as file:
        os.fsync(file.fileno())
