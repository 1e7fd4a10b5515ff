"""Callers that come together share a commit, and none is forgotten."""

import asyncio
import random
import threading
import time

import pytest

from tests.database.notes import add_note, list_notes, occupy, run
from tollbridge.gateway.database.sqlite import BATCH_SCRIPTS

pytestmark = pytest.mark.only_on("sqlite")  # its files and its thread

ROUNDS = 10_000


def commits_in(log):
    """Count the frames of a write-ahead log that end a commit (sqlite.org/fileformat2.html)."""
    data = log.read_bytes()
    page_bytes, salts = int.from_bytes(data[8:12], "big"), data[16:24]
    frames = (data[at : at + 24] for at in range(32, len(data), 24 + page_bytes))
    return sum(frame[8:16] == salts and frame[4:8] != bytes(4) for frame in frames)


async def occupied(database):
    """Have the writer busy, so that what is queued meanwhile is one batch; return how to end it."""
    entered, leave = threading.Event(), threading.Event()
    busy = asyncio.create_task(database.write(occupy(entered, leave)))
    await asyncio.to_thread(entered.wait)
    return busy, leave


@pytest.mark.parametrize(("scripts", "commits"), [(100, 1), (BATCH_SCRIPTS + 1, 2)])
async def test_a_batch_is_one_commit(database, path, scripts, commits):
    """A hundred waiting callers cost one write to the disk; beyond its limit a batch is split."""
    await database.write(add_note("before"))
    log = path.with_name(path.name + "-wal")
    before = commits_in(log)
    busy, leave = await occupied(database)
    waiting = [asyncio.create_task(database.write(add_note(f"{n}"))) for n in range(scripts)]
    await asyncio.sleep(0)
    leave.set()
    await asyncio.gather(busy, *waiting)
    assert commits_in(log) - before == commits


async def test_a_caller_that_leaves_takes_no_answer_with_it(database):
    """Others get theirs; what the caller asked for is committed all the same."""
    busy, leave = await occupied(database)
    tasks = [asyncio.create_task(database.write(add_note(name))) for name in "abc"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    leave.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    await busy
    assert answers[::2] == ["a", "c"]
    assert isinstance(answers[1], asyncio.CancelledError)
    assert await database.read(list_notes()) == ["a", "b", "c"]


async def test_no_wake_up_is_lost(database):
    """Bursts at awkward moments, thousands of times: everyone is answered, or this never ends."""
    chance = random.Random(6)
    async with asyncio.timeout(60):
        for _ in range(ROUNDS):
            burst = []
            for _ in range(chance.randrange(1, 5)):
                method = chance.choice([database.write, database.read])
                burst.append(asyncio.create_task(method(run("select 1"))))
                if chance.random() < 0.5:
                    await asyncio.sleep(0)
                until = time.perf_counter_ns() + chance.randrange(100_000)
                while chance.random() < 0.9 and time.perf_counter_ns() < until:
                    pass  # arrive just while the thread goes to rest
            for answer in await asyncio.gather(*burst):
                assert answer == [(1,)]


async def test_its_load_can_be_read(database):
    """What waits, and the commits so far with the scripts in them."""
    await database.write(add_note("before"))
    before = database.load()
    busy, leave = await occupied(database)
    waiting = [asyncio.create_task(database.write(add_note(f"{n}"))) for n in range(3)]
    database.write_later(add_note("later"))
    await asyncio.sleep(0)
    assert database.load().waiting == 5
    leave.set()
    await asyncio.gather(busy, *waiting)
    while database.load().waiting:
        await database.read(list_notes())
    after = database.load()
    assert after.scripts - before.scripts == 5
    assert 2 <= after.commits - before.commits <= 3
    assert after.seconds > before.seconds
