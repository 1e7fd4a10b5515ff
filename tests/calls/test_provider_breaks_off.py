"""Rows 8 and 9 of the table: the provider answers 2xx and breaks off."""

import asyncio

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Cut, Raw, Reset, Wait

# However the body is framed, and however it stops: none of these is an end.
BREAKS = [
    ("chunked", Cut()),
    ("chunked", Reset()),
    ("chunked", Raw(b"this is no chunk size\r\n")),
    ("length", Cut()),
    ("length", Reset()),
    ("close", Reset()),
]
NAMES = ["chunked cut", "chunked reset", "bad chunk", "length cut", "length reset", "close reset"]


async def call_and_break(world, visitor, framing, end, *, begun=b""):
    """Have a provider break off once the page has the head; return what the page got in all."""
    page_has_the_head = asyncio.Event()
    steps = [*([begun] if begun else []), Wait(page_has_the_head), end]
    world.provider.answers(Answer(chunks=steps, framing=framing, length=1000))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        assert head.status == 200
        assert head.header("x-credits-charged") == "1"
        page_has_the_head.set()
        answer = await connection.read_rest(head)
    assert not answer.complete
    assert answer.header("content-length") == ("1000" if framing == "length" else None)
    return answer


@pytest.mark.parametrize(("framing", "end"), BREAKS, ids=NAMES)
async def test_before_the_first_byte_it_is_reversed(world, framing, end):
    """Headers alone are no answer: the credit comes back, our own answer is broken off."""
    visitor = await world.sign_in()
    answer = await call_and_break(world, visitor, framing, end)
    assert answer.body == b""
    await check_outcome(world, visitor, "broken", provider_status=200)


@pytest.mark.parametrize(("framing", "end"), BREAKS, ids=NAMES)
async def test_later_it_stays_settled(world, framing, end):
    """What came before the cut reaches the page, and costs."""
    visitor = await world.sign_in()
    answer = await call_and_break(world, visitor, framing, end, begun=b"begun")
    assert answer.body == b"begun"
    await check_outcome(world, visitor, "broken", charged=1, provider_status=200)


async def test_a_short_body_is_no_whole_one(world):
    """One byte less than announced is a cut, not an end."""
    visitor = await world.sign_in()
    answer = await call_and_break(world, visitor, "length", Cut(), begun=b"x" * 999)
    assert answer.body == b"x" * 999
    await check_outcome(world, visitor, "broken", charged=1, provider_status=200)


async def test_each_call_is_reversed_for_itself(world):
    """A provider that always breaks off costs nothing, however often it is tried."""
    visitor = await world.sign_in()
    for _ in range(3):
        await call_and_break(world, visitor, "chunked", Cut())
        await check_outcome(world, visitor, "broken", provider_status=200)
