"""Another process that writes and does not end: the store takes nothing meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

from tests.support.world import World
from tollbridge.gateway.data_folder import database_file


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Hold the write lock of a world's database until the block ends."""
    connection = apsw.Connection(str(database_file(world.gateway.settings)))
    try:
        connection.execute("begin immediate")
        yield
        connection.execute("rollback")
    finally:
        connection.close()
