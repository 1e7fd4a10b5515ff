"""A store that takes no call meanwhile: another process writes and does not end, or it refuses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import apsw
import asyncpg

from tests.support.world import World
from tollbridge.gateway.data_folder import database_file
from tollbridge.gateway.settings import Settings

# The gateway may be writing just now.
TURN_MS = 5000
# PostgreSQL would wait for five seconds each time; that is shown in tests/faults.
_REFUSE = """
create function refuse_meanwhile() returns trigger language plpgsql
  as $$ begin raise exception 'not now'; end $$;
create trigger refuse_meanwhile before insert or update on calls
  execute function refuse_meanwhile();
"""
_TAKE = "drop trigger refuse_meanwhile on calls; drop function refuse_meanwhile"


@asynccontextmanager
async def locked(world: World) -> AsyncIterator[None]:
    """Have a world's store take no change of a call until the block ends; SQLite takes nothing."""
    async with locked_store(world.gateway.settings):
        yield


@asynccontextmanager
async def locked_store(settings: Settings) -> AsyncIterator[None]:
    """Do as `locked` does with the store that the settings name."""
    if settings.database_url is not None:
        server = await asyncpg.connect(settings.database_url.reveal())
        try:
            await server.execute(_REFUSE)
            yield
            await server.execute(_TAKE)
        finally:
            await server.close()
        return
    connection = apsw.Connection(str(database_file(settings)))
    try:
        connection.set_busy_timeout(TURN_MS)
        connection.execute("begin immediate")
        yield
        connection.execute("rollback")
    finally:
        connection.close()
