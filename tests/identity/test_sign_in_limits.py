"""An address signs in so often, and gets so many trials; a paywall gives away so many credits."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.accounts import API, UNCOUNTED, Accounts, open_accounts
from tests.support.refusals import refused
from tests.support.stored import everything_stored
from tollbridge.gateway.address import Addresses
from tollbridge.gateway.database import Statement
from tollbridge.gateway.database.script import Script
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.paywalls import Paywall, create_paywall, store_paywall
from tollbridge.gateway.settings import LIMITS, Limits

pytestmark = pytest.mark.usefixtures("store")

GRANTED = {"granted": True}
MINUTE_S = 60


@asynccontextmanager
async def limited(folder: Path, **limits: int | None) -> AsyncIterator[Accounts]:
    """Open accounts with the limits named in force, the others of sign-ins lifted."""
    off = {name: getattr(UNCOUNTED, name) for name in OF_SIGN_INS}
    async with open_accounts(folder, limits=Limits(**{**off, **limits})) as accounts:
        yield accounts


OF_SIGN_INS = (
    "address_sign_ins",
    "address_trials",
    "origin_trial_credits",
    "paywall_trial_credits",
)


async def sign_in(
    accounts: Accounts,
    address: str = "198.51.100.1",
    paywall_id: str = "pw_one",
    origin: str | None = None,
) -> httpx2.Response:
    """Sign in from an address, which the proxy in front of us tells, on a page of an origin."""
    path = f"{API}/{paywall_id}/auth/anonymous/signin"
    headers = [(b"x-forwarded-for", address.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode("latin-1")))
    return await accounts.client.post(path, headers=headers)


async def trial(
    accounts: Accounts,
    address: str = "198.51.100.1",
    paywall_id: str = "pw_one",
    origin: str | None = None,
) -> tuple[dict[str, Any], int]:
    """Sign in; return what is said of the trial, and the credits of `standard`."""
    answer = await sign_in(accounts, address, paywall_id, origin)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    found = await accounts.database.write(credits_of(body["user"]["id"]))
    return body["trial"], found


def credits_of(user_id: str) -> Script[int]:
    """Sum a user's grants."""
    rows = yield Statement(
        "select coalesce(sum(amount), 0) from grants where user_id = $1", (user_id,)
    )
    total: int = rows[0][0]
    return total


def count(table: str) -> Script[int]:
    """Count a table's rows."""
    rows = yield Statement(f"select count(*) from {table}")
    number: int = rows[0][0]
    return number


def too_many(answer: httpx2.Response) -> int:
    """Return `Retry-After` of a refusal by the limit of sign-ins."""
    assert refused(answer) == (429, "rate_limited")
    assert answer.json()["details"] == {"limit": "ADDRESS_SIGN_INS"}
    return int(answer.headers["retry-after"])


async def test_ten_sign_ins_in_ten_minutes_and_the_11th_waits(tmp_path: Path) -> None:
    """Exactly until the first of them is ten minutes old; nobody else waits."""
    async with limited(tmp_path, address_sign_ins=LIMITS["ADDRESS_SIGN_INS"]) as accounts:
        for _ in range(10):
            assert (await sign_in(accounts)).status_code == 200
            accounts.clock.move(seconds=10)
        assert too_many(await sign_in(accounts)) == 500
        assert (await sign_in(accounts, "198.51.100.2")).status_code == 200
        accounts.clock.move(seconds=499, ms=999)
        assert too_many(await sign_in(accounts)) == 1
        accounts.clock.move(ms=1)
        assert (await sign_in(accounts)).status_code == 200
        assert too_many(await sign_in(accounts)) == 10
        assert await accounts.database.read(count("users")) == 12


async def test_64_sign_ins_at_once_make_exactly_ten_users(tmp_path: Path) -> None:
    """The others leave nothing behind."""
    async with limited(tmp_path, address_sign_ins=LIMITS["ADDRESS_SIGN_INS"]) as accounts:
        answers = await asyncio.gather(*(sign_in(accounts) for _ in range(64)))
        assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 54
        for table, rows in (("users", 10), ("sessions", 10), ("grants", 10), ("counted", 10)):
            assert await accounts.database.read(count(table)) == rows
        assert await accounts.database.read(verify()) == []


async def test_a_network_of_64_bits_is_one_address(tmp_path: Path) -> None:
    """Who has one has more addresses than anybody can count."""
    async with limited(tmp_path, address_sign_ins=2) as accounts:
        for last in ("1", "2"):
            assert (await sign_in(accounts, f"2001:db8:1:2::{last}")).status_code == 200
        assert too_many(await sign_in(accounts, "2001:db8:1:2:ffff::3")) == 600
        assert (await sign_in(accounts, "2001:db8:1:3::3")).status_code == 200


async def test_all_paywalls_count_together(tmp_path: Path) -> None:
    """Rows that stay for ever are the same on each."""
    async with limited(tmp_path, address_sign_ins=2) as accounts:
        assert (await sign_in(accounts)).status_code == 200
        assert (await sign_in(accounts, paywall_id="pw_two")).status_code == 200
        too_many(await sign_in(accounts))


async def test_a_refresh_is_not_counted(tmp_path: Path) -> None:
    """Who stays signed in costs nothing and is never sent away."""
    async with limited(tmp_path, address_sign_ins=1) as accounts:
        body = (await sign_in(accounts)).json()
        token = body["refresh_token"]
        for _ in range(20):
            accounts.clock.move(seconds=15)
            answer = await accounts.post(
                "auth/refresh",
                {"refresh_token": token},
                headers={"x-forwarded-for": "198.51.100.1"},
            )
            assert answer.status_code == 200
            token = answer.json()["refresh_token"]
        too_many(await sign_in(accounts))


async def test_a_sign_in_that_is_refused_or_fails_is_not_counted(tmp_path: Path) -> None:
    """Neither by a limit, nor for its form, nor by the store."""
    async with limited(tmp_path, address_sign_ins=1) as accounts:
        await accounts.database.write(create_paywall(Paywall("pw_off", tokenization=False), 0))
        assert (await sign_in(accounts, paywall_id="pw_none")).status_code == 404
        assert (await sign_in(accounts, paywall_id="pw_off")).status_code == 403
        await accounts.database.write(rename("refresh_tokens", "away"))
        assert (await sign_in(accounts)).status_code == 503
        await accounts.database.write(rename("away", "refresh_tokens"))
        assert (await sign_in(accounts)).status_code == 200
        assert [too_many(await sign_in(accounts)) for _ in range(3)] == [600] * 3
        accounts.clock.move(seconds=600)
        assert (await sign_in(accounts)).status_code == 200


def rename(table: str, name: str) -> Script[None]:
    """Take a table away, or put it back."""
    yield Statement(f"alter table {table} rename to {name}")


async def test_refusals_come_in_their_order(tmp_path: Path) -> None:
    """Form, origin, paywall, and the limit after them."""
    async with limited(tmp_path, address_sign_ins=1) as accounts:
        assert (await sign_in(accounts)).status_code == 200
        await accounts.database.write(
            store_paywall(Paywall("pw_one", origins=("https://app.example",)))
        )
        accounts.clock.move(seconds=3)  # what is remembered of the paywall is over
        headers = {"x-forwarded-for": "198.51.100.1", "origin": "https://evil.example"}
        seen = []
        for fixed in ({"x-paywall-id": "pw_two"}, {}, {"origin": "https://app.example"}):
            answer = await accounts.post("auth/anonymous/signin", headers={**headers, **fixed})
            seen.append(refused(answer).code)
        assert seen == ["paywall_mismatch", "origin_not_allowed", "rate_limited"]


async def test_five_trials_a_day_and_the_sixth_account_has_none(tmp_path: Path) -> None:
    """It is made all the same, and the answer says whose share is used up."""
    async with limited(tmp_path, address_trials=LIMITS["ADDRESS_TRIALS"]) as accounts:
        for _ in range(5):
            assert await trial(accounts) == (GRANTED, 20)
        assert await trial(accounts) == ({"granted": False, "reason": "address"}, 0)
        assert await trial(accounts, "198.51.100.2") == (GRANTED, 20)
        accounts.clock.move(days=1, ms=-1)
        assert await trial(accounts) == ({"granted": False, "reason": "address"}, 0)
        accounts.clock.move(ms=1)
        assert await trial(accounts) == (GRANTED, 20)
        assert await accounts.database.read(verify()) == []


async def test_a_thousand_trial_credits_a_day_and_not_one_more(tmp_path: Path) -> None:
    """Fifty trials of 20 credits, from as many addresses; each paywall has its own thousand."""
    most = LIMITS["PAYWALL_TRIAL_CREDITS"]
    async with limited(tmp_path, paywall_trial_credits=most) as accounts:
        for number in range(50):
            assert await trial(accounts, f"198.51.100.{number}") == (GRANTED, 20)
        assert await trial(accounts) == ({"granted": False, "reason": "paywall"}, 0)
        assert await trial(accounts, paywall_id="pw_two") == (GRANTED, 3)
        accounts.clock.move(days=1, ms=-1)
        assert await trial(accounts) == ({"granted": False, "reason": "paywall"}, 0)
        accounts.clock.move(ms=1)
        assert await trial(accounts) == (GRANTED, 20)


async def test_a_trial_is_given_whole_or_not_at_all(tmp_path: Path) -> None:
    """The credits of all query types are one sum; what is left goes to whom it is enough for."""
    async with limited(tmp_path, paywall_trial_credits=25) as accounts:
        types = {"standard": 7, "advanced": 5}
        await accounts.database.write(create_paywall(Paywall("pw_two_types", query_types=types), 0))
        for _ in range(2):
            assert await trial(accounts, paywall_id="pw_two_types") == (GRANTED, 12)
        none_left = ({"granted": False, "reason": "paywall"}, 0)
        assert await trial(accounts, paywall_id="pw_two_types") == none_left
        assert await trial(accounts) == (GRANTED, 20)
        assert await trial(accounts) == none_left


async def test_who_gets_nothing_takes_nothing_from_others(tmp_path: Path) -> None:
    """An address without a trial left costs the paywall none, and the other way round."""
    async with limited(tmp_path, address_trials=1, paywall_trial_credits=40) as accounts:
        assert await trial(accounts, "198.51.100.1") == (GRANTED, 20)
        for _ in range(5):
            assert (await trial(accounts, "198.51.100.1"))[0]["reason"] == "address"
        assert await trial(accounts, "198.51.100.2") == (GRANTED, 20)
        for _ in range(5):
            assert (await trial(accounts, "198.51.100.3"))[0]["reason"] == "paywall"
        assert await trial(accounts, "198.51.100.3", "pw_two") == (GRANTED, 3)


async def test_trials_are_exact_when_many_come_at_once(tmp_path: Path) -> None:
    """24 from one address, then 24 from as many: what is given is what is allowed.

    On PostgreSQL they take turns, and who would wait for more than a few seconds is refused.
    """
    async with limited(tmp_path, address_trials=5, paywall_trial_credits=400) as accounts:
        given = await asyncio.gather(*(trial(accounts) for _ in range(24)))
        assert sum(credits for _, credits in given) == 100
        assert sum(said == GRANTED for said, _ in given) == 5
        given = await asyncio.gather(*(trial(accounts, f"203.0.113.{n}") for n in range(24)))
        assert sum(credits for _, credits in given) == 300
        assert sum(said == {"granted": False, "reason": "paywall"} for said, _ in given) == 9
        assert await accounts.database.read(verify()) == []


async def test_a_paywall_without_trials_withholds_none(tmp_path: Path) -> None:
    """There is nothing to say and nothing to count."""
    async with limited(tmp_path, address_trials=1, paywall_trial_credits=1) as accounts:
        await accounts.database.write(
            create_paywall(Paywall("pw_none_given", query_types={"standard": 0}), 0)
        )
        for _ in range(3):
            assert await trial(accounts, paywall_id="pw_none_given") == (GRANTED, 0)
        assert await accounts.database.read(count("counted")) == 0


async def test_the_demo_spares_this_machine_but_not_the_paywall(tmp_path: Path) -> None:
    """Per-address limits are lifted on loopback; the credits of a day are what they are."""
    limits = Limits(address_sign_ins=1, address_trials=1, paywall_trial_credits=60)
    demo = Addresses(spare_loopback=True)
    async with open_accounts(tmp_path, limits=limits, addresses=demo) as accounts:
        for _ in range(3):
            body = await accounts.sign_in()
            assert body["trial"] == GRANTED
        assert (await accounts.sign_in())["trial"] == {"granted": False, "reason": "paywall"}
        forwarded = [await sign_in(accounts) for _ in range(2)]
        assert [answer.status_code for answer in forwarded] == [200, 429]


async def test_nothing_of_an_address_is_stored_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is counted as an HMAC under a key of the server; a hash alone could be looked up."""
    caplog.set_level(logging.DEBUG)
    async with limited(
        tmp_path, address_sign_ins=2, address_trials=1, paywall_trial_credits=20
    ) as accounts:
        for _ in range(3):
            await sign_in(accounts, "198.51.100.77")
        rows = await accounts.database.read(subjects())
        files = everything_stored(tmp_path)
    assert {name: len(subject) for name, subject in rows} == {
        "ADDRESS_SIGN_INS": 64,
        "ADDRESS_TRIALS": 64,
        "PAYWALL_TRIAL_CREDITS": len("pw_one"),
    }
    assert b"198.51.100.77" not in files
    assert "198.51.100.77" not in caplog.text


def subjects() -> Script[list[tuple[str, str]]]:
    """Read whom something was counted for."""
    rows = yield Statement("select limit_name, subject from counted")
    return [(name, subject) for name, subject in rows]
