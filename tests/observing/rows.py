"""What the tests here read of the request log."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.stores import in_store
from tests.support.world import World
from tollbridge.gateway.app import open_gateway
from tollbridge.gateway.observing.queries import LoggedRequest, list_requests
from tollbridge.gateway.settings import Settings

_all = partial(
    list_requests,
    since=0,
    request_id=None,
    paywall_id=None,
    user_id=None,
    status=None,
    limit=20_000,
)


async def read_rows(world: World) -> list[LoggedRequest]:
    """Return what is in the request log, oldest first."""
    found: list[LoggedRequest] = await world.gateway.database.read(_all())
    return found[::-1]


async def wait_for_row(world: World, request_id: str) -> LoggedRequest:
    """Return the row of a request once it is there; it comes after the answer."""
    while True:
        for row in await read_rows(world):
            if row.request_id == request_id:
                return row


async def rows_after(data_dir: Path, left: int, **options: Any) -> list[LoggedRequest]:
    """Open a gateway on a folder once more; return the rows when so many are left."""
    clock = options.pop("clock", None)
    settings = in_store(Settings(data_dir=data_dir, **options))
    async with open_gateway(settings, clock=clock) as gateway:
        while True:
            rows: list[LoggedRequest] = await gateway.database.read(_all())
            if len(rows) == left:
                return rows[::-1]


async def logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    """Wait until a log record says so."""
    while text not in caplog.text:  # noqa: ASYNC110 - the log tells nobody
        await asyncio.sleep(0)
