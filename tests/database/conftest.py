"""The fixtures of the store's tests: a real store of each kind, or a file."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from building.postgres import running_pgbouncer
from tests.support.stores import AnyDatabase, Store, open_store

POOLER_CONNECTIONS = 2


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is, or will be, where the store is SQLite."""
    return tmp_path / "tollbridge.db"


@pytest.fixture
async def database(store: Store, tmp_path: Path) -> AsyncIterator[AnyDatabase]:
    """A store of its own for each test."""
    database = await open_store(tmp_path)
    yield database
    await database.close()


@pytest.fixture
def bounced() -> Iterator[Callable[[str], str]]:
    """Start a PgBouncer before a database; return the database's address behind it."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(
            running_pgbouncer(url, connections=POOLER_CONNECTIONS)
        )
