"""A user reads what is left."""

import pytest

from tests.support.accounts import OTHER, Accounts
from tollbridge.gateway.ledger import GrantOrder, grant
from tollbridge.gateway.paywalls import Paywall, store_paywall
from tollbridge.gateway.providers.queries import set_enabled


async def test_every_query_type_is_listed(accounts: Accounts) -> None:
    """Also one that the user never had, and one that was added a moment ago."""
    token = (await accounts.sign_in())["access_token"]
    await accounts.database.write(store_paywall(Paywall("pw_one", query_types={"brand-new": 7})))
    accounts.clock.move(seconds=2)
    rows = (await accounts.balances(token)).json()["balances"]
    assert [(row["type"], row["count"]) for row in rows] == [
        ("advanced", 0),
        ("brand-new", 0),
        ("standard", 20),
    ]


async def test_without_a_provider_there_is_nothing(accounts: Accounts) -> None:
    """The list is empty, but the credits are kept: an owner may add a provider tomorrow."""
    token = (await accounts.sign_in(OTHER.paywall_id))["access_token"]
    answer = (await accounts.balances(token, OTHER.paywall_id)).json()
    assert answer == {"balances": [], "tokenization": True}


async def test_without_tokenization_there_is_nothing(accounts: Accounts) -> None:
    """Switched off, the list is empty; switched on again, the credits are there."""
    token = (await accounts.sign_in())["access_token"]
    for tokenization, listed in ((False, 0), (True, 2)):
        await accounts.database.write(store_paywall(Paywall("pw_one", tokenization=tokenization)))
        accounts.clock.move(seconds=2)
        answer = (await accounts.balances(token)).json()
        assert answer["tokenization"] is tokenization
        assert len(answer["balances"]) == listed


async def test_a_disabled_provider_still_counts_as_one(accounts: Accounts) -> None:
    """Only its calls are refused."""
    token = (await accounts.sign_in())["access_token"]
    await accounts.database.write(set_enabled("prov_one", enabled=False))
    assert len((await accounts.balances(token)).json()["balances"]) == 2


@pytest.mark.parametrize(("ms", "count"), [(59_999, 25), (60_000, 20)])
async def test_what_has_expired_is_not_shown(accounts: Accounts, ms: int, count: int) -> None:
    """To the millisecond, and "of how many" follows."""
    body = await accounts.sign_in()
    now = accounts.clock.now_ms()
    order = GrantOrder(body["user"]["id"], "standard", 5, "test:5", expires_at=now + 60_000)
    await accounts.database.write(grant(order, now))
    accounts.clock.move(ms=ms)
    row = (await accounts.balances(body["access_token"])).json()["balances"][1]
    assert (row["count"], row["granted"]) == (count, count)
