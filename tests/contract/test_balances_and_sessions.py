"""What the published contract says of balances, owners and sessions."""

import asyncio
from collections import Counter

from tests.support.scripted_provider import Answer

BALANCES = "/api/v1/paywall/pw_test/balances"


async def change(world, headers, **body):
    """Ask for a change of balances; return status and body."""
    url = world.url + BALANCES
    async with world.client.post(url, headers=headers, json=body) as answer:
        return answer.status, await answer.json()


async def test_the_shape_of_balances(world):
    """`{balances: [{type, count}], tokenization}`, ours on top of each item."""
    visitor = await world.sign_in()
    async with world.client.get(world.url + BALANCES, headers=visitor.headers) as answer:
        body = await answer.json()
    assert set(body) == {"balances", "tokenization"}
    assert body["tokenization"] is True
    for item in body["balances"]:
        assert set(item) == {"type", "count", "version", "granted"}
        assert all(isinstance(item[name], int) for name in ("count", "version", "granted"))


async def test_13_a_debit_below_zero(world):
    """400 `insufficient` with `available` at the top level; nothing is taken."""
    visitor, key = await world.sign_in(), {"X-Api-Key": await world.add_key()}
    order = {"user_id": visitor.user_id, "type": "standard", "op": "debit"}
    status, body = await change(world, key, amount=21, **order)
    assert (status, body["error"], body["available"]) == (400, "insufficient", 20)
    assert await world.balance(visitor) == 20
    status, body = await change(world, key, amount=20, **order)
    assert (status, body["success"], body["count"]) == (200, True, 0)


async def test_14_a_bearer_changes_nothing(world):
    """Users read, owners write: a Bearer on `POST balances` is refused."""
    visitor = await world.sign_in()
    order = {"user_id": visitor.user_id, "type": "standard", "op": "credit", "amount": 5}
    status, body = await change(world, visitor.headers, **order)
    assert (status, body["error"]) == (401, "apikey_required")
    assert await world.balance(visitor) == 20


async def test_15_debits_lose_nothing(world):
    """Owners' debits and calls at once take what they say, and together never too much."""
    visitor, key = await world.sign_in(), {"X-Api-Key": await world.add_key()}
    await world.grant(visitor, 30)
    world.provider.always(Answer.json({}))
    order = {"user_id": visitor.user_id, "type": "standard", "op": "debit", "amount": 2}

    async def debit():
        return "debit", (await change(world, key, **order))[0]

    async def call():
        async with world.call(visitor) as answer:
            return "call", answer.status

    jobs = [debit() for _ in range(25)] + [call() for _ in range(25)]
    seen = Counter(await asyncio.gather(*jobs))
    assert set(seen) <= {("debit", 200), ("debit", 400), ("call", 200), ("call", 402)}
    taken = 2 * seen["debit", 200] + seen["call", 200]
    assert taken + await world.balance(visitor) == 50
    assert seen["call", 200] == len(world.provider.requests)


async def refresh(world, token):
    """Exchange a refresh token; return status and body."""
    url = f"{world.url}/api/v1/paywall/pw_test/auth/refresh"
    async with world.client.post(url, json={"refresh_token": token}) as answer:
        return answer.status, await answer.json()


async def test_20_a_refresh_rotates(world):
    """Tokens come, no user; the old refresh token fails once its successors are in use."""
    visitor = await world.sign_in()
    tokens = [visitor.refresh_token]
    for _ in range(3):
        status, body = await refresh(world, tokens[-1])
        assert status == 200
        assert set(body) == {
            "access_token",
            "refresh_token",
            "expires_in",
            "expires_at",
            "token_type",
        }
        assert body["token_type"] == "bearer"
        tokens.append(body["refresh_token"])
    assert len(set(tokens)) == 4
    status, body = await refresh(world, tokens[0])
    assert (status, body["error"]) == (401, "invalid_token")
