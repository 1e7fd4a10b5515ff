"""Under an `Idempotency-Key` a change is made once."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.support.accounts import API, Accounts
from tests.support.refusals import refused
from tollbridge.gateway.ledger import verify


async def change(
    accounts: Accounts, api_key: str, key: str | bytes, body: dict[str, Any]
) -> httpx2.Response:
    """Post a change under a key."""
    headers: list[tuple[str, str | bytes]] = [("x-api-key", api_key), ("idempotency-key", key)]
    return await accounts.client.post(
        f"{API}/pw_one/balances",
        json={"type": "standard", "amount": 5, "op": "credit", **body},
        headers=headers,  # type: ignore[arg-type]
    )


async def test_the_first_answer_comes_again(accounts: Accounts) -> None:
    """Also when the balance has moved since, and it says that it is a repeat."""
    api_key, user_id = await accounts.add_key(), await accounts.add_user(20)
    body = {"user_id": user_id}
    first = await change(accounts, api_key, "k1", body)
    await change(accounts, api_key, "k2", body)
    again = await change(accounts, api_key, "k1", body)
    assert again.json() == first.json()
    assert again.json()["count"] == 25
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert (await change(accounts, api_key, "k3", body)).json()["count"] == 35


async def test_repeats_at_once_change_once(accounts: Accounts) -> None:
    """Twenty of the same give one answer and one debit."""
    api_key, user_id = await accounts.add_key(), await accounts.add_user(100)
    body = {"user_id": user_id, "op": "debit"}
    answers = await asyncio.gather(*(change(accounts, api_key, "k", body) for _ in range(20)))
    assert {answer.json()["count"] for answer in answers} == {95}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await accounts.database.read(verify()) == []


@pytest.mark.parametrize(
    "other", [{"amount": 6}, {"op": "debit"}, {"type": "advanced"}, {"email": "a@example.org"}]
)
async def test_another_change_under_the_same_key_is_refused(
    accounts: Accounts, other: dict[str, Any]
) -> None:
    """A key is for one change; nothing happens."""
    api_key, user_id = await accounts.add_key(), await accounts.add_user(20)
    body = {"user_id": user_id}
    await change(accounts, api_key, "k", body)
    answer = await change(accounts, api_key, "k", {**body, **other})
    assert refused(answer) == (422, "idempotency_mismatch")
    assert (await change(accounts, api_key, "k2", body)).json()["count"] == 30


async def test_a_refused_change_leaves_its_key_free(accounts: Accounts) -> None:
    """Nothing was changed, so the same change may be tried again, and may succeed."""
    api_key, user_id = await accounts.add_key(), await accounts.add_user()
    debit = {"user_id": user_id, "op": "debit"}
    assert refused(await change(accounts, api_key, "k", debit)).code == "insufficient"
    await change(accounts, api_key, "k2", {"user_id": user_id})
    assert (await change(accounts, api_key, "k", debit)).json()["count"] == 0


async def test_without_a_key_each_is_a_change_of_its_own(accounts: Accounts) -> None:
    """As the published contract has it."""
    api_key, user_id = await accounts.add_key(), await accounts.add_user()
    body = {"user_id": user_id, "type": "standard", "amount": 5, "op": "credit"}
    headers = {"x-api-key": api_key}
    counts = [
        (await accounts.post("balances", body, headers=headers)).json()["count"] for _ in range(3)
    ]
    assert counts == [5, 10, 15]


@pytest.mark.parametrize(("key", "status"), [("k", 200), ("~" * 255, 200), ("!", 200)])
async def test_visible_ascii_is_a_key(accounts: Accounts, key: str, status: int) -> None:
    """Up to 255 characters."""
    api_key, user_id = await accounts.add_key(), await accounts.add_user()
    assert (await change(accounts, api_key, key, {"user_id": user_id})).status_code == status


@pytest.mark.parametrize("key", ["", "~" * 256, "a b", "a\tb", b"\xc3\xa4", b"\x7f"])
async def test_anything_else_is_no_key(accounts: Accounts, key: str | bytes) -> None:
    """The form is wrong, whoever sends it."""
    answer = await change(accounts, "sk_unknown", key, {"user_id": "user_1"})
    assert refused(answer) == (400, "invalid_request")


async def test_keys_of_two_paywalls_are_apart(accounts: Accounts) -> None:
    """The same key means two changes on two paywalls."""
    for paywall_id in ("pw_one", "pw_two"):
        api_key = await accounts.add_key(paywall_id)
        user_id = await accounts.add_user(paywall_id=paywall_id)
        answer = await accounts.client.post(
            f"{API}/{paywall_id}/balances",
            json={"user_id": user_id, "type": "standard", "amount": 5, "op": "credit"},
            headers={"x-api-key": api_key, "idempotency-key": "k"},
        )
        assert answer.json()["count"] == 5
