"""Two gateways on one store, everything at once: an owner's change is made once, and exactly."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from tests.support.accounts import Accounts, open_accounts
from tests.support.stores import Store
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.owner.grants import Gift, give

WITHDRAW = "/api/v1/withdraw-tokens"


@pytest.fixture
async def gateways(store: Store, tmp_path: Path) -> AsyncIterator[tuple[Accounts, Accounts]]:
    """Accounts opened twice on one store; the ledger is exact in the end."""
    async with open_accounts(tmp_path) as one, open_accounts(tmp_path) as other:
        yield one, other
        assert await one.database.read(verify(), snapshot=True) == []


async def test_a_keyed_change_is_made_once(gateways: tuple[Accounts, Accounts]) -> None:
    """Sixteen at once get the same answer, one of them as the first."""
    api_key, user_id = await gateways[0].add_key(), await gateways[0].add_user(20)
    for op, count in (("credit", 25), ("debit", 20)):
        body = {"user_id": user_id, "type": "standard", "amount": 5, "op": op}
        headers = {"x-api-key": api_key, "idempotency-key": op}
        answers = await asyncio.gather(
            *(gateways[number % 2].post("balances", body, headers=headers) for number in range(16))
        )
        assert [answer.status_code for answer in answers] == [200] * 16
        assert {answer.json()["count"] for answer in answers} == {count}
        first = Counter("idempotent-replayed" in answer.headers for answer in answers)
        assert first == {False: 1, True: 15}


async def test_one_key_is_one_change_whatever_is_asked(
    gateways: tuple[Accounts, Accounts],
) -> None:
    """Two contents under one key at once: one is made, the other refused, each time the same."""
    api_key, user_id = await gateways[0].add_key(), await gateways[0].add_user(20)
    headers = {"x-api-key": api_key, "idempotency-key": "once"}

    async def change(number: int) -> httpx2.Response:
        body = {"user_id": user_id, "type": "standard", "amount": 1 + number % 2, "op": "credit"}
        return await gateways[number // 2 % 2].post("balances", body, headers=headers)

    answers = await asyncio.gather(*(change(number) for number in range(16)))
    assert Counter(answer.status_code for answer in answers) == {200: 8, 422: 8}


async def test_withdrawing_takes_what_there_is(gateways: tuple[Accounts, Accounts]) -> None:
    """Of 32 that take three of twenty at once, six get them."""
    api_key, user_id = await gateways[0].add_key(), await gateways[0].add_user(20)
    body = {"paywall_id": "pw_one", "user_id": user_id, "tokens": 3}
    answers = await asyncio.gather(
        *(
            gateways[number % 2].client.post(WITHDRAW, json=body, headers={"x-api-key": api_key})
            for number in range(32)
        )
    )
    taken = [answer.json()["remaining"] for answer in answers if answer.status_code == 200]
    assert sorted(taken) == [2, 5, 8, 11, 14, 17]
    refused = [answer.json()["available"] for answer in answers if answer.status_code != 200]
    assert refused == [2] * 26


async def test_a_gift_under_a_key_is_given_once(gateways: tuple[Accounts, Accounts]) -> None:
    """As the command line gives it, from several terminals at once."""
    user_id = await gateways[0].add_user()
    gift = Gift("pw_one", user_id, "standard", 5)
    now = gateways[0].clock.now_ms()
    given = await asyncio.gather(
        *(gateways[number % 2].database.write(give(gift, "key", now)) for number in range(16))
    )
    assert Counter(repeated for _, repeated in given) == {False: 1, True: 15}
    assert {answer["count"] for answer, _ in given} == {5}


@pytest.mark.parametrize("field", ["user_id", "email", "type"])
async def test_a_text_that_no_store_can_hold_is_malformed(
    gateways: tuple[Accounts, Accounts], field: str
) -> None:
    """Whatever it names."""
    body = {"user_id": "user_1", "type": "standard", "amount": 5, "op": "credit", field: "a\0b"}
    headers = {"x-api-key": await gateways[0].add_key()}
    answer = await gateways[0].post("balances", body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
