"""A voucher gives its credits to as many users as it has uses, once to each."""

import asyncio
import logging
from pathlib import Path

import pytest

from tests.commerce.shop import UNKNOWN, left, make_voucher, read, redeem, sign_in
from tests.support.accounts import API, Accounts, open_accounts
from tests.support.refusals import refused
from tests.support.stored import everything_stored
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.paywalls import Paywall, store_paywall

pytestmark = pytest.mark.usefixtures("store")


async def test_a_code_is_worth_its_credits(accounts: Accounts) -> None:
    """The answer says what it was worth and what is left now, as `balances` does."""
    code, token = await make_voucher(accounts), await sign_in(accounts)
    answer = await redeem(accounts, token, code)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "idempotent-replayed" not in answer.headers
    assert answer.json() == {
        "type": "standard",
        "amount": 5,
        "repeated": False,
        "balances": [
            {"type": "advanced", "count": 0, "version": 0, "granted": 0},
            {"type": "standard", "count": 25, "version": 2, "granted": 25},
        ],
    }
    assert answer.json()["balances"] == (await accounts.balances(token)).json()["balances"]
    assert await accounts.database.read(verify()) == []


async def test_the_credits_are_paid_ones_and_stay(accounts: Accounts) -> None:
    """Trial credits are used before them; the voucher's own end does not end them."""
    ends = accounts.clock.now_ms() + 1000
    code, token = await make_voucher(accounts, expires_at=ends), await sign_in(accounts)
    assert (await redeem(accounts, token, code)).status_code == 200
    sql = "select category, expires_at from grants where source_key like 'voucher:%'"
    assert await accounts.database.read(read(sql)) == [("paid", None)]
    accounts.clock.move(seconds=2)
    assert await left(accounts, token) == 25


async def test_redeeming_again_gives_the_same_answer_and_no_second_grant(
    accounts: Accounts,
) -> None:
    """Also when many come at once, and when the voucher is used up or over by then."""
    ends = accounts.clock.now_ms() + 1000
    code, token = await make_voucher(accounts, expires_at=ends), await sign_in(accounts)
    answers = await asyncio.gather(*(redeem(accounts, token, code) for _ in range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    told = [answer.json() for answer in answers]
    assert sorted(body.pop("repeated") for body in told) == [False] + [True] * 19
    assert all(body == told[0] for body in told)
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 19
    accounts.clock.move(seconds=2)
    later = await redeem(accounts, token, code)
    assert (later.status_code, later.json()["amount"]) == (200, 5)
    assert later.json()["repeated"] is True
    assert later.headers["idempotent-replayed"] == "true"
    assert await left(accounts, token) == 25
    assert await accounts.database.read(read("select count(*) from voucher_uses")) == [(1,)]


@pytest.mark.parametrize("uses", [1, 7])
async def test_64_users_at_once_get_exactly_as_many_grants_as_there_are_uses(
    accounts: Accounts, uses: int
) -> None:
    """The others are told what everybody is told whose code is not good."""
    code = await make_voucher(accounts, uses=uses)
    tokens = [await sign_in(accounts) for _ in range(64)]
    answers = await asyncio.gather(*(redeem(accounts, token, code) for token in tokens))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200] * uses + [404] * (64 - uses)
    for token, status in zip(tokens, statuses, strict=True):
        assert await left(accounts, token) == (25 if status == 200 else 20)
    assert await accounts.database.read(read("select uses from vouchers")) == [(uses,)]
    sql = "select count(*) from grants where source_key like 'voucher:%'"
    assert await accounts.database.read(read(sql)) == [(uses,)]
    assert await accounts.database.read(verify()) == []


async def test_a_code_that_is_not_good_is_refused_in_the_same_words(accounts: Accounts) -> None:
    """Unknown, no code at all, used up, over, another paywall's: nobody learns which."""
    token, other = await sign_in(accounts), await sign_in(accounts)
    used_up = await make_voucher(accounts)
    assert (await redeem(accounts, other, used_up)).status_code == 200
    foreign = await make_voucher(accounts, paywall_id="pw_two")
    over = await make_voucher(accounts, expires_at=accounts.clock.now_ms() + 1)
    accounts.clock.move(ms=1)
    bodies = []
    for code in (UNKNOWN, "hello", "Ünïcode", used_up, over, foreign):
        answer = await redeem(accounts, token, code)
        assert refused(answer) == (404, "voucher_invalid")
        bodies.append({**answer.json(), "request_id": ""})
    assert all(body == bodies[0] for body in bodies)
    assert await left(accounts, token) == 20
    # The other paywall's is still good there.
    theirs = await sign_in(accounts, "pw_two")
    assert (await redeem(accounts, theirs, foreign, "pw_two")).status_code == 200


async def test_a_voucher_ends_at_its_moment(accounts: Accounts) -> None:
    """It is good until then, and not from then on."""
    ends = accounts.clock.now_ms() + 1000
    code = await make_voucher(accounts, expires_at=ends, uses=2)
    first, second = await sign_in(accounts), await sign_in(accounts)
    accounts.clock.move(ms=999)
    assert (await redeem(accounts, first, code)).status_code == 200
    accounts.clock.move(ms=1)
    assert (await redeem(accounts, second, code)).status_code == 404


@pytest.mark.parametrize("code", [None, "", 7, ["x"], {"x": 1}, "x" * 513])
async def test_a_body_without_a_code_is_malformed(accounts: Accounts, code: object) -> None:
    """That is no try: nothing was looked up."""
    token = await sign_in(accounts)
    for _ in range(12):
        assert refused(await redeem(accounts, token, code)) == (400, "invalid_request")


async def test_refusals_come_in_their_order(accounts: Accounts) -> None:
    """Form, origin, token, paywall; a foreign token and an unknown paywall are said to be."""
    code = await make_voucher(accounts)
    await accounts.database.write(
        store_paywall(Paywall("pw_one", origins=("https://app.example",)))
    )
    path = f"{API}/pw_one/vouchers/redeem"
    evil, wrong = {"origin": "https://evil.example"}, {"x-paywall-id": "pw_two"}
    client = accounts.client
    malformed = await client.post(path, json={}, headers={**evil, **wrong})
    mismatched = await client.post(path, json={"code": code}, headers={**evil, **wrong})
    from_evil = await client.post(path, json={"code": code}, headers=evil)
    nobody = await client.post(path, json={"code": code})
    by_key = {"x-api-key": await accounts.add_key()}
    with_key = await client.post(path, json={"code": code}, headers=by_key)
    theirs = await sign_in(accounts, "pw_two")
    foreign = await redeem(accounts, theirs, code)
    unknown = await redeem(accounts, theirs, code, "pw_none")
    assert [refused(answer).code for answer in (malformed, mismatched, from_evil, nobody)] == [
        *("invalid_request", "paywall_mismatch", "origin_not_allowed", "invalid_token"),
    ]
    assert refused(with_key) == (401, "invalid_token")
    assert refused(foreign) == (400, "paywall_mismatch")
    assert refused(unknown) == (400, "paywall_mismatch")
    assert await accounts.database.read(read("select uses from vouchers")) == [(0,)]


async def test_a_code_is_nowhere_to_be_found(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the database nor in the log, right or wrong."""
    caplog.set_level(logging.DEBUG)
    async with open_accounts(tmp_path) as accounts:
        code, token = await make_voucher(accounts), await sign_in(accounts)
        for typed in (code, "WRNG-WRNG-WRNG-WRNG-WRNG"):
            await redeem(accounts, token, typed)
        stored = everything_stored(tmp_path)
    for typed in (code, code.replace("-", ""), "WRNG"):
        assert typed.encode() not in stored
        assert typed not in caplog.text
