"""A visitor is signed in without a name and given the paywall's trial credits."""

import asyncio

from tests.support.accounts import API, Accounts
from tests.support.refusals import refused
from tollbridge.gateway.database import Statement
from tollbridge.gateway.database.script import Rows, Script
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.paywalls import Paywall, create_paywall, store_paywall


def count(table: str) -> Script[int]:
    """Count a table's rows."""
    rows: Rows = yield Statement(f"select count(*) from {table}")
    number: int = rows[0][0]
    return number


def without_refresh_tokens() -> Script[None]:
    """Break the store: the table that a sign-in writes last is gone."""
    yield Statement("drop table refresh_tokens")


async def test_the_answer_has_tokens_and_the_user(accounts: Accounts) -> None:
    """The body is the published contract's: tokens, and a user who has no e-mail address."""
    answer = await accounts.post("auth/anonymous/signin", {"visitor_id": "0123456789abcdef"})
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(body) == {
        *("access_token", "refresh_token", "expires_in", "expires_at", "token_type"),
        *("user", "trial"),
    }
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 900
    assert body["expires_at"] == accounts.clock.now_ms() // 1000 + 900
    assert body["user"]["email"] is None
    assert body["user"]["is_anonymous"] is True
    assert body["user"]["id"].startswith("user_")


async def test_trial_credits_are_there_at_once(accounts: Accounts) -> None:
    """Each query type has its trial credits; a type without any shows 0."""
    body = await accounts.sign_in()
    answer = (await accounts.balances(body["access_token"])).json()
    assert answer == {
        "balances": [
            {"type": "advanced", "count": 0, "version": 0, "granted": 0},
            {"type": "standard", "count": 20, "version": 1, "granted": 20},
        ],
        "tokenization": True,
    }
    assert await accounts.database.read(verify()) == []


async def test_each_sign_in_is_a_user_of_its_own(accounts: Accounts) -> None:
    """Fifty visitors at once are fifty users, each with their own credits."""
    bodies = await asyncio.gather(*(accounts.sign_in() for _ in range(50)))
    assert len({body["user"]["id"] for body in bodies}) == 50
    assert await accounts.database.read(count("grants")) == 50


async def test_without_counted_credits_there_is_no_anonymous_sign_in(accounts: Accounts) -> None:
    """A paywall with tokenization off refuses, and nothing is written."""
    await accounts.database.write(create_paywall(Paywall("pw_off", tokenization=False), 0))
    answer = await accounts.client.post(f"{API}/pw_off/auth/anonymous/signin")
    assert refused(answer) == (403, "anonymous_disabled")
    assert await accounts.database.read(count("users")) == 0


async def test_a_sign_in_that_fails_leaves_nothing_behind(accounts: Accounts) -> None:
    """User, credits, session and token are one unit: where the last part fails, none is there."""
    await accounts.database.write(without_refresh_tokens())
    assert refused(await accounts.post("auth/anonymous/signin")) == (503, "ledger_unavailable")
    for table in ("users", "grants", "balances", "journal", "sessions"):
        assert await accounts.database.read(count(table)) == 0


async def test_an_unknown_paywall_is_not_found(accounts: Accounts) -> None:
    """There is nobody to sign in to."""
    answer = await accounts.client.post(f"{API}/pw_none/auth/anonymous/signin")
    assert refused(answer) == (404, "paywall_not_found")


async def test_a_page_of_another_origin_is_refused(accounts: Accounts) -> None:
    """Where the paywall lists origins, a page that is not listed gets nothing."""
    await accounts.database.write(
        store_paywall(Paywall("pw_one", origins=("https://app.example",)))
    )
    path = "auth/anonymous/signin"
    foreign = await accounts.post(path, headers={"origin": "https://evil.example"})
    listed = await accounts.post(path, headers={"origin": "https://app.example"})
    assert refused(foreign) == (403, "origin_not_allowed")
    assert foreign.headers["access-control-allow-origin"] == "https://evil.example"
    assert listed.status_code == 200


async def test_a_header_that_names_another_paywall_is_refused(accounts: Accounts) -> None:
    """URL and `X-Paywall-Id` agree, or nothing happens."""
    path = "auth/anonymous/signin"
    other = await accounts.post(path, headers={"x-paywall-id": "pw_two"})
    same = await accounts.post(path, headers={"x-paywall-id": "pw_one"})
    assert refused(other) == (400, "paywall_mismatch")
    assert same.status_code == 200
