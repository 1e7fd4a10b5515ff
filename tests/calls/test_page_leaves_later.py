"""Row 13 of the table: the page leaves after the settle."""

import asyncio

import aiohttp
import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Never, ReadBody, Wait


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
@pytest.mark.parametrize("begun", [b"", b"begun"], ids=["before a byte", "after a byte"])
async def test_it_stays_settled(world, framing, begun):
    """The upstream is cancelled at once, the credit stays charged, the receipt says `aborted`."""
    visitor = await world.sign_in()
    steps = [begun, Never()] if begun else [Never()]
    world.provider.answers(Answer(chunks=steps, framing=framing, length=1000))
    connection = await world.raw_call(visitor)
    await connection.read_head()
    connection.leave()
    await (await world.provider.next_request()).left.wait()
    await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)


async def test_leaving_while_it_does_not_keep_up(world):
    """A page that stopped reading and leaves is noticed although nothing more can be sent."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"x" * 65536] * 1000))
    connection = await world.raw_call(visitor)
    connection.stop_reading()
    request = await world.provider.next_request()
    connection.reset()
    await request.left.wait()
    await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)


async def test_leaving_while_the_provider_does_not_read_the_upload(world):
    """A provider that answers before it has read the body cannot hide that the page is gone."""
    visitor = await world.sign_in()
    pings = [asyncio.Event() for _ in range(10)]
    steps = [*[step for ping in pings for step in (b"ping", Wait(ping))], Never()]
    world.provider.answers(Answer(chunks=steps, reads_body=False))
    announced = ["Content-Type: application/octet-stream", "Content-Length: 30000000"]
    connection = await world.raw_call(visitor, *announced, body=None)
    upload = asyncio.create_task(connection.send(*[b"x" * 65536] * 400))
    await connection.read_head()
    request = await world.provider.next_request()
    upload.cancel()
    connection.reset()
    for ping in pings:  # each fails to reach the page, which is how it shows
        ping.set()
        async with world.client.get(f"{world.url}/healthz") as answer:
            assert answer.status == 200
    await request.left.wait()
    await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)


async def test_an_upload_that_grows_too_large_after_the_headers(world):
    """A page cannot get its credit back by breaking its own upload off."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[ReadBody(), b"x"], reads_body=False))

    async def upload():
        yield b"x"
        await settled.wait()
        for _ in range(33):
            yield b"x" * 1024 * 1024

    settled = asyncio.Event()
    typed = {"Content-Type": "application/octet-stream"}
    answer = await world.call(visitor, data=upload(), headers=typed)
    assert answer.status == 200
    settled.set()
    with pytest.raises(aiohttp.ClientError):
        await answer.read()
    answer.close()
    await (await world.provider.next_request()).left.wait()
    await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)


async def test_leaving_after_the_end_changes_nothing(world):
    """A call that came to its end is `ok`, whatever happens to the connection."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"all"]))
    async with await world.raw_call(visitor) as connection:
        assert (await connection.read_answer()).complete
        connection.reset()
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
