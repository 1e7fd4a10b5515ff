"""`charge_on = first_byte`: settled when the first byte of the body is here, or its empty end."""

import asyncio

import pytest

from tests.calls.lock import locked
from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Cut, Never, Raw, Reset, Wait
from tests.support.world import open_world
from tollbridge.gateway.settings import Limits

BUSY_MS = 50


@pytest.fixture
async def world(tmp_path):
    """A world whose provider is charged for with the first byte."""
    async with open_world(tmp_path, busy_timeout_ms=BUSY_MS) as opened:
        await opened.add_provider(charge_on="first_byte")
        yield opened
        assert await opened.verify() == []


async def test_it_is_settled_when_the_first_byte_is_here(world):
    """Until then neither head nor charge goes out; then both do, before the rest has come."""
    visitor = await world.sign_in()
    first, rest = asyncio.Event(), asyncio.Event()
    world.provider.answers(Answer(chunks=[Wait(first), b"one", Wait(rest), b"two"]))
    async with await world.raw_call(visitor) as connection:
        await world.provider.next_request()
        assert await world.balance(visitor) == 19
        first.set()
        head = await connection.read_head()
        assert head.header("x-credits-charged") == "1"
        assert head.header("x-query-type") == "standard"
        rest.set()
        answer = await connection.read_rest(head)
        assert (answer.body, answer.complete) == (b"onetwo", True)
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


@pytest.mark.parametrize(
    "scripted",
    [
        Answer(200, framing="length"),
        Answer(200, framing="chunked"),
        Answer(200, framing="close"),
        Answer(204, raw_head=b"HTTP/1.1 204 No Content\r\n\r\n", framing="none"),
    ],
    ids=["length 0", "chunked", "close", "204"],
)
async def test_an_empty_answer_is_settled_at_its_end(world, scripted):
    """A whole answer without a byte is a whole answer."""
    visitor = await world.sign_in()
    world.provider.answers(scripted)
    async with await world.raw_call(visitor) as connection:
        answer = await connection.read_answer()
        assert (answer.body, answer.complete) == (b"", True)
        assert answer.header("x-credits-charged") == "1"
    await check_outcome(world, visitor, "ok", charged=1, provider_status=answer.status)


@pytest.mark.parametrize("framing", ["chunked", "length"])
@pytest.mark.parametrize("end", [Cut(), Reset()])
async def test_breaking_off_before_it_is_a_502(world, framing, end):
    """Nothing came, nothing is charged, and the page is told so in words."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[end], framing=framing, length=10))
    async with world.call(visitor) as answer:
        assert answer.status == 502
        assert (await answer.json())["error"] == "provider_unreachable"
        assert answer.headers["X-Credits-Charged"] == "0"
        assert answer.headers["X-Credits-Remaining"] == "20"
    await check_outcome(world, visitor, "failed", provider_status=200)


async def test_staying_idle_before_it_is_a_502(tmp_path):
    """We cut it, which counts as the provider's breaking off there."""
    async with open_world(tmp_path, limits=Limits(idle_s=0.05)) as world:
        await world.add_provider(charge_on="first_byte")
        visitor = await world.sign_in()
        world.provider.answers(Answer(chunks=[Never()]))
        async with world.call(visitor) as answer:
            assert answer.status == 502
        await check_outcome(world, visitor, "failed", provider_status=200)


async def test_breaking_off_later_stays_settled(world):
    """What came reaches the page and costs; it does not look like an end."""
    visitor = await world.sign_in()
    page_has_the_head = asyncio.Event()
    world.provider.answers(Answer(chunks=[b"begun", Wait(page_has_the_head), Raw(b"no chunk")]))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        page_has_the_head.set()
        answer = await connection.read_rest(head)
    assert (answer.body, answer.complete) == (b"begun", False)
    await check_outcome(world, visitor, "broken", charged=1, provider_status=200)


async def test_leaving_before_it_is_given_back(world):
    """The provider's head alone is not charged for; the upstream is cancelled."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[Never()]))
    connection = await world.raw_call(visitor)
    request = await world.provider.next_request()
    connection.leave()
    await request.left.wait()
    receipt = await world.newest_receipt(visitor)
    assert (receipt["state"], receipt["credits_charged"]) == ("aborted", 0)
    assert await world.balance(visitor) == 20


async def test_leaving_after_it_stays_settled(world):
    """As for any settled call."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"begun", Never()]))
    connection = await world.raw_call(visitor)
    await connection.read_head()
    connection.leave()
    await (await world.provider.next_request()).left.wait()
    await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)


async def test_a_refused_settle_relays_nothing(world):
    """The first byte is here, the store is not: 503, and the credit comes back."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.answers(Answer(chunks=[Wait(go_on), b"the provider's words", Never()]))
    async with await world.raw_call(visitor) as connection:
        request = await world.provider.next_request()
        async with locked(world):
            go_on.set()
            answer = await connection.read_answer()
    assert (answer.status, answer.json()["error"]) == (503, "ledger_unavailable")
    assert b"words" not in answer.body
    await request.left.wait()
    await check_outcome(world, visitor, "failed", provider_status=None)
