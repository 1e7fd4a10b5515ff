"""The published contract's older debit speaks in its own words, with our codes beside them."""

from typing import Any

import httpx2
import pytest

from tests.support.accounts import Accounts
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.owner.keys import hash_key
from tollbridge.gateway.owner.queries import find_key, revoke_key

PATH = "/api/v1/withdraw-tokens"


async def withdraw(accounts: Accounts, key: str | None, **body: Any) -> httpx2.Response:
    """Post a withdrawal from `pw_one`."""
    headers = {"x-api-key": key} if key else {}
    whole = {"paywall_id": "pw_one", "tokens": 5, **body}
    return await accounts.client.post(PATH, json=whole, headers=headers)


def words(answer: httpx2.Response) -> tuple[int, str, str]:
    """Return status, the contract's text, and our code."""
    body = answer.json()
    assert body["request_id"] == answer.headers["x-request-id"]
    return answer.status_code, body["error"], body["code"]


async def test_it_takes_standard_tokens_unless_told_otherwise(accounts: Accounts) -> None:
    """The answer has what remains."""
    key, user_id = await accounts.add_key(), await accounts.add_user(7)
    answer = await withdraw(accounts, key, user_id=user_id)
    assert (answer.status_code, answer.json()) == (200, {"success": True, "remaining": 2})
    answer = await withdraw(accounts, key, user_id=user_id, token_type="standard", tokens=2)
    assert answer.json() == {"success": True, "remaining": 0}
    assert await accounts.database.read(verify()) == []


async def test_it_takes_all_or_nothing(accounts: Accounts) -> None:
    """The refusal says what there is and what was asked for."""
    key, user_id = await accounts.add_key(), await accounts.add_user(4)
    answer = await withdraw(accounts, key, user_id=user_id)
    assert words(answer) == (400, "Insufficient tokens", "insufficient")
    assert (answer.json()["available"], answer.json()["requested"]) == (4, 5)
    answer = await withdraw(accounts, key, user_id=user_id, tokens=4)
    assert answer.json()["remaining"] == 0


async def test_the_body_is_checked(accounts: Accounts) -> None:
    """Each with the contract's text where it has one."""
    key, user_id = await accounts.add_key(), await accounts.add_user(4)
    assert words(await withdraw(accounts, key)) == (400, "User ID is required", "identity_required")
    no_paywall = await withdraw(accounts, key, user_id=user_id, paywall_id=None)
    assert words(no_paywall) == (400, "Paywall ID is required", "paywall_required")
    for tokens in (0, -1, 1.5, "5", True, None):
        answer = await withdraw(accounts, key, user_id=user_id, tokens=tokens)
        assert words(answer)[::2] == (400, "invalid_amount")
    headers = {"x-api-key": key}
    answer = await accounts.client.post(PATH, content=b"{", headers=headers)
    assert words(answer) == (400, "The body is not JSON.", "invalid_request")


async def test_users_without_that_balance(accounts: Accounts) -> None:
    """A user without any, another paywall's, one who never was; and a type they never had."""
    key = await accounts.add_key()
    nobody = (404, "No balance found for this user and paywall", "identity_not_found")
    foreign = await accounts.add_user(5, paywall_id="pw_two")
    for user_id in (await accounts.add_user(), foreign, "user_none"):
        assert words(await withdraw(accounts, key, user_id=user_id)) == nobody
    user_id = await accounts.add_user(5)
    for token_type in ("advanced", "no-such-type"):
        answer = await withdraw(accounts, key, user_id=user_id, token_type=token_type)
        text = f"Token type {token_type} not found in user balance"
        assert words(answer) == (400, text, "type_required")


async def test_keys_are_checked(accounts: Accounts) -> None:
    """None, an unknown one, another paywall's, a revoked one; and a paywall that is not there."""
    user_id, other = await accounts.add_user(5), await accounts.add_key("pw_two")
    owner = "Unauthorized. You are not the owner of this paywall"
    for key, said in (
        (None, (401, "API key is required", "apikey_required")),
        ("sk_unknown", (401, "Invalid API key", "invalid_api_key")),
        (other, (403, owner, "forbidden")),
    ):
        assert words(await withdraw(accounts, key, user_id=user_id)) == said
    answer = await withdraw(accounts, other, user_id=user_id, paywall_id="pw_none")
    assert words(answer) == (404, "Paywall not found", "paywall_not_found")


@pytest.mark.parametrize(("ms", "status"), [(1_999, 200), (2_000, 403)])
async def test_a_revoked_key_is_refused_within_two_seconds(
    accounts: Accounts, ms: int, status: int
) -> None:
    """Here the contract wants 403; on `balances` it is 401."""
    key, user_id = await accounts.add_key(), await accounts.add_user(50)
    assert (await withdraw(accounts, key, user_id=user_id)).status_code == 200
    found = await accounts.database.read(find_key(hash_key(key)))
    assert found is not None
    assert await accounts.database.write(revoke_key(found.key_id, 1)) is True
    accounts.clock.move(ms=ms)
    answer = await withdraw(accounts, key, user_id=user_id)
    assert answer.status_code == status
    if status == 403:
        assert words(answer) == (403, "API key is inactive", "forbidden")
        body = {"user_id": user_id, "type": "standard", "amount": 1, "op": "credit"}
        changed = await accounts.post("balances", body, headers={"x-api-key": key})
        assert (changed.status_code, changed.json()["error"]) == (401, "invalid_api_key")


async def test_header_and_body_name_the_same_paywall(accounts: Accounts) -> None:
    """`X-Paywall-Id` agrees with the body, or nothing happens."""
    key, user_id = await accounts.add_key(), await accounts.add_user(5)
    answer = await accounts.client.post(
        PATH,
        json={"paywall_id": "pw_one", "user_id": user_id, "tokens": 1},
        headers={"x-api-key": key, "x-paywall-id": "pw_two"},
    )
    assert words(answer)[::2] == (400, "paywall_mismatch")
