"""What a 402 says: the published contract's body, and ours on top."""

import asyncio

from tests.support.scripted_provider import Answer, Wait
from tests.support.world import open_world


async def quota(world, visitor):
    """Make a call that must be a 402; return its body."""
    async with world.call(visitor) as answer:
        body = await answer.json()
        assert answer.status == 402
        assert body["request_id"] == answer.headers["X-Request-Id"]
        assert answer.headers["Content-Type"] == "application/json"
    return body


async def test_the_whole_body(world):
    """Nested for the published client, flat for ours; the version is the wanted type's."""
    await world.add_provider(cost=2)
    visitor = await world.sign_in()
    await world.drain(visitor, 1)
    path = f"{world.url}/api/v1/paywall/pw_test/balances"
    async with world.client.get(path, headers=visitor.headers) as answer:
        rows = (await answer.json())["balances"]
    assert [row["type"] for row in rows] == ["advanced", "standard"]
    body = await quota(world, visitor)
    request_id = body.pop("request_id")
    assert request_id.startswith("req_")
    assert body == {
        "error": "not-enough-queries",
        "message": "This call needs 2 credits of 'standard'; 1 left.",
        "details": {
            "balances": [{"balances": rows}],
            "queryType": "standard",
            "currentBalance": rows[1],
        },
        "balances": rows,
        "balance_version": rows[1]["version"],
        "held": 0,
    }
    assert rows[1] == {"type": "standard", "count": 1, "version": rows[1]["version"], "granted": 20}


async def test_a_type_that_the_user_never_had(world):
    """It is shown with 0 and version 0, not left out."""
    await world.add_provider(query_type="advanced")
    body = await quota(world, await world.sign_in())
    empty = {"type": "advanced", "count": 0, "version": 0, "granted": 0}
    assert body["details"]["currentBalance"] == empty
    assert body["balance_version"] == 0


async def test_what_runs_is_told(world):
    """`held` counts the credits of calls that still run, of the wanted type alone."""
    await world.add_provider("prov_two", cost=2)
    visitor = await world.sign_in()
    await world.drain(visitor, 2)
    go_on = asyncio.Event()
    world.provider.always(Answer(before=[Wait(go_on)]))
    calling = asyncio.create_task(world.call(visitor, provider_id="prov_two").__aenter__())
    await world.provider.next_request()
    body = await quota(world, visitor)
    assert (body["held"], body["details"]["currentBalance"]["count"]) == (2, 0)
    go_on.set()
    (await calling).release()
    assert (await quota(world, visitor))["held"] == 0


async def test_the_hint_stands_where_there_is_one(tmp_path):
    """What an operator can type is said only where the operator wants it said."""

    def hint(paywall_id, user_id, query_type):
        return f"help {paywall_id} {user_id} {query_type}"

    async with open_world(tmp_path, hint=hint) as world:
        visitor = await world.sign_in()
        await world.drain(visitor, 0)
        body = await quota(world, visitor)
        assert body["details"]["hint"] == f"help pw_test {visitor.user_id} standard"
