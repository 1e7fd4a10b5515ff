"""A user may try ten wrong codes within an hour; the next one is not looked at, right or wrong."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from tests.commerce.shop import UNKNOWN, left, make_voucher, read, redeem, sign_in
from tests.support.accounts import UNCOUNTED, Accounts, open_accounts
from tests.support.refusals import refused
from tollbridge.gateway.settings import Limits

pytestmark = pytest.mark.usefixtures("store")


def too_many(answer: httpx2.Response) -> int:
    """Return `Retry-After` of a refusal by the limit of tries."""
    assert refused(answer) == (429, "rate_limited")
    assert answer.json()["details"] == {"limit": "VOUCHER_TRIES"}
    return int(answer.headers["retry-after"])


async def test_ten_wrong_codes_and_the_11th_waits(accounts: Accounts) -> None:
    """Also where it is right; an hour after the first of them one more is looked at."""
    code, token = await make_voucher(accounts, uses=2), await sign_in(accounts)
    for _ in range(10):
        assert refused(await redeem(accounts, token, UNKNOWN)) == (404, "voucher_invalid")
        accounts.clock.move(seconds=60)
    assert too_many(await redeem(accounts, token, UNKNOWN)) == 3000
    assert too_many(await redeem(accounts, token, code)) == 3000
    assert await left(accounts, token) == 20
    other = await sign_in(accounts)
    assert (await redeem(accounts, other, code)).status_code == 200
    # The access token has ended by then; the count is the user's, not the session's.
    fresh = await accounts.sign_in()
    for _ in range(10):
        await redeem(accounts, fresh["access_token"], UNKNOWN)
    accounts.clock.move(seconds=3599)
    fresh = (await accounts.refresh(fresh["refresh_token"])).json()
    assert too_many(await redeem(accounts, fresh["access_token"], code)) == 1
    accounts.clock.move(seconds=1)
    assert (await redeem(accounts, fresh["access_token"], code)).status_code == 200


async def test_nine_wrong_codes_leave_a_tenth_try(accounts: Accounts) -> None:
    """And codes that are good are no tries, however many."""
    token = await sign_in(accounts)
    for _ in range(9):
        assert (await redeem(accounts, token, UNKNOWN)).status_code == 404
    for number in range(1, 13):
        code = await make_voucher(accounts)
        for _ in range(2):
            assert (await redeem(accounts, token, code)).status_code == 200
        assert await left(accounts, token) == 20 + 5 * number
    assert (await redeem(accounts, token, UNKNOWN)).status_code == 404
    assert too_many(await redeem(accounts, token, UNKNOWN)) == 3600


async def test_tries_at_once_are_counted_exactly(accounts: Accounts) -> None:
    """64 of them: ten are looked at."""
    token = await sign_in(accounts)
    answers = await asyncio.gather(*(redeem(accounts, token, UNKNOWN) for _ in range(64)))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [404] * 10 + [429] * 54
    sql = "select count(*) from counted where limit_name = 'VOUCHER_TRIES'"
    assert await accounts.database.read(read(sql)) == [(10,)]


async def test_the_count_outlives_a_restart(tmp_path: Path) -> None:
    """It is in the store, not in the process."""
    async with open_accounts(tmp_path) as accounts:
        token = await sign_in(accounts)
        for _ in range(10):
            await redeem(accounts, token, UNKNOWN)
    async with open_accounts(tmp_path) as accounts:
        assert too_many(await redeem(accounts, token, UNKNOWN)) == 3600


async def test_the_limit_can_be_lifted(tmp_path: Path) -> None:
    """Then nothing is counted."""
    lifted = Limits(
        address_sign_ins=None, address_trials=UNCOUNTED.address_trials, voucher_tries=None
    )
    async with open_accounts(tmp_path, limits=lifted) as accounts:
        token = await sign_in(accounts)
        for _ in range(30):
            assert (await redeem(accounts, token, UNKNOWN)).status_code == 404
        sql = "select count(*) from counted where limit_name = 'VOUCHER_TRIES'"
        assert await accounts.database.read(read(sql)) == [(0,)]
