"""`charge_on = complete`: settled before the answer's end, of which only the last bit waits."""

import asyncio

import pytest

from tests.calls.lock import locked
from tests.calls.outcome import check_outcome
from tests.calls.test_intake import time_passes
from tests.support.scripted_provider import Answer, Cut, Never, Reset, Wait
from tests.support.world import open_world
from tollbridge.gateway.settings import Limits

BUSY_MS = 50


@pytest.fixture
async def world(tmp_path):
    """A world whose provider is charged for at the end."""
    async with open_world(tmp_path, busy_timeout_ms=BUSY_MS) as opened:
        await opened.add_provider(charge_on="complete")
        yield opened
        assert await opened.verify() == []


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_everything_but_the_end_is_passed_at_once(world, framing):
    """The head says nothing of a charge; chunks pass as they come; at the end it is settled."""
    visitor = await world.sign_in()
    second = asyncio.Event()
    world.provider.answers(Answer(chunks=[b"first ", Wait(second), b"second"], framing=framing))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        assert head.header("x-credits-charged") is None
        assert head.header("x-query-type") is None
        assert head.header("x-credits-remaining") == "19"
        call_id = head.header("x-call-id")
        assert (await world.receipt(visitor, call_id))["credits_charged"] == 0
        second.set()
        answer = await connection.read_rest(head)
        assert (answer.body, answer.complete) == (b"first second", True)
        assert (await world.receipt(visitor, call_id))["credits_charged"] == 1
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


@pytest.mark.parametrize("body", [b"", b"x", b"xy"])
@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_the_smallest_answers_are_whole(world, framing, body):
    """Nothing is lost of a body whose last byte is held back, be it the only one."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[body] if body else [], framing=framing))
    async with await world.raw_call(visitor) as connection:
        answer = await connection.read_answer()
        assert (answer.body, answer.complete) == (body, True)
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


@pytest.mark.parametrize("framing", ["chunked", "length"])
async def test_nobody_holds_a_whole_answer_that_is_not_charged(world, framing):
    """The store locks up before the end: the page gets all but the end, and no charge."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.answers(Answer(chunks=[b"word ", Wait(go_on), b"word"], framing=framing))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        async with locked(world):
            go_on.set()
            answer = await connection.read_rest(head)
    assert not answer.complete
    assert answer.body == (b"word word" if framing == "chunked" else b"word wor")
    await check_outcome(world, visitor, "failed", provider_status=None)


@pytest.mark.parametrize("begun", [b"", b"begun"], ids=["before a byte", "after a byte"])
@pytest.mark.parametrize("end", [Cut(), Reset()])
async def test_breaking_off_is_never_charged(world, begun, end):
    """What came reaches the page for nothing; our own answer is broken off."""
    visitor = await world.sign_in()
    page_has_the_head = asyncio.Event()
    steps = [*([begun] if begun else []), Wait(page_has_the_head), end]
    world.provider.answers(Answer(chunks=steps))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        page_has_the_head.set()
        answer = await connection.read_rest(head)
    assert (answer.body, answer.complete) == (begun, False)
    await check_outcome(world, visitor, "broken", provider_status=200)


async def test_being_cut_by_us_is_not_charged(tmp_path):
    """An answer that stays idle is cut, which counts as the provider's breaking off."""
    async with open_world(tmp_path, limits=Limits(idle_s=0.05)) as world:
        await world.add_provider(charge_on="complete")
        visitor = await world.sign_in()
        world.provider.answers(Answer(chunks=[b"begun", Never()]))
        async with await world.raw_call(visitor) as connection:
            assert not (await connection.read_answer()).complete
        await check_outcome(world, visitor, "broken", provider_status=200)


@pytest.mark.parametrize(("patience_s", "charged"), [(0.1, 1), (30, 0)], ids=["slow", "not slow"])
async def test_a_page_cannot_make_the_provider_break_off(tmp_path, patience_s, charged):
    """Who reads so slowly that a provider may have given up pays for what was passed."""
    async with open_world(tmp_path, limits=Limits(upload_idle_s=patience_s)) as world:
        await world.add_provider(charge_on="complete")
        visitor = await world.sign_in()
        world.provider.answers(Answer(chunks=[*[b"x" * 65536] * 300, Cut()]))
        async with await world.raw_call(visitor) as connection:
            head = await connection.read_head()
            connection.stop_reading()
            await time_passes(0.5)
            connection.go_on_reading()
            assert not (await connection.read_rest(head)).complete
        state = "aborted" if charged else "broken"
        await check_outcome(world, visitor, state, charged=charged, provider_status=200)


async def test_leaving_after_the_first_byte_is_charged(world):
    """Whoever takes an answer's bytes and leaves before its end has had them."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"begun", Never()]))
    connection = await world.raw_call(visitor)
    await connection.read_head()
    connection.leave()
    await (await world.provider.next_request()).left.wait()
    await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)


async def test_leaving_before_the_first_byte_is_given_back(world):
    """The head alone is nothing; the first leaves of ten minutes are free."""
    visitor = await world.sign_in()
    for left in (20, 20, 20, 20, 20, 19):
        world.provider.answers(Answer(chunks=[Never()]))
        connection = await world.raw_call(visitor)
        await connection.read_head()
        connection.leave()
        await (await world.provider.next_request()).left.wait()
        await check_outcome(
            world, visitor, "aborted", charged=20 - left, provider_status=200, left=left
        )


async def test_a_204_is_settled_before_its_head(world):
    """The head is all there is; it still says nothing of the charge."""
    visitor = await world.sign_in()
    head = b"HTTP/1.1 204 No Content\r\n\r\n"
    world.provider.answers(Answer(204, raw_head=head, framing="none"))
    async with await world.raw_call(visitor) as connection:
        answer = await connection.read_answer()
        assert (answer.status, answer.header("x-credits-charged")) == (204, None)
        receipt = await world.receipt(visitor, answer.header("x-call-id"))
        assert (receipt["state"], receipt["credits_charged"]) == ("ok", 1)


async def test_a_refusal_of_the_provider_is_not_charged(world):
    """As for every way to charge; the head may say so, since nothing can change it."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({"no": 1}, status=500))
    async with world.call(visitor) as answer:
        assert (answer.status, answer.headers["X-Credits-Charged"]) == (500, "0")
    await check_outcome(world, visitor, "failed", provider_status=500)
