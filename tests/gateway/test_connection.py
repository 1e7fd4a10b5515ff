"""A connection that says nothing, or never finishes saying what it wants, is not kept."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
import uvicorn
from uvicorn.server import ServerState

from tollbridge.gateway.connection import Connection


async def answer_ok(scope, receive, send) -> None:
    """Answer every request with an empty 200."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server whose patience with a head is a second: a busy machine reads one in less."""
    config = uvicorn.Config(answer_ok, log_config=None, lifespan="off")
    config.load()
    make = partial(
        Connection,
        config=config,
        server_state=ServerState(),
        app_state={},
        head_bytes_max=None,
        head_s=1,
    )
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
async def test_a_head_that_never_ends_is_cut(port: int, said: bytes) -> None:
    """Silence and half a head both end in a closed connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    assert await reader.read() == b""
    writer.close()


async def test_a_second_head_has_as_long_as_the_first(port: int) -> None:
    """A connection that was used well once is not free to stall afterwards."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
    writer.write(b"GET / HTTP/1.1\r\n")
    rest = await reader.read()
    assert rest.count(b"HTTP/1.1") == 0
    writer.close()
