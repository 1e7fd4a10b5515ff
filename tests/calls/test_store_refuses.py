"""Row 7 of the table, and its neighbours: the store does not take what must be written."""

import asyncio

import pytest

from tests.calls.lock import locked
from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Cut, Never, Wait
from tests.support.world import open_world

# Milliseconds that a write waits for the lock; the usual ones are five seconds.
BUSY_MS = 50


@pytest.fixture
async def world(tmp_path):
    """A world whose store gives up quickly."""
    async with open_world(tmp_path, busy_timeout_ms=BUSY_MS) as opened:
        yield opened
        assert await opened.verify() == []


async def meet_the_lock(world, visitor, *steps, status=200, after=()):
    """Make a call during which the store locks up once the provider is asked.

    The provider then sends its headers and the steps. Returns the page's answer and the request.
    """
    go_on = asyncio.Event()
    world.provider.answers(Answer(status, before=[Wait(go_on)], chunks=steps))
    async with await world.raw_call(visitor) as connection:
        request = await world.provider.next_request()
        async with locked(world):
            go_on.set()
            answer = await connection.read_answer()
    return answer, request


def check_unavailable(answer):
    """Look that a page is told that credits cannot be counted."""
    assert (answer.status, answer.json()["error"]) == (503, "ledger_unavailable")
    assert answer.header("retry-after") == "1"
    assert answer.header("x-error-source") == "gateway"


async def test_the_settle(world):
    """Nothing of a 2xx is relayed, the upstream is closed; the credit follows when it can."""
    visitor = await world.sign_in()
    answer, request = await meet_the_lock(world, visitor, b"the provider's words", Never())
    check_unavailable(answer)
    assert b"words" not in answer.body
    await request.left.wait()
    await check_outcome(world, visitor, "failed")


async def test_the_hold(world):
    """Nothing is sent where nothing could be held."""
    visitor = await world.sign_in()
    async with locked(world), world.call(visitor) as answer:
        assert (answer.status, (await answer.json())["error"]) == (503, "ledger_unavailable")
    assert world.provider.requests == []
    assert await world.balance(visitor) == 20


async def test_the_void_of_a_refusal(world):
    """A provider's error does not leave before its void is committed."""
    visitor = await world.sign_in()
    answer, _ = await meet_the_lock(world, visitor, b"their words", status=500)
    check_unavailable(answer)
    assert b"words" not in answer.body
    await check_outcome(world, visitor, "failed")


async def test_the_void_of_a_redirect(world):
    """Nor does our own word for it."""
    visitor = await world.sign_in()
    answer, _ = await meet_the_lock(world, visitor, status=302)
    check_unavailable(answer)
    await check_outcome(world, visitor, "failed")


async def test_the_reversal(world):
    """A call that broke off before a byte is reversed once the store is back."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.answers(Answer(chunks=[Wait(go_on), Cut()]))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        async with locked(world):
            go_on.set()
            assert not (await connection.read_rest(head)).complete
    await check_outcome(world, visitor, "broken")


async def test_the_void_of_an_early_leave(world):
    """A page that left gets its credit back later."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(before=[Never()]))
    connection = await world.raw_call(visitor)
    request = await world.provider.next_request()
    async with locked(world):
        connection.leave()
        await request.left.wait()
        await gives_up(world)
    await check_outcome(world, visitor, "aborted")


async def test_the_end(world):
    """An answer that came whole is told as whole, though that could not be written at once."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.answers(Answer(chunks=[Wait(go_on), b"all of it"]))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        async with locked(world):
            go_on.set()
            answer = await connection.read_rest(head)
            assert (answer.body, answer.complete) == (b"all of it", True)
            await gives_up(world)
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


async def gives_up(world):
    """Wait until a locked store has refused what was queued."""
    while world.gateway.till.repairs.due == 0:
        async with world.client.get(f"{world.url}/healthz") as answer:
            assert answer.status == 200
    assert world.gateway.till.repairs.due == 1


async def test_what_only_reads_goes_on(world):
    """A running stream is not disturbed by a store that takes nothing."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.answers(Answer(chunks=[b"one ", Wait(go_on), b"two"]))
    async with world.call(visitor) as answer:
        async with locked(world):
            assert await answer.content.readany() == b"one "
            go_on.set()
            assert await answer.content.readany() == b"two"
        await answer.read()
