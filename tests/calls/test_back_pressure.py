"""A slow page slows the provider down, and a slow provider the page; no memory fills between."""

import asyncio

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, ReadBody, Wait

MEGABYTE = 1024 * 1024
# What the system's buffers of four sockets and the gateway's own may hold; far below what is sent.
BUFFERS_MAX = 24 * MEGABYTE
SENT = 64 * MEGABYTE


async def settle_down(amount):
    """Wait until a growing amount stands still for half a second; return it."""
    loop, seen = asyncio.get_running_loop(), (-1, 0.0)
    while True:
        now = amount()
        if now != seen[0]:
            seen = (now, loop.time())
        elif loop.time() - seen[1] > 0.5:
            return now
        await asyncio.sleep(0.01)


async def test_a_page_that_reads_slowly(world):
    """The provider is paused while the page does not read, and goes on when it does."""
    visitor = await world.sign_in()
    piece = b"x" * 65536
    world.provider.answers(Answer(chunks=[piece] * (SENT // len(piece)), framing="length"))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        connection.stop_reading()
        request = await world.provider.next_request()
        assert await settle_down(lambda: request.bytes_sent) < BUFFERS_MAX
        connection.go_on_reading()
        answer = await connection.read_rest(head)
    assert (len(answer.body), answer.complete) == (SENT, True)
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


async def test_a_provider_that_reads_slowly(world):
    """The page is paused while the provider does not read its upload."""
    visitor = await world.sign_in()
    go_on, size, sent = asyncio.Event(), 32 * MEGABYTE, 0
    world.provider.answers(Answer(before=[Wait(go_on), ReadBody()], reads_body=False))

    async def upload():
        nonlocal sent
        for _ in range(size // 65536):
            yield b"x" * 65536
            sent += 65536

    typed = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    calling = asyncio.create_task(world.call(visitor, data=upload(), headers=typed).__aenter__())
    request = await world.provider.next_request()
    assert await settle_down(lambda: sent) < BUFFERS_MAX
    go_on.set()
    answer = await calling
    await answer.read()
    assert len(request.body) == size
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
