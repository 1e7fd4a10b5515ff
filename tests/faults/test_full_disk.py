"""The disk is full just as the provider's headers arrive, and at other moments.

`tests/calls/test_store_refuses.py` does the same with a locked database. Here a limit on the size
of the process's files makes each of its writes fail, as a full disk does.
"""

import asyncio
import resource
from contextlib import contextmanager, suppress

import pytest

from tests.support.process_world import CREDITS, process_world
from tests.support.scripted_provider import Answer, Wait

# Less than one page of the database, so that nothing can be written anywhere.
FULL_BYTES = 4000


@contextmanager
def full_disk(world):
    """Let the gateway write nothing until the block ends."""
    pid = world.gateway.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_BYTES, hard))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it has ended meanwhile
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
async def served(tmp_path):
    """A gateway process; its books are in order when the test ends."""
    async with process_world(tmp_path / "var") as world:
        yield world
        await world.check_books()


async def serve_the_next(world):
    """Make a call that must succeed."""
    world.provider.answers(Answer.json({"the next": True}))
    async with world.call() as answer:
        assert (answer.status, await answer.json()) == (200, {"the next": True})


async def test_just_as_the_headers_arrive(served):
    """Nothing is relayed and nothing charged; with room again the credit is back."""
    headers_come = asyncio.Event()
    words = Answer(
        before=[Wait(headers_come)], chunks=[b"the provider's words", Wait(asyncio.Event())]
    )
    served.provider.answers(words)
    connection = await served.raw_call()
    request = await served.provider.next_request()
    with full_disk(served):
        headers_come.set()
        answer = await connection.read_answer()
        assert (answer.status, answer.json()["error"]) == (503, "ledger_unavailable")
        assert b"words" not in answer.body
        assert answer.header("retry-after") == "1"
        await request.left.wait()
        assert await served.healthy()
    connection.leave()
    [receipt] = await served.all_ended(1)
    assert (receipt["state"], receipt["credits_charged"]) == ("failed", 0)
    assert await served.balance() == CREDITS
    await serve_the_next(served)
    await served.all_ended(2)
    assert await served.balance() == CREDITS - 1


async def test_before_anything_was_sent(served):
    """Where nothing can be held nothing is sent."""
    with full_disk(served):
        async with served.call() as answer:
            assert (answer.status, (await answer.json())["error"]) == (503, "ledger_unavailable")
    assert served.provider.requests == []
    await serve_the_next(served)
    await served.all_ended(1)
    assert await served.balance() == CREDITS - 1


async def test_while_an_answer_runs(served):
    """A stream that is paid for comes to its end all the same; that is written when it can be."""
    go_on = asyncio.Event()
    served.provider.answers(Answer(chunks=[b"one ", Wait(go_on), b"two"]))
    async with served.call() as answer:
        assert await answer.content.readany() == b"one "
        with full_disk(served):
            go_on.set()
            assert await answer.read() == b"two"
    [receipt] = await served.all_ended(1)
    assert (receipt["state"], receipt["credits_charged"]) == ("ok", 1)
    await serve_the_next(served)
    await served.all_ended(2)


async def test_a_disk_that_stays_full(served):
    """A gateway that is stopped meanwhile leaves a hold, which the next start gives back."""
    headers_come = asyncio.Event()
    served.provider.answers(Answer(before=[Wait(headers_come)], chunks=[b"words"]))
    connection = await served.raw_call()
    await served.provider.next_request()
    with full_disk(served):
        headers_come.set()
        assert (await connection.read_answer()).status == 503
        served.gateway.terminate()
        assert await served.gateway.ended() == 0
    connection.leave()
    await served.start_again()
    [receipt] = await served.all_ended(1)
    assert (receipt["state"], receipt["credits_charged"]) == ("swept", 0)
    assert await served.balance() == CREDITS
    await serve_the_next(served)
    await served.all_ended(2)
