"""The fixture of the ledger's tests: a real store with two users in it, of each kind."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ledger.people import open_ledger
from tests.support.stores import AnyDatabase, Store


@pytest.fixture
async def database(store: Store, tmp_path: Path) -> AsyncIterator[AnyDatabase]:
    """A store of its own for each test."""
    database = await open_ledger(tmp_path)
    yield database
    await database.close()
