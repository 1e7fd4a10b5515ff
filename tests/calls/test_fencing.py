"""Holds are fenced by epoch and attempt: who was taken for dead takes no credit twice."""

import asyncio

import pytest

from tests.calls.outcome import check_outcome
from tests.support.clock import FakeSeconds
from tests.support.scripted_provider import Answer, Cut, Wait
from tests.support.world import open_world
from tollbridge.gateway import ledger
from tollbridge.gateway.calls.heart import Heart, Watch
from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.database import Statement

SILENT_S = 20.0
KEY = "Idempotency-Key: attempt-1"


async def sweep_from_outside(world):
    """Have another process take ours for dead, on the real store, and sweep its calls."""
    database = await open_database(world.gateway.settings, make=False)
    try:
        now = world.gateway.clock.now_ms()
        await database.write(ledger.begin_epoch("epoch_other", now))
        assert await database.write(ledger.sweep("epoch_other", now, most=10)) == 1
    finally:
        await database.close()


def attempts(call_id):
    """Read a call's attempts."""
    return (
        yield Statement(
            "select attempt, state, outcome from calls where call_id = $1 order by attempt",
            (call_id,),
        )
    )


async def call_and_be_swept(world, visitor, *, charge_on="headers", meanwhile=None, key=()):
    """Make a call whose hold is swept before the provider answers; return the page's answer."""
    await world.add_provider(charge_on=charge_on)
    go_on = asyncio.Event()
    before, chunks = ([Wait(go_on)], [b"x"])
    if charge_on == "complete":
        before, chunks = [], [b"begun ", Wait(go_on), b"x"]
    world.provider.answers(Answer(before=before, chunks=chunks))
    async with await world.raw_call(visitor, *key) as connection:
        await world.provider.next_request()
        await sweep_from_outside(world)
        assert await world.balance(visitor) == 20
        if meanwhile is not None:
            await meanwhile()
        go_on.set()
        return await connection.read_answer()


@pytest.mark.parametrize("charge_on", ["headers", "first_byte", "complete"])
async def test_a_late_settle_takes_the_credit_anew(world, charge_on):
    """The swept attempt stays as it is; a new one is settled in the same commit."""
    visitor = await world.sign_in()
    answer = await call_and_be_swept(world, visitor, charge_on=charge_on)
    assert (answer.status, answer.complete) == (200, True)
    call_id = answer.header("x-call-id")
    found = [(1, "voided", "swept"), (2, "settled", "ok")]
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
    assert await world.write(attempts(call_id)) == found
    if charge_on != "complete":
        assert answer.header("x-credits-remaining") == "19"


@pytest.mark.parametrize("charge_on", ["headers", "first_byte"])
async def test_a_late_settle_without_credit_relays_nothing(world, charge_on):
    """The credit was spent elsewhere meanwhile: 503 `hold_lost`, and nothing is charged."""
    visitor = await world.sign_in()
    answer = await call_and_be_swept(
        world, visitor, charge_on=charge_on, meanwhile=lambda: world.drain(visitor, 0)
    )
    assert (answer.status, answer.json()["error"]) == (503, "hold_lost")
    assert answer.header("x-credits-charged") == "0"
    await check_outcome(world, visitor, "swept", left=0)


async def test_a_late_settle_at_the_end_breaks_off(world):
    """The head is out already; what is left is not to look like an end."""
    visitor = await world.sign_in()
    answer = await call_and_be_swept(
        world, visitor, charge_on="complete", meanwhile=lambda: world.drain(visitor, 0)
    )
    assert (answer.status, answer.complete) == (200, False)
    await check_outcome(world, visitor, "swept", left=0)


async def test_a_newer_attempt_wins(world):
    """The page has repeated the call meanwhile: only one of them is charged and answered."""
    visitor = await world.sign_in()

    async def repeat():
        world.provider.answers(Answer.json({"second": True}))
        body = {"data": b"{}", "headers": {"Content-Type": "application/json"}}
        body["headers"]["Idempotency-Key"] = "attempt-1"
        async with world.call(visitor, **body) as answer:
            assert (answer.status, await answer.json()) == (200, {"second": True})

    answer = await call_and_be_swept(world, visitor, key=[KEY], meanwhile=repeat)
    assert (answer.status, answer.json()["error"]) == (503, "hold_lost")
    call_id = answer.header("x-call-id")
    assert await world.write(attempts(call_id)) == [
        (1, "voided", "swept"),
        (2, "settled", "ok"),
    ]
    assert await world.balance(visitor) == 19


async def test_a_late_settle_may_be_reversed_once(world):
    """What a broken answer gives back is the new attempt's charge."""
    visitor = await world.sign_in()
    go_on, page_has_the_head = asyncio.Event(), asyncio.Event()
    chunks = [Wait(page_has_the_head), Cut()]
    world.provider.answers(Answer(before=[Wait(go_on)], chunks=chunks, framing="length", length=9))
    async with await world.raw_call(visitor) as connection:
        await world.provider.next_request()
        await sweep_from_outside(world)
        go_on.set()
        head = await connection.read_head()
        assert head.header("x-credits-charged") == "1"
        page_has_the_head.set()
        assert not (await connection.read_rest(head)).complete
    await check_outcome(world, visitor, "broken", provider_status=200)


def test_only_a_beat_that_does_not_change_is_silence():
    """Judged by one's own clock: what the other's says does not matter."""
    watch = Watch(SILENT_S)
    beats = {"frozen": 7, "alive": 0, "backwards": 100}
    for second in range(0, 20, 5):
        beats["alive"] += 1
        beats["backwards"] -= 1
        assert watch.look(float(second), beats) == []
    assert watch.look(20.0, {**beats, "alive": 9, "backwards": 9}) == [("frozen", 7)]


def test_a_gap_in_ones_own_looking_starts_anew():
    """Who was stopped himself, or without a store, has not seen that the others were silent."""
    watch = Watch(SILENT_S)
    assert watch.look(0.0, {"other": 1}) == []
    assert watch.look(30.0, {"other": 1}) == []
    for second in (35.0, 40.0, 45.0):
        assert watch.look(second, {"other": 1}) == []
    assert watch.look(50.0, {"other": 1}) == [("other", 1)]


def test_looks_that_are_late_by_a_little_are_no_gap():
    """With the longest beat that is allowed, each look comes a little after half of the silence."""
    watch = Watch(SILENT_S)
    for second in (0.0, 10.2):
        assert watch.look(second, {"other": 1}) == []
    assert watch.look(20.4, {"other": 1}) == [("other", 1)]


def test_who_ends_properly_is_forgotten():
    """An epoch that is over is not silent."""
    watch = Watch(SILENT_S)
    watch.look(0.0, {"other": 1})
    for second in (5.0, 10.0, 15.0):
        watch.look(second, {})
    assert watch.look(20.0, {"other": 1}) == []


def heart(world, seconds):
    """Make a heart on a world's store that beats when it is told to."""
    gateway = world.gateway
    return Heart(gateway.database, gateway.clock, beat_s=3600, silent_s=SILENT_S, now_s=seconds)


async def test_one_process_takes_another_for_dead_and_it_comes_back(tmp_path):
    """The silent one's call is swept once; back again, it goes on in a new epoch."""
    async with open_world(tmp_path, beat_s=3600, silent_s=7200) as world:
        visitor = await world.sign_in()
        seconds = FakeSeconds()
        other = heart(world, seconds)
        go_on = asyncio.Event()
        world.provider.answers(Answer(before=[Wait(go_on)], chunks=[b"x"]))
        async with await world.raw_call(visitor) as connection:
            await world.provider.next_request()
            await other.begin()
            for _ in range(4):
                await other.beat()
                assert await world.balance(visitor) == 19
                seconds.now_s += 5
            await other.beat()
            assert await world.balance(visitor) == 20
            ours = world.gateway.till.heart
            before = ours.epoch_id
            await ours.beat()
            assert ours.epoch_id != before
            go_on.set()
            assert (await connection.read_answer()).status == 200
        await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
        # What it holds now is its new epoch's, and the other lets it live.
        await other.beat()
        async with world.call(visitor) as answer:
            assert answer.status == 500
        await other.stop()


async def test_a_process_does_not_sweep_itself(tmp_path):
    """However long it was stopped: after that it beats on, and its call is charged as ever."""
    async with open_world(tmp_path, beat_s=3600, silent_s=7200) as world:
        visitor = await world.sign_in()
        ours = world.gateway.till.heart
        go_on = asyncio.Event()
        world.provider.answers(Answer(before=[Wait(go_on)], chunks=[b"x"]))
        async with await world.raw_call(visitor) as connection:
            await world.provider.next_request()
            before = ours.epoch_id
            for _ in range(3):
                await ours.beat()
            assert ours.epoch_id == before
            assert await world.balance(visitor) == 19
            go_on.set()
            answer = await connection.read_answer()
        found = await world.write(attempts(answer.header("x-call-id")))
        assert found == [(1, "settled", "ok")]
