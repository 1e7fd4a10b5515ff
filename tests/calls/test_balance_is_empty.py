"""Row 1 of the table: the balance of the query type is empty."""

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer


async def test_nothing_is_held_or_sent(world):
    """An empty balance is a 402; the provider hears nothing and the row says `refused`."""
    visitor = await world.sign_in()
    await world.drain(visitor, 0)
    async with world.call(visitor) as answer:
        assert answer.status == 402
        assert answer.headers["X-Error-Source"] == "gateway"
        call_id = answer.headers["X-Call-Id"]
    receipt = await check_outcome(world, visitor, "refused", left=0)
    assert receipt["call_id"] == call_id
    assert world.provider.requests == []


async def test_a_balance_below_the_cost_is_not_touched(world):
    """A call that costs more than there is takes nothing of it."""
    await world.add_provider(cost=3)
    visitor = await world.sign_in()
    await world.drain(visitor, 2)
    async with world.call(visitor) as answer:
        assert answer.status == 402
        assert (await answer.json())["details"]["currentBalance"]["count"] == 2
    await check_outcome(world, visitor, "refused", left=2)


async def test_another_type_does_not_help(world):
    """Credits of one query type never pay for a call of another."""
    await world.add_provider(query_type="advanced")
    visitor = await world.sign_in()
    async with world.call(visitor) as answer:
        assert answer.status == 402
        assert (await answer.json())["details"]["queryType"] == "advanced"
    assert await world.balance(visitor) == 20


@pytest.mark.parametrize("left", [0, 7])
async def test_cost_0_works_at_any_balance(world, left):
    """A free call holds nothing, is told to cost 0, and is written down all the same."""
    await world.add_provider(cost=0)
    visitor = await world.sign_in()
    await world.drain(visitor, left)
    world.provider.answers(Answer.json({"ok": True}))
    async with world.call(visitor) as answer:
        assert answer.status == 200
        assert answer.headers["X-Credits-Charged"] == "0"
        assert answer.headers["X-Credits-Remaining"] == str(left)
        assert "X-Query-Type" not in answer.headers
        await answer.read()
    await check_outcome(world, visitor, "ok", charged=0, provider_status=200, left=left)
