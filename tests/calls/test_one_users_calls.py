"""A user's calls wait for each other, and for nobody's connections."""

import asyncio

import pytest

from tests.database.postgres_doors import connected, wait_for_a_waiter
from tests.support.scripted_provider import Answer

pytestmark = pytest.mark.only_on("postgres")

CALLS = 16  # that a user may have running; far more than the store has connections


async def test_calls_under_many_keys_leave_connections_to_others(world):
    """All wait for credits that somebody keeps; whoever is another signs in and calls meanwhile."""
    await world.add_provider(cost_for=("POST v1/free=0",))
    visitor, other = await world.sign_in(), await world.sign_in()
    world.provider.always(Answer.json({"ok": True}))

    async def call(caller, key):
        headers = {"Idempotency-Key": key}
        async with world.call(caller, "v1/free", headers=headers) as answer:
            return answer.status

    url = world.gateway.settings.database_url.reveal()
    async with connected(url) as beside:
        await beside.execute("begin")
        keep = "select 1 from balances where user_id = $1 for update"
        await beside.fetch(keep, visitor.user_id)
        calls = [asyncio.create_task(call(visitor, f"key-{number}")) for number in range(CALLS)]
        await wait_for_a_waiter(beside)
        assert await asyncio.gather(*(call(other, f"{number}") for number in range(CALLS)))
        await world.sign_in()
        assert not any(task.done() for task in calls)
        await beside.execute("rollback")
    assert set(await asyncio.gather(*calls)) == {200}
    assert len(world.provider.requests) == 2 * CALLS
