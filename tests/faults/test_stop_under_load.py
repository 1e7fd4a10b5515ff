"""SIGTERM with two hundred streams open: drained while the grace lasts, then cut; all accounted."""

import asyncio
from collections import Counter

import aiohttp
import pytest

from tests.support.process_world import process_world
from tests.support.raw_client import RawConnection
from tests.support.scripted_provider import Answer, Never, Wait
from tests.support.world import CALL
from tollbridge.gateway.server import CLOSING_S

GRACE_S = 3
PROGRAM = ("tests.faults.brief_gateway", str(GRACE_S))
# Time to start and to end on a machine that does other things, too.
SLACK_S = 20


@pytest.fixture
async def served(tmp_path):
    """A gateway process that gives running streams three seconds."""
    async with process_world(tmp_path / "var", program=PROGRAM) as world:
        yield world
        await world.check_books()


async def read(world, opened):
    """Read a stream; return what came, and whether its end did."""
    body = b""
    async with world.call(timeout=aiohttp.ClientTimeout(total=None)) as answer:
        assert answer.status == 200
        opened.release()
        try:
            async for part in answer.content.iter_any():
                body += part
        except aiohttp.ClientError:
            return body, False
    return body, True


async def open_streams(world, count, answer):
    """Start streams; return their tasks once the pages have all of the heads."""
    opened = asyncio.Semaphore(0)
    world.provider.always(answer)
    tasks = [asyncio.create_task(read(world, opened)) for _ in range(count)]
    for _ in range(count):
        await opened.acquire()
    return tasks


async def refuses_connections(world):
    """Wait until the gateway takes no new connection: it has heard the signal."""
    host, port = world.gateway.url.removeprefix("http://").split(":")
    while True:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            return
        writer.close()


async def test_two_hundred_streams_that_end(served):
    """Each comes to its proper end, and the process goes then, not after the grace."""
    go_on = asyncio.Event()
    answer = Answer(chunks=[b"begun", Wait(go_on), b" and done"])
    tasks = await open_streams(served, 200, answer)
    served.gateway.terminate()
    await refuses_connections(served)
    go_on.set()
    assert await asyncio.gather(*tasks) == [(b"begun and done", True)] * 200
    assert await served.gateway.ended() == 0
    states = Counter(one["state"] for one in await served.receipts())
    assert states == {"ok": 200}


async def test_two_hundred_streams_of_which_half_never_end(served):
    """The others are cut after the grace: what has begun costs its credit, the rest is reversed."""
    go_on = asyncio.Event()
    ends = await open_streams(served, 100, Answer(chunks=[b"begun", Wait(go_on), b" and done"]))
    begun = await open_streams(served, 60, Answer(chunks=[b"begun", Never()]))
    silent = await open_streams(served, 40, Answer(chunks=[Never()]))
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    served.gateway.terminate()
    await refuses_connections(served)
    go_on.set()
    assert await asyncio.gather(*ends) == [(b"begun and done", True)] * 100
    assert await served.gateway.ended() == 0
    assert GRACE_S <= loop.time() - asked_at < GRACE_S + CLOSING_S + SLACK_S
    assert await asyncio.gather(*begun) == [(b"begun", False)] * 60
    assert await asyncio.gather(*silent) == [(b"", False)] * 40
    assert all(request.left.is_set() for request in served.provider.requests[100:])
    found = Counter(
        (one["state"], one["credits_charged"], one["provider_status"])
        for one in await served.receipts()
    )
    assert found == {("ok", 1, 200): 100, ("broken", 1, 200): 60, ("broken", 0, 200): 40}


async def test_pages_that_do_not_read(served):
    """Whoever takes nothing more is no reason to stay: the process still ends in time."""
    piece = b"x" * 65536
    served.provider.always(Answer(chunks=[piece] * 1000))
    connections = [await served.raw_call() for _ in range(20)]
    for connection in connections:
        await connection.read_head()
        connection.stop_reading()
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    served.gateway.terminate()
    assert await served.gateway.ended() == 0
    assert loop.time() - asked_at < GRACE_S + CLOSING_S + SLACK_S
    states = Counter(one["state"] for one in await served.receipts())
    assert states == {"broken": 20}
    for connection in connections:
        connection.reset()


async def test_half_a_request(served):
    """Nor is one who says nothing, or half of it; half an upload is told to come again."""
    head = f"POST {CALL}/v1/things HTTP/1.1\r\nHost: a\r\nX-Slow: "
    silent, halting, uploading = [await RawConnection.open(served.gateway.url) for _ in range(3)]
    own = [f"{name}: {value}" for name, value in served.visitor.headers.items()]
    typed = ["Content-Type: application/json", "Content-Length: 10", "Expect: 100-continue"]
    await halting.send(head)
    await uploading.request(f"POST {CALL}/v1/things HTTP/1.1", *own, *typed)
    assert (await uploading.read_interim_or_head()).status == 100  # it waits for the body
    await uploading.send(b"{")
    assert await served.healthy()
    served.gateway.terminate()
    answer = await uploading.read_answer()
    assert (answer.status, answer.json()["error"]) == (503, "busy")
    for connection in silent, halting, uploading:
        assert await connection.read_to_end() == b""
        connection.leave()
    assert await served.gateway.ended() == 0
    assert await served.receipts() == []
