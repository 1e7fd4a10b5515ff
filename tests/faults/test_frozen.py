"""A gateway that stands still, as a laptop that is closed does: afterwards nothing is lost.

What ran goes on where it can; no credit is lost or charged twice, and nothing stays held.
"""

import asyncio
import os
from collections import Counter

import aiohttp
import pytest

from tests.support.process_world import CREDITS, process_world
from tests.support.scripted_provider import Answer, Wait

# The gateway calls an epoch dead that was silent so long; it stands still for longer.
BEAT_S, SILENT_S, FROZEN_S = 1, 2, 4
CALLS = 20  # of each kind


def time_passes(seconds):
    """Return an event that is set after so long: time itself is what is tested here."""
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, event.set)
    return event


async def call(world):
    """Make a call; return status and body, None where the end did not come."""
    async with world.call(timeout=aiohttp.ClientTimeout(total=None)) as answer:
        try:
            return answer.status, await answer.read()
        except aiohttp.ClientError:
            return answer.status, None


async def stand_still(world, seconds):
    """Freeze the gateway for so long, having looked that it is frozen."""
    world.gateway.freeze()
    state = None
    while state != "T":
        status = await asyncio.to_thread(read_state, world.gateway.pid)
        state = status.rpartition(")")[2].split()[0]
    await time_passes(seconds).wait()
    world.gateway.thaw()


def read_state(pid):
    """Return what the kernel says of a process: proc(5)."""
    descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    try:
        return os.read(descriptor, 4096).decode()
    finally:
        os.close(descriptor)


async def freeze_and_look(folder, seconds, **settings):
    """Freeze a gateway in the middle of calls of every kind; check each one afterwards."""
    async with process_world(folder, **settings) as world:
        frozen, thawed = asyncio.Event(), asyncio.Event()
        kinds = {
            # The provider answers while the gateway stands still, or after it.
            "slow": Answer(before=[Wait(frozen)], chunks=[b"whole"], framing="length", length=5),
            "later": Answer(before=[Wait(thawed)], chunks=[b"whole"], framing="length", length=5),
            "stream": Answer(chunks=[b"wh", Wait(frozen), b"o", Wait(thawed), b"le"]),
            "refused": Answer(500, before=[Wait(frozen)], chunks=[b"no"]),
        }
        world.provider.answers(*[answer for answer in kinds.values() for _ in range(CALLS)])
        calls = [asyncio.create_task(call(world)) for _ in range(CALLS * len(kinds))]
        for _ in calls:
            await world.provider.next_request()
        standing = asyncio.create_task(stand_still(world, seconds))
        await asyncio.wait([standing], timeout=seconds / 2)
        frozen.set()
        await standing
        thawed.set()
        told = Counter(await asyncio.gather(*calls))
        world.provider.always(Answer.json({"the next": True}))
        assert (await call(world))[0] == 200
        receipts = await world.all_ended(len(calls) + 1)
        await world.check_books()
        check_what_was_told(told, receipts)
        charged = sum(receipt["credits_charged"] for receipt in receipts)
        assert await world.balance() == CREDITS - charged
        world.gateway.terminate()
        assert await world.gateway.ended() == 0
        await world.check_books()


def check_what_was_told(told, receipts):
    """Look that each page's end is that of a receipt: a whole answer is charged, another is not."""
    states = Counter((one["state"], one["credits_charged"]) for one in receipts)
    assert len(receipts) == 4 * CALLS + 1, "each call was made once"
    assert told[200, b"whole"] + 1 == states["ok", 1]
    assert told[500, b"no"] == CALLS
    # Where the hold was given to somebody else meanwhile the page is told that, and pays nothing.
    assert told[503, None] == 0
    refused = sum(count for (status, _), count in told.items() if status >= 500)
    assert states["failed", 0] == refused
    assert told[200, b"whole"] + refused + told[200, None] == 4 * CALLS


@pytest.mark.timeout(60)
async def test_for_longer_than_its_silence_may_last(tmp_path):
    """Four seconds where two make an epoch dead."""
    settings = {"TOLLBRIDGE_BEAT_S": str(BEAT_S), "TOLLBRIDGE_SILENT_S": str(SILENT_S)}
    await freeze_and_look(tmp_path / "var", FROZEN_S, **settings)


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_for_half_a_minute(tmp_path):
    """Thirty seconds, with the settings that everybody has."""
    await freeze_and_look(tmp_path / "var", 30)


@pytest.mark.timeout(60)
async def test_again_and_again(tmp_path):
    """Standing still for a moment, many times, in the middle of calls that come and go."""
    async with process_world(tmp_path / "var") as world:
        world.provider.always(Answer(chunks=[b"wh", b"ole"]))
        done = asyncio.Event()

        async def call_on():
            told = Counter()
            while not done.is_set():
                told[await call(world)] += 1
            return told

        callers = [asyncio.create_task(call_on()) for _ in range(8)]
        for _ in range(10):
            await world.provider.next_request()
            await stand_still(world, 0.05)
        done.set()
        told = sum(await asyncio.gather(*callers), Counter())
        receipts = await world.all_ended(told.total())
        assert set(told) == {(200, b"whole")}
        assert Counter(one["state"] for one in receipts) == {"ok": told[200, b"whole"]}
        await world.check_books()
