"""What one connection may cost: how long it may idle, and how long it may refuse its answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
import uvicorn
from uvicorn.server import ServerState

from tests.support.raw_client import RawConnection
from tollbridge.gateway.connection import (
    REST_BYTES_MAX,
    WAITING_BYTES_MAX,
    WAITING_MAX,
    Connection,
)

SHORT = 0.1  # seconds
MEGABYTE = 1024 * 1024


async def answer_ok(scope, receive, send) -> None:
    """Answer every request with an empty 200, its body unread."""
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
    )
    await send({"type": "http.response.body", "body": b""})


async def break_off(scope, receive, send) -> None:
    """Send more than any buffer takes, and stop before the end."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * (32 * MEGABYTE), "more_body": True})


@asynccontextmanager
async def serving(
    app: Callable, keep_alive_s: int = 60, closing_s: float = SHORT
) -> AsyncIterator[tuple[str, ServerState]]:
    """Serve an app over connections that are closed in earnest after a short time."""
    config = uvicorn.Config(
        app, log_config=None, log_level="critical", lifespan="off", timeout_keep_alive=keep_alive_s
    )
    config.load()
    state = ServerState()
    make = partial(
        Connection,
        config=config,
        server_state=state,
        app_state={},
        head_bytes_max=None,
        closing_s=closing_s,
    )
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", state


async def all_gone(state: ServerState) -> None:
    """Wait until no connection is left."""
    while state.connections:  # noqa: ASYNC110 - they tell nobody
        await asyncio.sleep(SHORT / 10)


async def drip(page: RawConnection, drop: str) -> None:
    """Send a drop now and then until the connection is gone."""
    with contextlib.suppress(ConnectionError):
        while True:
            await page.send(drop)
            await asyncio.sleep(SHORT / 10)


async def test_a_page_that_takes_nothing_of_a_broken_answer():
    """A connection that is closed does not wait for ever to get rid of what is left."""
    async with serving(break_off) as (url, state), await RawConnection.open(url) as page:
        page.stop_reading()
        await page.request("GET / HTTP/1.1")
        await all_gone(state)


async def test_a_page_that_takes_it_slowly():
    """As long as something goes out, what is left of a broken answer is not thrown away."""
    closing_s = 10 * SHORT  # far more than it takes between two pieces, even on a busy machine
    loop = asyncio.get_running_loop()
    async with (
        serving(break_off, closing_s=closing_s) as (url, state),
        await RawConnection.open(url) as page,
    ):
        await page.request("GET / HTTP/1.1")
        await page.read_head()
        began_s, rest = loop.time(), bytearray()
        while piece := await page.read_some():
            rest += piece
            await asyncio.sleep(SHORT / 4)
        assert loop.time() - began_s > 2 * closing_s
        assert rest == b"%x\r\n%b\r\n" % (32 * MEGABYTE, b"x" * (32 * MEGABYTE))
        await all_gone(state)


async def test_blank_lines_do_not_keep_a_connection():
    """The time of an idle connection runs on until a request begins."""
    async with serving(answer_ok, keep_alive_s=1) as (url, state):
        page = await RawConnection.open(url)
        await page.request("GET / HTTP/1.1")
        await page.read_answer()
        await drip(page, "\r\n")
        await all_gone(state)


async def test_a_body_that_never_ends_does_not_keep_one_either():
    """Neither does what drips in of a body whose request was answered without it."""
    async with serving(answer_ok, keep_alive_s=1) as (url, state):
        page = await RawConnection.open(url)
        await page.request("POST / HTTP/1.1", "Content-Length: 1000000")
        assert (await page.read_answer()).status == 200
        await drip(page, "x")
        await all_gone(state)


@pytest.mark.parametrize("more", [0, 1])
async def test_the_rest_of_an_answered_body(more):
    """64 MiB of it may come, after which the next request is served; a byte more is too much."""
    async with serving(answer_ok) as (url, _), await RawConnection.open(url) as page:
        await page.request("POST / HTTP/1.1", f"Content-Length: {REST_BYTES_MAX + more}")
        assert (await page.read_answer()).status == 200
        sent = asyncio.gather(
            page.send(*[b"x" * MEGABYTE] * 64, b"x" * more), return_exceptions=True
        )
        if more:
            assert await page.read_to_end() == b""
        else:
            await sent
            await page.request("GET / HTTP/1.1")
            assert (await page.read_answer()).status == 200


@pytest.mark.parametrize("more", [0, 1])
async def test_requests_that_wait(more):
    """Behind the one that is being answered 32 others may wait; one more, and none is answered."""
    go_on = asyncio.Event()

    async def answer_later(scope, receive, send):
        await go_on.wait()
        await answer_ok(scope, receive, send)

    async with serving(answer_later) as (url, state), await RawConnection.open(url) as page:
        await page.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * (1 + WAITING_MAX + more))
        if more:
            answer = await page.read_answer()
            assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
            assert "32 requests" in answer.json()["message"]
            assert await page.read_to_end() == b""
            go_on.set()
            await all_gone(state)
        else:
            go_on.set()
            answers = [await page.read_answer() for _ in range(1 + WAITING_MAX)]
            assert {answer.status for answer in answers} == {200}


@pytest.mark.parametrize("more", [0, 1])
async def test_a_body_that_waits(more):
    """Behind a request that is being answered 64 KiB of the next one's body may wait."""
    go_on = asyncio.Event()

    async def answer_later(scope, receive, send):
        await go_on.wait()
        await answer_ok(scope, receive, send)

    async with serving(answer_later) as (url, _), await RawConnection.open(url) as page:
        body = b"x" * (WAITING_BYTES_MAX + more)
        await page.request("GET / HTTP/1.1")
        await page.request("POST / HTTP/1.1", f"Content-Length: {len(body)}", body=body)
        if more:
            answer = await page.read_answer()
            assert (answer.status, "65536 bytes" in answer.json()["message"]) == (400, True)
            assert await page.read_to_end() == b""
        else:
            go_on.set()
            assert [(await page.read_answer()).status for _ in range(2)] == [200, 200]
