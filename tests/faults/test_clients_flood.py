"""Clients that send too much, too often or too slowly: memory stays bounded, others are served."""

import asyncio
import contextlib

import pytest

from tests.support.process_world import process_world
from tests.support.raw_client import RawConnection
from tests.support.resident import MEGABYTE, Resident
from tests.support.scripted_provider import Answer, Never, Wait
from tests.support.world import CALL

LINE = f"POST {CALL}/v1/things HTTP/1.1"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
# What may grow by itself: buffers of the interpreter and the loop, and how the kernel counts.
NOISE_BYTES = 8 * MEGABYTE


@pytest.fixture
async def served(tmp_path):
    """A gateway process that has made a few calls; its books are in order when the test ends."""
    async with process_world(tmp_path / "var") as world:
        world.provider.always(Answer.json({"ok": True}))
        for _ in range(20):
            await serve_the_next(world)
        yield world
        await world.all_ended(20)
        await world.check_books()


async def serve_the_next(world):
    """Make a call that must succeed."""
    async with world.call() as answer:
        assert (answer.status, await answer.json()) == (200, {"ok": True})


async def flood(connection, *pieces):
    """Send pieces until the gateway takes no more; return how many bytes they were."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while True:
            await connection.send(*pieces)
            sent += sum(map(len, pieces))
    return sent


def own(world):
    """Return the headers that make a call the visitor's."""
    return [f"{name}: {value}" for name, value in world.visitor.headers.items()]


async def test_a_thousand_connections(served):
    """Five hundred that say nothing and five hundred with half a head are in nobody's way."""
    memory = Resident(served.gateway.pid)
    connections = [await RawConnection.open(served.gateway.url) for _ in range(1000)]
    for connection in connections[::2]:
        await connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    await serve_the_next(served)
    assert memory.peak() < 1000 * 32 * 1024
    for connection in connections:
        connection.leave()


async def test_ten_thousand_requests_at_once(served):
    """A connection that asks without listening is closed, and costs no more than any other."""
    memory = Resident(served.gateway.pid)
    async with await RawConnection.open(served.gateway.url) as connection:
        flooding = asyncio.create_task(flood(connection, HEALTH * 10_000))
        await serve_the_next(served)
        await flooding
    await serve_the_next(served)
    assert memory.peak() < NOISE_BYTES


async def test_requests_behind_an_answer_that_goes_on(served):
    """Whoever floods behind a stream of its own loses it; the credit stays charged."""
    memory, go_on = Resident(served.gateway.pid), asyncio.Event()
    served.provider.answers(Answer(chunks=[b"begun", Wait(go_on)]))
    connection = await served.raw_call()
    await connection.read_head()
    request = served.provider.requests[-1]
    await flood(connection, HEALTH * 1000)
    await request.left.wait()
    await serve_the_next(served)
    assert memory.peak() < NOISE_BYTES
    assert [one["state"] for one in await served.all_ended(22)].count("aborted") == 1


async def test_a_head_that_never_ends(served):
    """It is cut as soon as it has more bytes than a head may have."""
    memory = Resident(served.gateway.pid)
    async with await RawConnection.open(served.gateway.url) as connection:
        await connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\n")
        assert await flood(connection, b"X-Thing: a\r\n" * 1000) < 64 * MEGABYTE
    await serve_the_next(served)
    assert memory.peak() < NOISE_BYTES


@pytest.mark.parametrize("typed", ["application/json", "application/octet-stream"])
async def test_a_body_that_never_ends(served, typed):
    """It is refused at its limit; after the answer so much more is taken, and then no more."""
    memory = Resident(served.gateway.pid)
    framed = [f"Content-Type: {typed}", "Transfer-Encoding: chunked"]
    async with await RawConnection.open(served.gateway.url) as connection:
        await connection.request(LINE, *own(served), *framed)
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        flooding = asyncio.create_task(flood(connection, *[piece] * 16))
        answer = await connection.read_answer()
        assert (answer.status, answer.json()["error"]) == (413, "body_too_large")
        assert await flooding < (32 + 64 + 64) * MEGABYTE
    await serve_the_next(served)
    assert memory.peak() < NOISE_BYTES


async def test_a_body_of_an_unknown_caller(served):
    """Who is refused at once cannot keep the gateway reading for ever either."""
    memory = Resident(served.gateway.pid)
    async with await RawConnection.open(served.gateway.url) as connection:
        await connection.request(LINE, "X-Paywall-Id: pw_test", "Content-Length: 1000000000000")
        flooding = asyncio.create_task(flood(connection, *[b"x" * 65536] * 16))
        assert (await connection.read_answer()).status == 401
        assert await flooding < (64 + 64) * MEGABYTE
    await serve_the_next(served)
    assert memory.peak() < NOISE_BYTES


@pytest.mark.parametrize("typed", ["application/json", "text/plain"])
async def test_ten_thousand_tiny_chunks(served, typed):
    """A body in chunks of one byte arrives whole, and costs no more than another."""
    memory = Resident(served.gateway.pid)
    framed = [f"Content-Type: {typed}", "Transfer-Encoding: chunked"]
    async with await RawConnection.open(served.gateway.url) as connection:
        await connection.request(LINE, *own(served), *framed)
        await connection.send(b"1\r\n7\r\n" * 10_000, b"0\r\n\r\n")
        assert (await connection.read_answer()).status == 200
    assert served.provider.requests[-1].body == b"7" * 10_000
    assert memory.peak() < NOISE_BYTES


async def test_fifty_pages_that_do_not_read(served):
    """Each holds what a few buffers hold, whatever the provider would like to send."""
    piece, pages = b"x" * 65536, 50
    memory = Resident(served.gateway.pid)
    served.provider.always(Answer(chunks=[*[piece] * 1024, Never()]))
    connections = [await served.raw_call() for _ in range(pages)]
    for connection in connections:
        await connection.read_head()
        connection.stop_reading()
    served.provider.always(Answer.json({"ok": True}))
    while (sent := bytes_sent(served, pages)) != await after_some_calls(served, pages):
        pass
    assert sent < pages * 32 * MEGABYTE
    assert memory.peak() < pages * 2 * MEGABYTE
    for connection in connections:
        connection.reset()
    assert [one["state"] for one in await served.all_ended(pages)].count("aborted") == pages


def bytes_sent(world, pages):
    """Return how much the provider has got rid of, over the first calls after the start's."""
    return sum(request.bytes_sent for request in world.provider.requests[20 : 20 + pages])


async def after_some_calls(world, pages):
    """Make calls, in which time whatever can get on gets on; return the same again."""
    for _ in range(100):
        await serve_the_next(world)
    return bytes_sent(world, pages)
