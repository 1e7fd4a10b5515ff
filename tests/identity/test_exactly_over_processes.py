"""Two gateways on one store, everything at once: limits of signing in are exact, tokens agree."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.accounts import API, ISSUER, UNCOUNTED, Accounts, open_accounts
from tests.support.stores import open_store
from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.identity import open_identities, queries
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.settings import Limits

pytestmark = pytest.mark.usefixtures("store")

OF_SIGN_INS = (
    "address_sign_ins",
    "address_trials",
    "origin_trial_credits",
    "paywall_trial_credits",
)


@asynccontextmanager
async def two_gateways(folder: Path, **limits: int) -> AsyncIterator[tuple[Accounts, Accounts]]:
    """Open accounts twice on what a folder stands for, with these limits of signing in."""
    off = {name: getattr(UNCOUNTED, name) for name in OF_SIGN_INS}
    chosen = Limits(**{**off, **limits})
    async with (
        open_accounts(folder, limits=chosen) as one,
        open_accounts(folder, limits=chosen) as other,
    ):
        yield one, other


async def sign_in(accounts: Accounts, address: str, origin: str) -> httpx2.Response:
    """Sign in from an address, on a page of an origin."""
    path = f"{API}/pw_one/auth/anonymous/signin"
    headers = {"x-forwarded-for": address, "origin": origin}
    return await accounts.client.post(path, headers=headers)


async def sign_ins(
    gateways: tuple[Accounts, Accounts],
    addresses: list[str],
    origins: tuple[str, ...] = ("https://app.example",),
) -> list[Any]:
    """Sign in at once from each of the addresses, on one gateway and the other in turn."""
    return await asyncio.gather(
        *(
            sign_in(gateways[number % 2], address, origins[number // 2 % len(origins)])
            for number, address in enumerate(addresses)
        )
    )


def trials(answers: list[Any]) -> Counter[str]:
    """Count who was given a trial, and why others were not."""
    given = [answer.json()["trial"] for answer in answers]
    return Counter("granted" if trial["granted"] else trial["reason"] for trial in given)


def read(sql: str) -> Script[list[tuple[Any, ...]]]:
    """Read rows."""
    return (yield Statement(sql))


async def test_an_address_signs_in_exactly_so_often(tmp_path: Path) -> None:
    """Of 32 that come together ten are let in; who is refused leaves nothing behind."""
    async with two_gateways(tmp_path, address_sign_ins=10) as gateways:
        answers = await sign_ins(gateways, ["198.51.100.1"] * 32)
        assert Counter(answer.status_code for answer in answers) == {200: 10, 429: 22}
        counts = "select count(*) from users", "select count(*) from counted"
        for sql in counts:
            assert await gateways[0].database.read(read(sql)) == [(10,)]


async def test_an_address_gets_exactly_so_many_trials(tmp_path: Path) -> None:
    """All are signed in, five with credits."""
    async with two_gateways(tmp_path, address_trials=5) as gateways:
        answers = await sign_ins(gateways, ["198.51.100.1"] * 16)
        assert trials(answers) == {"granted": 5, "address": 11}


async def test_a_paywall_gives_away_exactly_its_credits(tmp_path: Path) -> None:
    """Whoever asks from wherever: a hundred credits are five trials of twenty."""
    limits = {"address_sign_ins": 10, "address_trials": 5, "paywall_trial_credits": 119}
    async with two_gateways(tmp_path, **limits) as gateways:
        addresses = [f"198.51.100.{number // 2}" for number in range(32)]
        answers = await sign_ins(gateways, addresses)
        assert trials(answers) == {"granted": 5, "paywall": 27}
        sql = "select cast(sum(amount) as bigint) from grants"
        assert await gateways[0].database.read(read(sql)) == [(100,)]
        assert await gateways[0].database.read(verify(), snapshot=True) == []


async def test_the_pages_of_an_origin_give_away_exactly_theirs(tmp_path: Path) -> None:
    """Two sites, each with what is three trials; the gateways' pages are the same ones."""
    sites = ("https://a.example", "https://b.example")
    async with two_gateways(tmp_path, origin_trial_credits=79) as gateways:
        addresses = [f"198.51.100.{number}" for number in range(32)]
        answers = await sign_ins(gateways, addresses, sites)
        assert trials(answers) == {"granted": 6, "origin": 26}
        for site in range(2):
            of_site = [answer for n, answer in enumerate(answers) if n // 2 % 2 == site]
            assert trials(of_site) == {"granted": 3, "origin": 13}
        sql = "select cast(sum(amount) as bigint) from grants"
        assert await gateways[0].database.read(read(sql)) == [(120,)]
        assert await gateways[0].database.read(verify(), snapshot=True) == []


async def test_old_countings_go_while_many_sign_in(tmp_path: Path) -> None:
    """Each deletes some of them, and nobody stands in another's way."""
    async with two_gateways(tmp_path, address_sign_ins=1000, address_trials=1000) as gateways:
        await sign_ins(gateways, [f"198.51.100.{number}" for number in range(48)])
        for accounts in gateways:
            accounts.clock.move(days=2)
        answers = await sign_ins(gateways, [f"198.51.100.{number}" for number in range(48)])
        assert {answer.status_code for answer in answers} == {200}
        sql = "select count(*) from counted"
        assert await gateways[0].database.read(read(sql)) == [(2 * 48,)]


async def test_a_token_has_one_successor_however_many_ask(tmp_path: Path) -> None:
    """Sixteen at once get the same, and the session lives; so with the successor's."""
    async with two_gateways(tmp_path) as gateways:
        token = (await gateways[0].sign_in())["refresh_token"]
        for generation in range(1, 4):
            answers = await asyncio.gather(
                *(gateways[number % 2].refresh(token) for number in range(16))
            )
            assert [answer.status_code for answer in answers] == [200] * 16
            (token,) = {answer.json()["refresh_token"] for answer in answers}
            sql = "select generation, revoked_at from sessions"
            assert await gateways[0].database.read(read(sql)) == [(generation, None)]
            assert await gateways[0].database.read(read("select count(*) from refresh_tokens")) == [
                (generation + 1,)
            ]


async def test_a_session_that_is_ended_while_it_is_renewed_is_over(tmp_path: Path) -> None:
    """Whichever came first: nobody holds a token that renews it."""
    async with two_gateways(tmp_path) as (one, other):
        for _ in range(8):
            signed_in = await one.sign_in()
            bearer = {"authorization": f"Bearer {signed_in['access_token']}"}
            renewed, ended = await asyncio.gather(
                one.refresh(signed_in["refresh_token"]),
                other.post("auth/revoke-all", headers=bearer),
            )
            assert ended.status_code == 200
            assert renewed.status_code in (200, 401)
            if renewed.status_code == 200:
                again = await one.refresh(renewed.json()["refresh_token"])
                assert again.status_code == 401


async def test_gateways_that_start_together_make_one_signing_key(tmp_path: Path) -> None:
    """A token of one is good at all others; whoever comes at the same moment makes none."""
    async with open_accounts(tmp_path) as accounts:

        def forget() -> Script[None]:
            yield Statement("delete from signing_keys")

        databases = [await open_store(tmp_path) for _ in range(4)]
        for _ in range(4):
            await accounts.database.write(forget())
            kept = await asyncio.gather(
                *(
                    databases[number % 4].write(
                        queries.keep_first_signing_key(f"jwk_{number}", b"x", "{}", number)
                    )
                    for number in range(16)
                )
            )
            assert all(keys == kept[0] for keys in kept)
            assert len(kept[0]) == 1
        await accounts.database.write(forget())
        opened = await asyncio.gather(
            *(
                open_identities(
                    database, accounts.clock, accounts.sealer, issuer=ISSUER, limits=UNCOUNTED
                )
                for database in databases
            )
        )
        for database in databases:
            await database.close()
        assert len(opened[0].jwks()["keys"]) == 1
        assert all(identities.jwks() == opened[0].jwks() for identities in opened)
