"""The pages of one origin give away so many trial credits a day, on each paywall (W-M8)."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.identity.test_sign_in_limits import GRANTED, limited, sign_in, subjects, trial
from tests.support.accounts import PAYWALL, Accounts
from tests.support.stored import everything_stored
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.paywalls import store_paywall
from tollbridge.gateway.settings import LIMITS, read_settings

pytestmark = pytest.mark.usefixtures("store")

A, B = "https://a.example", "https://b.example"
NONE_LEFT = ({"granted": False, "reason": "origin"}, 0)


async def of_origin(accounts: Accounts, origin: str | None, paywall_id: str = "pw_one") -> object:
    """Sign in on a page of an origin, from an address of one's own."""
    return await trial(accounts, "198.51.100.1", paywall_id, origin)


async def test_a_thousand_trial_credits_of_an_origin_and_not_one_more(tmp_path: Path) -> None:
    """Fifty trials of 20 credits, for a day; other origins and other paywalls have their own."""
    most = LIMITS["ORIGIN_TRIAL_CREDITS"]
    async with limited(tmp_path, origin_trial_credits=most) as accounts:
        for _ in range(50):
            assert await of_origin(accounts, A) == (GRANTED, 20)
        assert await of_origin(accounts, A) == NONE_LEFT
        assert await of_origin(accounts, B) == (GRANTED, 20)
        assert await of_origin(accounts, A, "pw_two") == (GRANTED, 3)
        accounts.clock.move(days=1, ms=-1)
        assert await of_origin(accounts, A) == NONE_LEFT
        accounts.clock.move(ms=1)
        assert await of_origin(accounts, A) == (GRANTED, 20)
        assert await accounts.database.read(verify()) == []


async def test_who_names_no_origin_is_one_more(tmp_path: Path) -> None:
    """A server or a script; an empty header names none either, and `null` is one that is named."""
    async with limited(tmp_path, origin_trial_credits=20) as accounts:
        assert await of_origin(accounts, None) == (GRANTED, 20)
        for origin in (None, ""):
            assert await of_origin(accounts, origin) == NONE_LEFT
        assert await of_origin(accounts, "null") == (GRANTED, 20)
        assert await of_origin(accounts, "null") == NONE_LEFT
        assert await of_origin(accounts, A) == (GRANTED, 20)


async def test_an_origin_is_one_in_any_spelling_that_the_list_lets_in(tmp_path: Path) -> None:
    """The list is compared in lower case, and so it is counted."""
    async with limited(tmp_path, origin_trial_credits=20) as accounts:
        await accounts.database.write(store_paywall(replace(PAYWALL, origins=(A, B))))
        assert await of_origin(accounts, A) == (GRANTED, 20)
        assert await of_origin(accounts, A.upper()) == NONE_LEFT
        answer = await sign_in(accounts, origin=A + "/")
        assert answer.json()["error"] == "origin_not_allowed"


@pytest.mark.parametrize("of_gateway", [None, 20])
async def test_a_paywall_has_its_own_limit(tmp_path: Path, of_gateway: int | None) -> None:
    """Whatever the gateway's is, be it lifted: each partner's site gets its share."""
    async with limited(tmp_path, origin_trial_credits=of_gateway) as accounts:
        await accounts.database.write(store_paywall(replace(PAYWALL, origin_trial_credits=40)))
        for origin in (A, B):
            for _ in range(2):
                assert await of_origin(accounts, origin) == (GRANTED, 20)
            assert await of_origin(accounts, origin) == NONE_LEFT
        assert await of_origin(accounts, A, "pw_two") == (GRANTED, 3)


async def test_of_two_limits_the_paywalls_is_named(tmp_path: Path) -> None:
    """What an origin has left is worth nothing then; and who gets nothing takes nothing."""
    limits = {"origin_trial_credits": 40, "paywall_trial_credits": 60}
    async with limited(tmp_path, **limits) as accounts:
        for _ in range(2):
            assert await of_origin(accounts, A) == (GRANTED, 20)
        for _ in range(3):
            assert await of_origin(accounts, A) == NONE_LEFT
        assert await of_origin(accounts, B) == (GRANTED, 20)
        for origin in (A, B):
            given = await of_origin(accounts, origin)
            assert given == ({"granted": False, "reason": "paywall"}, 0)


async def test_a_copied_id_leaves_the_other_pages_theirs(tmp_path: Path) -> None:
    """A stranger's site with visitors from everywhere, all at once, gets one origin's share."""
    limits = {"origin_trial_credits": 100, "paywall_trial_credits": 1000}
    async with limited(tmp_path, **limits) as accounts:
        farm = "https://copied.example"
        given = await asyncio.gather(
            *(trial(accounts, f"203.0.113.{number}", origin=farm) for number in range(24))
        )
        assert sum(credits for _, credits in given) == 100
        assert sum(said == NONE_LEFT[0] for said, _ in given) == 19
        assert await of_origin(accounts, A) == (GRANTED, 20)
        assert await accounts.database.read(verify()) == []


async def test_whatever_a_header_holds_it_is_counted(tmp_path: Path) -> None:
    """However long, in any letters: what is stored has one length and says nothing."""
    async with limited(tmp_path, origin_trial_credits=20) as accounts:
        for origin in ("https://" + "x" * 6000, "https://b\xfccher.example", "'; drop table x"):
            assert await of_origin(accounts, origin) == (GRANTED, 20)
            assert await of_origin(accounts, origin) == NONE_LEFT
        rows = await accounts.database.read(subjects())
        files = everything_stored(tmp_path)
    assert {(name, len(subject)) for name, subject in rows} == {
        ("ORIGIN_TRIAL_CREDITS", len("pw_one ") + 64)
    }
    assert b"cher.example" not in files


async def test_the_operator_is_told_which_site_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In a line with the paywall, the setting, and as much of the origin as is one."""
    async with limited(tmp_path, origin_trial_credits=20) as accounts:
        for origin in (A, "https://" + "x" * 6000):
            await of_origin(accounts, origin)
            await of_origin(accounts, origin)
    assert "pw_one: the pages of one origin have given" in caplog.text
    assert "(TOLLBRIDGE_LIMIT_ORIGIN_TRIAL_CREDITS): 'https://a.example'" in caplog.text
    assert "x" * 201 not in caplog.text


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize(
    ("given", "paywall", "origin"),
    [
        ({}, 1000, 1000),
        ({"PAYWALL_TRIAL_CREDITS": "5000"}, 5000, 5000),
        ({"PAYWALL_TRIAL_CREDITS": "off"}, None, None),
        ({"PAYWALL_TRIAL_CREDITS": "off", "ORIGIN_TRIAL_CREDITS": "300"}, None, 300),
        ({"ORIGIN_TRIAL_CREDITS": "300"}, 1000, 300),
        ({"ORIGIN_TRIAL_CREDITS": "off"}, 1000, None),
    ],
)
def test_unless_it_is_set_an_origin_may_give_what_its_paywall_may(
    given: dict[str, str], paywall: int | None, origin: int | None
) -> None:
    """Most paywalls have one site."""
    limits = read_settings({f"TOLLBRIDGE_LIMIT_{name}": value for name, value in given.items()})
    assert limits.limits.paywall_trial_credits == paywall
    assert limits.limits.origin_trial_credits == origin
