"""PostgreSQL stores as only these tests need them, and a look behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg

from tollbridge.gateway.database import PostgresDatabase
from tollbridge.gateway.database.postgres_server import look_at
from tollbridge.gateway.secret import Secret

SHARED = "shared"


async def open_hurried(url: str, **settings: str) -> PostgresDatabase:
    """Open a store whose connections ask the server for other settings, such as shorter limits."""
    server = await look_at(Secret(url), make=True)
    server = replace(server, settings=server.settings | settings)
    return PostgresDatabase(
        server,
        await server.pool(2),
        await server.pool(4),
        await server.pool(2, default_transaction_read_only="on"),
    )


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """A connection past the store."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def wait_for_a_waiter(connection: Any) -> None:
    """Return once somebody in this database waits for a lock."""
    waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock'"
    while not await connection.fetchval(f"{waiting} and datname = current_database()"):
        # Else a transaction would see for ever what it saw first.
        await connection.fetchval("select pg_stat_clear_snapshot()")


async def end_waiters(connection: Any) -> None:
    """End the connections to this database that wait for a lock.

    Those that rest stay: whoever takes one before its end is noticed would be told of that end.
    """
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
