"""An owner's server credits and debits its users."""

import asyncio
from typing import Any

import httpx2
import pytest

from tests.support.accounts import API, Accounts
from tests.support.refusals import refused
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.paywalls import Paywall, store_paywall

CREDIT = {"type": "standard", "amount": 5, "op": "credit"}
DEBIT = {"type": "standard", "amount": 5, "op": "debit"}


async def change(
    accounts: Accounts, key: str, body: dict[str, Any], **headers: str
) -> httpx2.Response:
    """Post a change with an owner's key."""
    return await accounts.post("balances", body, headers={"x-api-key": key, **headers})


async def test_a_credit_answers_with_the_new_balance(accounts: Accounts) -> None:
    """The body is the published contract's, each balance with ours on top."""
    key, user_id = await accounts.add_key(), await accounts.add_user(20)
    answer = await change(accounts, key, {**CREDIT, "user_id": user_id})
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "user_id": user_id,
        "type": "standard",
        "count": 25,
        "balances": [
            {"type": "advanced", "count": 0, "version": 0, "granted": 0},
            {"type": "standard", "count": 25, "version": 2, "granted": 25},
        ],
    }


async def test_a_credit_creates_the_type_for_the_user(accounts: Accounts) -> None:
    """A type they never had begins at the amount."""
    key, user_id = await accounts.add_key(), await accounts.add_user()
    answer = await change(accounts, key, {**CREDIT, "type": "advanced", "user_id": user_id})
    assert answer.json()["count"] == 5


async def test_a_debit_takes_all_or_nothing(accounts: Accounts) -> None:
    """Down to zero it goes; below, nothing is taken and the answer says what there is."""
    key, user_id = await accounts.add_key(), await accounts.add_user(7)
    assert (await change(accounts, key, {**DEBIT, "user_id": user_id})).json()["count"] == 2
    answer = await change(accounts, key, {**DEBIT, "user_id": user_id})
    assert refused(answer) == (400, "insufficient")
    assert answer.json()["available"] == 2
    rest = {**DEBIT, "amount": 2, "user_id": user_id}
    assert (await change(accounts, key, rest)).json()["count"] == 0
    assert await accounts.database.read(verify()) == []


async def test_an_e_mail_address_names_a_user_too(accounts: Accounts) -> None:
    """In whatever case it is written, on this paywall only."""
    key = await accounts.add_key()
    user_id = await accounts.add_user(1, email="ada@example.org")
    await accounts.add_user(1, paywall_id="pw_two", email="eve@example.org")
    answer = await change(accounts, key, {**CREDIT, "email": "Ada@Example.org"})
    assert (answer.json()["user_id"], answer.json()["count"]) == (user_id, 6)
    for email in ("eve@example.org", "nobody@example.org", "%", ""):
        answer = await change(accounts, key, {**CREDIT, "email": email, "user_id": None})
        assert refused(answer).status == (404 if email else 400)


async def test_changes_at_once_lose_nothing(accounts: Accounts) -> None:
    """Forty debits of one credit on twenty credits: twenty succeed."""
    key, user_id = await accounts.add_key(), await accounts.add_user(20)
    one = {**DEBIT, "amount": 1, "user_id": user_id}
    answers = await asyncio.gather(*(change(accounts, key, one) for _ in range(40)))
    counts = sorted(a.json()["count"] for a in answers if a.status_code == 200)
    assert counts == list(range(20))
    assert {refused(a) for a in answers if a.status_code != 200} == {(400, "insufficient")}
    assert await accounts.database.read(verify()) == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"user_id": None}, "identity_required"),
        ({"user_id": ""}, "identity_required"),
        ({"user_id": 5}, "invalid_request"),
        ({"user_id": "x" * 600}, "invalid_request"),
        ({"type": None}, "type_required"),
        ({"type": ""}, "type_required"),
        ({"type": "premium"}, "type_required"),
        ({"amount": 0}, "invalid_amount"),
        ({"amount": -1}, "invalid_amount"),
        ({"amount": 1.5}, "invalid_amount"),
        ({"amount": 1.0}, "invalid_amount"),
        ({"amount": "5"}, "invalid_amount"),
        ({"amount": True}, "invalid_amount"),
        ({"amount": None}, "invalid_amount"),
        ({"amount": 1_000_000_001}, "invalid_amount"),
        ({"amount": 10**30}, "invalid_amount"),
        ({"op": None}, "invalid_op"),
        ({"op": "set"}, "invalid_op"),
        ({"op": ["credit"]}, "invalid_op"),
    ],
)
async def test_a_bad_body_is_refused(accounts: Accounts, wrong: dict[str, Any], code: str) -> None:
    """With the contract's code, and nothing changes."""
    key, user_id = await accounts.add_key(), await accounts.add_user(7)
    answer = await change(accounts, key, {**CREDIT, "user_id": user_id, **wrong})
    assert refused(answer) == (400, code)
    answer = await change(accounts, key, {**CREDIT, "amount": 1_000_000_000, "user_id": user_id})
    assert answer.json()["count"] == 1_000_000_007


async def test_only_users_of_this_paywall_are_found(accounts: Accounts) -> None:
    """Neither another paywall's user nor one who never was."""
    key = await accounts.add_key()
    for user_id in (await accounts.add_user(paywall_id="pw_two"), "user_none"):
        answer = await change(accounts, key, {**CREDIT, "user_id": user_id})
        assert refused(answer) == (404, "identity_not_found")


async def test_a_bearer_changes_nothing(accounts: Accounts) -> None:
    """A user's token can never change a balance, not even beside a wrong key."""
    body = await accounts.sign_in()
    bearer = {"authorization": f"Bearer {body['access_token']}"}
    mine = {**CREDIT, "user_id": body["user"]["id"]}
    alone = await accounts.post("balances", mine, headers=bearer)
    assert refused(alone) == (401, "apikey_required")
    as_key = {**bearer, "x-api-key": body["access_token"]}
    assert refused(await accounts.post("balances", mine, headers=as_key)) == (
        401,
        "invalid_api_key",
    )


async def test_a_key_opens_its_own_paywall_only(accounts: Accounts) -> None:
    """Unknown keys are 401, another paywall's 403, and an unknown paywall 404."""
    user_id = await accounts.add_user()
    body = {**CREDIT, "user_id": user_id}
    other = await accounts.add_key("pw_two")
    assert refused(await change(accounts, "sk_unknown", body)) == (401, "invalid_api_key")
    assert refused(await change(accounts, other, body)) == (403, "forbidden")
    answer = await accounts.client.post(
        f"{API}/pw_none/balances", json=body, headers={"x-api-key": other}
    )
    assert refused(answer) == (404, "paywall_not_found")


async def test_form_and_origin_come_before_the_key(accounts: Accounts) -> None:
    """The order of refusals is the same everywhere."""
    body = {**CREDIT, "user_id": await accounts.add_user()}
    await accounts.database.write(
        store_paywall(Paywall("pw_one", origins=("https://app.example",)))
    )
    foreign = {"origin": "https://evil.example"}
    named = {**foreign, "x-paywall-id": "pw_two"}
    for headers, code in ((named, "paywall_mismatch"), (foreign, "origin_not_allowed")):
        assert refused(await accounts.post("balances", body, headers=headers)).code == code
    assert refused(await accounts.post("balances", {}, headers=foreign)).code == (
        "identity_required"
    )
