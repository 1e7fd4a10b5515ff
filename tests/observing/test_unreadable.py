"""What is refused before it can be read is counted and logged like everything else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.observing.rows import read_rows, wait_for_row
from tests.support.figures import TOKEN, requests_counted
from tests.support.raw_client import RawAnswer
from tests.support.world import World, open_world
from tollbridge.gateway.observing.observer import ROWS_PER_MINUTE, UNREADABLE
from tollbridge.gateway.secret import Secret
from tollbridge.wire.headers import EXPOSED

MARKER = "tell-me-about-the-mole"
TOO_MUCH = f"X-Much: {MARKER * 2000}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose figures can be asked for."""
    async with open_world(tmp_path, metrics_token=Secret(TOKEN)) as opened:
        yield opened


async def send(world: World, line: str, *headers: str) -> RawAnswer:
    """Send a request over a connection of its own."""
    async with await world.connect() as connection:
        await connection.request(line, *headers)
        return await connection.read_answer()


@pytest.mark.parametrize(
    ("line", "header"),
    [
        (f"NONSENSE {MARKER}", "X: y"),
        (f"GET /{MARKER} HTTP/3.0", "X: y"),
        (f"GET /{MARKER} HTTP/1.1", "Content-Length: -1"),
        (f"GET /{MARKER} HTTP/1.1", TOO_MUCH),
    ],
)
async def test_it_is_a_figure_a_line_and_a_row(
    world: World, caplog: pytest.LogCaptureFixture, line: str, header: str
) -> None:
    """Under the id that its answer named, and without a word of what was sent."""
    with caplog.at_level("INFO"):
        answer = await send(world, line, header)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
    request_id = answer.header("x-request-id")
    assert answer.json()["request_id"] == request_id
    assert await requests_counted(world, UNREADABLE) == 1
    (told,) = [record for record in caplog.records if record.message == "refused"]
    assert (told.code, told.status, told.route) == ("invalid_request", 400, UNREADABLE)
    row = await wait_for_row(world, request_id)
    assert (row.method, row.route, row.status, row.error) == ("", UNREADABLE, 400, told.code)
    assert MARKER not in repr(row)
    assert MARKER not in caplog.text


async def test_a_good_request_after_it_has_its_own_id(world: World) -> None:
    """What is noted of one connection sticks to no other."""
    refused = await send(world, f"GET / HTTP/1.1\r\n{TOO_MUCH}")
    served = await send(world, "GET /healthz HTTP/1.1")
    assert served.status == 200
    assert served.header("x-request-id") != refused.header("x-request-id")


async def test_a_page_can_read_it(world: World) -> None:
    """SPA-M5: a page may send headers that are too long, and learns so, wherever it is."""
    answer = await send(world, "GET /healthz HTTP/1.1", "Origin: https://a.example", TOO_MUCH)
    assert answer.status == 400
    assert answer.header("access-control-allow-origin") == "*"
    assert answer.header("access-control-expose-headers") == ", ".join(EXPOSED)
    assert answer.header("access-control-allow-credentials") is None


async def test_a_flood_of_them_is_counted_and_not_written(world: World) -> None:
    """Each costs its sender nothing; rows cost disk."""
    many = ROWS_PER_MINUTE + 5
    for _ in range(0, many, 61):
        await asyncio.gather(*[send(world, "NONSENSE") for _ in range(61)])
    assert await requests_counted(world, UNREADABLE) >= many
    assert len([r for r in await read_rows(world) if r.route == UNREADABLE]) <= ROWS_PER_MINUTE
