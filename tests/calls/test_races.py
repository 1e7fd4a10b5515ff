"""Many callers at once over HTTP: credits are exact, and nobody is refused who could be served."""

import asyncio
from collections import Counter

from tests.support.scripted_provider import Answer
from tests.support.stores import POSTGRES, SQLITE

CALLERS = 64
# On PostgreSQL those who are refused wait for each other, several round trips each.
ROUNDS = {SQLITE: 100, POSTGRES: 20}


async def call_once(world, visitor, **which):
    """Make a call to its end; return its status."""
    async with world.call(visitor, **which) as answer:
        await answer.read()
        return answer.status


async def at_once(calls):
    """Run calls together; return how often each status came."""
    return Counter(await asyncio.gather(*calls))


async def test_64_callers_on_one_credit(world, store):
    """Each time exactly one of them is served, and the provider sees exactly that one."""
    world.provider.always(Answer.json({}))
    visitor = await world.sign_in()
    await world.drain(visitor, 0)
    for number in range(1, ROUNDS[store.kind] + 1):
        await world.grant(visitor, 1)
        seen = await at_once(call_once(world, visitor) for _ in range(CALLERS))
        assert seen == {200: 1, 402: CALLERS - 1}
        assert len(world.provider.requests) == number
        assert await world.balance(visitor) == 0
    assert await world.verify() == []


async def test_three_grants_and_two_costs(world):
    """32 callers at cost 1 and 3 on three grants take exactly what there is."""
    world.provider.always(Answer.json({}))
    await world.add_provider("prov_three", cost=3)
    for _ in range(10):
        visitor = await world.sign_in()
        await world.drain(visitor, 0)
        for amount in (7, 11, 13):
            await world.grant(visitor, amount)
        prices = [1, 3] * 16
        statuses = await asyncio.gather(
            *(call_once(world, visitor, provider_id=PRICED[price]) for price in prices)
        )
        spent = sum(p for p, status in zip(prices, statuses, strict=True) if status == 200)
        left = await world.balance(visitor)
        assert spent + left == 31
        # Nobody was refused who could have been served: what is left would not have paid for it.
        refused = [p for p, status in zip(prices, statuses, strict=True) if status == 402]
        assert all(left < price for price in refused)
        assert refused, "32 callers want 64 credits"
        assert await world.verify() == []


PRICED = {1: "prov_things", 3: "prov_three"}


async def test_no_false_refusal(world):
    """As many callers as credits, over five grants: every one is served."""
    world.provider.always(Answer.json({}))
    visitor = await world.sign_in()
    await world.drain(visitor, 0)
    for amount in (1, 2, 3, 26, 32):
        await world.grant(visitor, amount)
    assert await at_once(call_once(world, visitor) for _ in range(64)) == {200: 64}
    assert await at_once(call_once(world, visitor) for _ in range(3)) == {402: 3}


async def test_callers_whose_calls_come_back(world):
    """Credits that a provider's errors give back serve those who come later; none is lost."""
    world.provider.always(Answer(500, framing="length"))
    visitor = await world.sign_in()
    seen = await at_once(call_once(world, visitor) for _ in range(20))
    assert seen == {500: 20}
    assert await world.balance(visitor) == 20
    world.provider.always(Answer.json({}))
    assert await at_once(call_once(world, visitor) for _ in range(32)) == {200: 20, 402: 12}
