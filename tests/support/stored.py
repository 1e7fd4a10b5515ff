"""Everything that a store holds, as bytes to search for what must not be there."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.stores import environment

_TABLES = "select relname from pg_class where relkind = 'r' and relnamespace = $1::regnamespace"


def everything_stored(folder: Path) -> bytes:
    """Return the bytes of a folder's files, and of each value in PostgreSQL where it is there."""
    files = folder.iterdir() if folder.exists() else ()
    found = b"".join(path.read_bytes() for path in files if path.is_file())
    for url in environment(folder).values():
        found += _in_thread(lambda url=url: asyncio.run(_everything_in(url)))
    return found


async def _everything_in(url: str) -> bytes:
    connection = await asyncpg.connect(url)
    try:
        values: list[bytes] = []
        for (table,) in await connection.fetch(_TABLES, "public"):
            for row in await connection.fetch(f"select * from {table}"):
                values += (_bytes(value) for value in row.values())
        assert values, "nothing is stored at all"
        return b"\n".join(values)
    finally:
        await connection.close()


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _in_thread(work: Callable[[], bytes]) -> bytes:
    # The caller may be a test whose own loop is running.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()
