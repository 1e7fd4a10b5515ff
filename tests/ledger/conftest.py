"""The fixture of the ledger's tests: a real store with two users in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ledger.people import open_ledger
from tollbridge.gateway.database import SqliteDatabase


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """A store of its own for each test."""
    database = await open_ledger(tmp_path / "tollbridge.db")
    yield database
    await database.close()
