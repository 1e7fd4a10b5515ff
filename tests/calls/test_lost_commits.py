"""A commit that fails leaves nothing behind, and nothing that harms whoever comes next."""

import resource
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer
from tollbridge.gateway import ledger
from tollbridge.gateway.database import Statement, StoreUnavailable

KEY = {"Idempotency-Key": "attempt-1"}
# Less than one page of the database, so that no commit can be written.
FULL_BYTES = 4000


@contextmanager
def full_disk():
    """Let this process write nothing until the block ends: commits fail, after all else went."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def attempts(call_id):
    """Read a call's attempts."""
    return (
        yield Statement(
            "select attempt, state, outcome from calls where call_id = $1 order by attempt",
            (call_id,),
        )
    )


@pytest.mark.only_on("sqlite")
async def test_what_is_undone_is_not_the_next_attempt(world):
    """A repeat whose hold was lost is undone later; its number is the next repeat's by then.

    Else the next repeat would be answered, and its charge taken back. A full disk is SQLite's.
    """
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}, status=500), Answer.json({"second": True}))
    async with world.call(visitor, headers=KEY) as answer:
        assert answer.status == 500
        call_id = answer.headers["X-Call-Id"]
    with full_disk():
        async with world.call(visitor, headers=KEY) as answer:
            assert (answer.status, (await answer.json())["error"]) == (503, "ledger_unavailable")
    assert world.gateway.till.repairs.due == 1
    async with world.call(visitor, headers=KEY) as answer:
        assert (answer.status, await answer.json()) == (200, {"second": True})
        assert answer.headers["X-Credits-Charged"] == "1"
    await world.gateway.till.repairs.close()  # tries at once what it would try in a moment
    assert world.gateway.till.repairs.due == 0
    assert await world.write(attempts(call_id)) == [(1, "voided", "failed"), (2, "settled", "ok")]
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


def order_of(call_id):
    """Read what was held for a call's first attempt."""
    rows = yield Statement(
        "select call_id, attempt, epoch_id, paywall_id, user_id, provider_id, query_type, amount,"
        " key_hash, fingerprint from calls where call_id = $1 and attempt = 1",
        (call_id,),
    )
    return ledger.HoldOrder(*rows[0])


@pytest.mark.parametrize("comes_late", [False, True])
async def test_a_repeat_whose_hold_did_not_arrive_may_be_repeated(world, comes_late):
    """What was undone before it came takes nothing when it comes, and nobody's place for ever."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}, status=500), Answer.json({"third": True}))
    async with world.call(visitor, headers=KEY) as answer:
        assert answer.status == 500
        call_id = answer.headers["X-Call-Id"]
    now = world.gateway.clock.now_ms()
    lost = replace(await world.write(order_of(call_id)), attempt=2, held_at=now)
    assert await world.write(ledger.undo(lost, ledger.Ending("failed", None, now))) == "none"
    if comes_late and world.gateway.settings.database_url is not None:
        with pytest.raises(StoreUnavailable):
            await world.write(ledger.hold(lost, now))
        assert await world.balance(visitor) == 20
    async with world.call(visitor, headers=KEY) as answer:
        assert (answer.status, await answer.json()) == (200, {"third": True})
        assert answer.headers["X-Call-Id"] == call_id
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
