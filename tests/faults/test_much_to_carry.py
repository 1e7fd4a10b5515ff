"""Large bodies in both directions pass through: memory stays where it is."""

import gzip
import hashlib

import pytest

from tests.support.process_world import process_world
from tests.support.resident import MEGABYTE, Resident
from tests.support.scripted_provider import Answer, Raw

PIECE = bytes(range(256)) * 256
GIGABYTE = 1024 * MEGABYTE
GROWTH_MAX = 8 * MEGABYTE
BINARY = {"Content-Type": "application/octet-stream"}


@pytest.fixture
async def served(tmp_path):
    """A gateway process that has carried a few megabytes; its books are in order at the end."""
    async with process_world(tmp_path / "var") as world:
        for _ in range(3):
            await carry(world, up=2 * MEGABYTE, down=2 * MEGABYTE)
        yield world
        await world.all_ended(3)
        await world.check_books()


async def carry(world, *, up, down, framing="length"):
    """Send so many bytes up and so many down again; look that all of them arrive."""

    async def pieces():
        for _ in range(up // len(PIECE)):
            yield PIECE

    world.provider.answers(Answer(chunks=[PIECE] * (down // len(PIECE)), framing=framing))
    headers = {**BINARY, "Content-Length": str(up)}
    received, at_fault = 0, 0
    async with world.call(data=pieces(), headers=headers) as answer:
        assert answer.status == 200
        async for part in answer.content.iter_any():
            offset = received % len(PIECE)
            expected = (PIECE * (1 + (offset + len(part)) // len(PIECE)))[offset:]
            at_fault += expected[: len(part)] != part
            received += len(part)
    assert (received, at_fault) == (down, 0)
    assert len(world.provider.requests[-1].body) == up


async def test_32_megabytes_up_and_down(served):
    """They raise the gateway's memory by less than 8 MiB at any moment."""
    memory = Resident(served.gateway.pid)
    await carry(served, up=32 * MEGABYTE, down=32 * MEGABYTE)
    assert memory.peak() < GROWTH_MAX


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
async def test_half_a_gigabyte_down(served, framing):
    """An answer may be as long as it likes, however its end is told."""
    memory = Resident(served.gateway.pid)
    await carry(served, up=0, down=GIGABYTE // 2, framing=framing)
    assert memory.peak() < GROWTH_MAX


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_ten_gigabytes_down(served):
    """Ten gigabytes take no more of it."""
    memory = Resident(served.gateway.pid)
    await carry(served, up=0, down=10 * GIGABYTE)
    assert memory.peak() < GROWTH_MAX


async def test_a_gzip_bomb(served):
    """What would unfold to 16 GiB passes as the 16 MiB that it is: nobody opens it on the way."""
    layer = gzip.compress(bytes(16 * MEGABYTE), compresslevel=9)
    bomb = layer * 1024  # gzip allows that
    assert len(bomb) < 18 * MEGABYTE
    memory = Resident(served.gateway.pid)
    packed = [("content-encoding", "gzip"), ("content-type", "application/json")]
    served.provider.answers(Answer(headers=packed, chunks=[bomb], framing="length"))
    digest = hashlib.sha256()
    async with served.call(headers={"Accept-Encoding": "gzip"}) as answer:
        assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
        assert answer.headers["Content-Length"] == str(len(bomb))
        async for part in answer.content.iter_any():
            digest.update(part)
    assert digest.digest() == hashlib.sha256(bomb).digest()
    assert memory.peak() < GROWTH_MAX
    await carry(served, up=0, down=MEGABYTE)


async def test_a_head_of_an_answer_that_never_ends(served):
    """It is given up as soon as it is too large: 502, the credit back, the next call served."""
    memory = Resident(served.gateway.pid)
    endless = [Raw(b"HTTP/1.1 200 OK\r\n"), *[Raw(b"x-thing: a\r\n" * 4096)] * 10_000]
    served.provider.answers(Answer(before=endless))
    async with served.call() as answer:
        assert (answer.status, (await answer.json())["error"]) == (502, "provider_unreachable")
    await served.provider.requests[-1].left.wait()
    assert memory.peak() < GROWTH_MAX
    await carry(served, up=0, down=MEGABYTE)


async def test_interim_answers_that_never_end(served):
    """Nor are they gathered while they keep coming."""
    memory = Resident(served.gateway.pid)
    interim = Raw(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 1000)
    served.provider.answers(Answer(before=[interim] * 1000, chunks=[b"at last"]))
    async with served.call() as answer:
        assert answer.status in (200, 502)  # whoever has enough of them may say so
        await answer.read()
    assert memory.peak() < GROWTH_MAX


async def test_a_trailer_that_never_ends(served):
    """What follows the last chunk is not gathered either, whatever becomes of the answer."""
    memory = Resident(served.gateway.pid)
    endless = [b"all of it", Raw(b"0\r\n"), *[Raw(b"x-thing: a\r\n" * 4096)] * 2000]
    served.provider.answers(Answer(chunks=endless))
    connection = await served.raw_call()
    await connection.read_answer()
    assert memory.peak() < GROWTH_MAX
    connection.leave()
    await carry(served, up=0, down=MEGABYTE)
