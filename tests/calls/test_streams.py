"""An answer reaches the page as it comes: every byte, no byte changed, no chunk held back."""

import asyncio
import gzip
import hashlib
import random

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Wait


async def test_no_chunk_is_held_back(world):
    """The provider sends the next event only when the page has this one."""
    visitor = await world.sign_in()
    events = [b"event %d" % number for number in range(50)]
    turns = [asyncio.Event() for _ in events]
    steps = [step for pair in zip(events, map(Wait, turns), strict=True) for step in pair]
    world.provider.answers(Answer.sse(*steps))
    async with world.call(visitor) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        for event, turn in zip(events, turns, strict=True):
            assert await answer.content.readany() == b"data: " + event + b"\n\n"
            turn.set()
        assert await answer.read() == b""
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


async def test_the_headers_are_not_held_back(world):
    """The page holds the status before the provider has a byte of the body."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.answers(Answer(chunks=[Wait(go_on), b"x"]))
    async with world.call(visitor) as answer:
        assert answer.status == 200
        go_on.set()
        assert await answer.read() == b"x"


@pytest.mark.parametrize("seed", range(5))
async def test_odd_chunks_keep_their_bytes(world, seed):
    """Pieces that split characters, lines and events arrive as they were sent."""
    chance = random.Random(seed)
    text = 'data: Grüße, 世界 🌍\r\n\r\n: ping\n\ndata: {"a": "\\n"}\n\n'.encode() * 20
    steps, turns, at = [], [], 0
    while at < len(text):
        size = chance.choice([1, 1, 2, 3, 5, 7, 100])
        turns.append(asyncio.Event())
        steps += [text[at : at + size], Wait(turns[-1])]
        at += size
    visitor = await world.sign_in()
    world.provider.answers(Answer(200, [("content-type", "text/event-stream")], steps))
    pieces = [step for step in steps if isinstance(step, bytes)]
    async with world.call(visitor) as answer:
        for piece, turn in zip(pieces, turns, strict=True):
            assert await answer.content.readany() == piece
            turn.set()
        assert await answer.read() == b""


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_two_megabytes(world, framing):
    """A large answer is equal to the last byte, however it was framed."""
    body = random.Random(framing).randbytes(2 * 1024 * 1024 + 1)
    visitor = await world.sign_in()
    pieces = [body[at : at + 70_001] for at in range(0, len(body), 70_001)]
    world.provider.answers(Answer(chunks=pieces, framing=framing))
    async with world.call(visitor) as answer:
        received = await answer.read()
        assert hashlib.sha256(received).digest() == hashlib.sha256(body).digest()
        expected = str(len(body)) if framing == "length" else None
        assert answer.headers.get("Content-Length") == expected
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


@pytest.mark.parametrize("framing", ["chunked", "length"])
async def test_a_compressed_answer_stays_compressed(world, framing):
    """Coded bytes and their Content-Encoding pass untouched, and so does the page's wish for it."""
    coded = gzip.compress(b"a long answer " * 1000)
    visitor = await world.sign_in()
    world.provider.answers(Answer(200, [("content-encoding", "gzip")], [coded], framing=framing))
    async with world.call(visitor, headers={"Accept-Encoding": "gzip, br"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert await answer.read() == coded
    request = await world.provider.next_request()
    assert request.header("accept-encoding") == "gzip, br"


async def test_streams_do_not_wait_for_each_other(world):
    """Fifty answers run at once, each at its own pace."""
    visitor = await world.sign_in()
    await world.grant(visitor, 30)
    go_on = asyncio.Event()
    world.provider.always(Answer(chunks=[b"begun", Wait(go_on), b" and done"]))

    async def read(begun):
        async with world.call(visitor) as answer:
            assert await answer.content.readany() == b"begun"
            begun.set()
            assert await answer.read() == b" and done"

    events = [asyncio.Event() for _ in range(50)]
    async with asyncio.TaskGroup() as tasks:
        for begun in events:
            tasks.create_task(read(begun))
        for begun in events:
            await begun.wait()
        go_on.set()
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200, left=0)
