"""The fixture of the store's tests: a real file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tollbridge.gateway.database import SqliteDatabase


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is, or will be."""
    return tmp_path / "tollbridge.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[SqliteDatabase]:
    """A store of its own for each test."""
    database = SqliteDatabase(path)
    yield database
    await database.close()
