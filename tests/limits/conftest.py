"""What the tests of limits share."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from tests.support.stores import AnyDatabase, Store, open_store


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run on the loop that `serve` runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def database(store: Store, tmp_path: Path) -> AsyncIterator[AnyDatabase]:
    """An empty store."""
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()
