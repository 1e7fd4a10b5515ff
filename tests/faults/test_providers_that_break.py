"""Providers that drip, stay silent or talk nonsense: told, charged by the table, survived."""

import asyncio

import pytest

from tests.calls.outcome import check_outcome
from tests.support.drip import drip
from tests.support.scripted_provider import Answer, Cut, Never, Raw, Reset, Wait
from tests.support.world import open_world
from tollbridge.gateway.settings import Limits

PAUSE = 0.02  # seconds between two drops; a second in the world outside
MANY = 5  # drops that show that each came by itself
# Soon over, and yet enough for a call in between on a machine that does much else.
LIMITS = Limits(first_byte_s=2, idle_s=1, stream_s=2)
CHUNKED = (("content-type", "text/plain"),)


@pytest.fixture
async def hasty(tmp_path):
    """A world that waits for nobody; its ledger is exact when the test ends."""
    async with open_world(tmp_path, limits=LIMITS) as opened:
        yield opened
        assert await opened.verify() == []


async def serve_the_next(world, visitor, left):
    """Look that the same visitor is served by the same provider, for a credit."""
    world.provider.answers(Answer.json({"the next": True}))
    async with world.call(visitor) as answer:
        assert (answer.status, await answer.json()) == (200, {"the next": True})
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200, left=left - 1)


async def fail(world, visitor):
    """Make a call that comes to no answer; return status, code and details."""
    async with world.call(visitor) as answer:
        body = await answer.json()
        assert answer.headers["X-Credits-Charged"] == "0"
    await check_outcome(world, visitor, "failed")
    return answer.status, body["error"], body["details"]


async def test_a_body_that_drips(hasty):
    """Every byte reaches the page as it comes; in the end the whole takes too long, and is cut."""
    visitor = await hasty.sign_in()
    hasty.provider.answers(Answer(headers=CHUNKED, chunks=drip(b".", PAUSE)))
    async with await hasty.raw_call(visitor) as connection:
        head = await connection.read_head()
        came = b""
        while len(came) < MANY:  # a busy machine may pass two of them in one chunk
            came += await connection.read_chunk()
        assert set(came) == set(b".")
        answer = await connection.read_rest(head)
    assert (answer.status, answer.complete) == (200, False)
    await (await hasty.provider.next_request()).left.wait()
    await check_outcome(hasty, visitor, "broken", charged=1, provider_status=200)
    await serve_the_next(hasty, visitor, left=19)


async def test_a_head_that_drips(hasty):
    """Bytes of a head are no answer: it is due as a whole, and costs nothing."""
    visitor = await hasty.sign_in()
    slow = drip(b".", PAUSE, first=b"HTTP/1.1 200 OK\r\nx-slow: ", raw=True)
    hasty.provider.answers(Answer(before=slow))
    status, code, _ = await fail(hasty, visitor)
    assert (status, code) == (504, "provider_timeout")
    await (await hasty.provider.next_request()).left.wait()
    await serve_the_next(hasty, visitor, left=20)


async def test_interim_answers_that_drip(hasty):
    """However often a provider says that it is at work, the answer is due."""
    visitor = await hasty.sign_in()
    interim = drip(b"HTTP/1.1 102 Processing\r\n\r\n", PAUSE, raw=True)
    hasty.provider.answers(Answer(before=interim))
    status, code, _ = await fail(hasty, visitor)
    assert (status, code) == (504, "provider_timeout")
    await serve_the_next(hasty, visitor, left=20)


async def test_a_provider_that_never_answers(hasty):
    """The page is told in time, and the provider that nobody waits any more."""
    visitor = await hasty.sign_in()
    hasty.provider.answers(Answer(before=[Never()]))
    status, code, _ = await fail(hasty, visitor)
    assert (status, code) == (504, "provider_timeout")
    await (await hasty.provider.next_request()).left.wait()
    await serve_the_next(hasty, visitor, left=20)


HEADS = {
    "a header of a megabyte": [Raw(b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 1024 * 1024 + b"\r\n\r\n")],
    "ten thousand headers": [Raw(b"HTTP/1.1 200 OK\r\n" + b"x-a: a\r\n" * 10_000 + b"\r\n")],
    "a NUL in a header": [Raw(b"HTTP/1.1 200 OK\r\nx-a: a\0b\r\ncontent-length: 0\r\n\r\n")],
    "two lengths": [Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab")],
    "a length below zero": [Raw(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n")],
    "a length in words": [Raw(b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\nab")],
    "no status": [Raw(b"HTTP/1.1 OK\r\n\r\n")],
    "no HTTP": [Raw(b"\0\1\2\3" * 100 + b"\r\n\r\n")],
}


@pytest.mark.parametrize("case", HEADS)
async def test_a_head_that_is_none(world, case):
    """Too large or against the rules: a 502 at once, the credit back, the next call served."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(before=[*HEADS[case], Never()]))
    told = await fail(world, visitor)
    assert told == (502, "provider_unreachable", {"reason": "invalid_answer"})
    await (await world.provider.next_request()).left.wait()
    await serve_the_next(world, visitor, left=20)


BODIES = {
    "a size that is no number": [Raw(b"zz\r\n"), Never()],
    "a size below zero": [Raw(b"-2\r\nab\r\n"), Never()],
    "a size with a plus": [Raw(b"+2\r\nab\r\n"), Never()],
    "a size with a prefix": [Raw(b"0x2\r\nab\r\n"), Never()],
    "a size beyond 64 bits": [Raw(b"10000000000000002\r\nab\r\n"), Never()],
    "no size": [Raw(b"\r\nab\r\n"), Never()],
    "a chunk longer than its size": [Raw(b"2\r\nabcd\r\n"), Never()],
    "an end without its end": [Raw(b"0\r\n"), Cut()],
    "an end in mid-size": [Raw(b"10"), Cut()],
    "an end in mid-chunk": [Raw(b"10\r\nhalf"), Cut()],
    "a cut between chunks": [Cut()],
    "a reset between chunks": [Reset()],
}


@pytest.mark.parametrize("case", BODIES)
async def test_a_body_that_breaks(world, case):
    """Chunked coding that is none is a break: it never looks like an end, nor is it waited for."""
    visitor = await world.sign_in()
    has_begun = asyncio.Event()
    world.provider.answers(Answer(chunks=[b"begun", Wait(has_begun), *BODIES[case]]))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        assert (head.status, await connection.read_chunk()) == (200, b"begun")
        has_begun.set()
        answer = await connection.read_rest(head)
    assert answer.complete is False
    await check_outcome(world, visitor, "broken", charged=1, provider_status=200)
    await serve_the_next(world, visitor, left=19)


POISON = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n\r\npoison"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(framing="length", length=2, chunks=[b"{}", Raw(POISON)]),
        Answer(framing="length", length=2, chunks=[b"{}" + POISON]),
        Answer(framing="close", chunks=[Raw(b"2\r\n{}\r\n0\r\n\r\n" + POISON)]),
        Answer(204, raw_head=b"HTTP/1.1 204 No Content\r\n\r\n" + POISON, framing="none"),
    ],
    ids=["after", "at once", "closed", "bodiless"],
)
async def test_an_answer_nobody_asked_for(world, answer):
    """What a provider sends beyond its answer is nobody's, least of all the next caller's."""
    visitor = await world.sign_in()
    world.provider.answers(answer)
    async with await world.raw_call(visitor) as connection:
        first = await connection.read_answer()
    assert first.complete
    assert answer.framing == "close" or b"poison" not in first.body
    await check_outcome(world, visitor, "ok", charged=1, provider_status=answer.status)
    await serve_the_next(world, visitor, left=19)
    await serve_the_next(world, visitor, left=18)
