"""Two gateways on one store, everything at once: a voucher is worth exactly what it says."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.commerce.shop import UNKNOWN, left, make_voucher, read, redeem, sign_in
from tests.support.accounts import UNCOUNTED, Accounts, open_accounts
from tests.support.stores import Store
from tollbridge.gateway.ledger import verify

GRANTS = "select count(*) from grants where source_key like 'voucher:%'"


@pytest.fixture
async def gateways(store: Store, tmp_path: Path) -> AsyncIterator[tuple[Accounts, Accounts]]:
    """Accounts opened twice on one store; the ledger is exact in the end."""
    async with open_accounts(tmp_path) as one, open_accounts(tmp_path) as other:
        yield one, other
        assert await one.database.read(verify(), snapshot=True) == []


async def test_as_many_get_it_as_there_are_uses(gateways: tuple[Accounts, Accounts]) -> None:
    """Of 32 users three do; the others are told that the code is not good."""
    code = await make_voucher(gateways[0], uses=3)
    tokens = [await sign_in(gateways[0]) for _ in range(32)]
    answers = await asyncio.gather(
        *(redeem(gateways[number % 2], token, code) for number, token in enumerate(tokens))
    )
    statuses = [answer.status_code for answer in answers]
    assert Counter(statuses) == {200: 3, 404: 29}
    for token, status in zip(tokens, statuses, strict=True):
        assert await left(gateways[0], token) == (25 if status == 200 else 20)
    assert await gateways[0].database.read(read("select uses from vouchers")) == [(3,)]
    assert await gateways[0].database.read(read(GRANTS)) == [(3,)]


@pytest.mark.parametrize("tries", [10, None])
async def test_a_user_gets_it_once(store: Store, tmp_path: Path, tries: int | None) -> None:
    """However often they send it, whether tries are counted or not; the other use is another's."""
    limits = replace(UNCOUNTED, voucher_tries=tries)
    async with (
        open_accounts(tmp_path, limits=limits) as one,
        open_accounts(tmp_path, limits=limits) as other,
    ):
        await redeem_at_once((one, other))


async def redeem_at_once(gateways: tuple[Accounts, Accounts]) -> None:
    """Have one user send a code sixteen times, and another once."""
    code = await make_voucher(gateways[0], uses=2)
    token, other = await sign_in(gateways[0]), await sign_in(gateways[0])
    answers = await asyncio.gather(
        *(redeem(gateways[number % 2], token, code) for number in range(16))
    )
    assert [answer.status_code for answer in answers] == [200] * 16
    assert Counter(answer.json()["repeated"] for answer in answers) == {False: 1, True: 15}
    assert await left(gateways[1], token) == 25
    assert (await redeem(gateways[1], other, code)).status_code == 200
    assert await gateways[0].database.read(read(GRANTS)) == [(2,)]


async def test_a_user_tries_exactly_so_often(gateways: tuple[Accounts, Accounts]) -> None:
    """Ten wrong codes are looked at, whichever gateway they come to."""
    token = await sign_in(gateways[0])
    answers = await asyncio.gather(
        *(redeem(gateways[number % 2], token, UNKNOWN) for number in range(32))
    )
    assert Counter(answer.status_code for answer in answers) == {404: 10, 429: 22}
