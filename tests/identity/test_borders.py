"""Nobody reaches into another paywall, and nothing but a token says who somebody is."""

import pytest

from tests.support.accounts import API, Accounts
from tests.support.refusals import refused
from tollbridge.gateway.paywalls import Paywall, store_paywall

WITH_BEARER = [("GET", "balances"), ("POST", "auth/signout"), ("POST", "auth/revoke-all")]


@pytest.mark.parametrize(("method", "path"), WITH_BEARER)
async def test_a_token_of_another_paywall_is_refused(
    accounts: Accounts, method: str, path: str
) -> None:
    """It is good, but not here; and nothing happens to its session."""
    token = (await accounts.sign_in("pw_two"))["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    answer = await accounts.client.request(method, f"{API}/pw_one/{path}", headers=headers)
    assert refused(answer) == (400, "paywall_mismatch")
    assert (await accounts.balances(token, "pw_two")).status_code == 200


@pytest.mark.parametrize(("method", "path"), WITH_BEARER)
async def test_refusals_come_in_their_order(accounts: Accounts, method: str, path: str) -> None:
    """Form before origin, origin before token, token before paywall."""
    await accounts.database.write(
        store_paywall(Paywall("pw_one", origins=("https://app.example",)))
    )
    wrong = {"x-paywall-id": "pw_two", "origin": "https://evil.example"}
    seen = []
    for paywall_id in ("pw_one", "pw_none"):
        headers = dict(wrong)
        for fixed in ("x-paywall-id", "origin", None):
            url = f"{API}/{paywall_id}/{path}"
            seen.append(refused(await accounts.client.request(method, url, headers=headers)).code)
            headers.pop(fixed or "", None)
    assert seen == [
        *("paywall_mismatch", "origin_not_allowed", "invalid_token"),
        *("paywall_mismatch", "invalid_token", "invalid_token"),
    ]


async def test_headers_about_a_user_say_nothing(accounts: Accounts) -> None:
    """An e-mail address or an id beside the Bearer is not looked at, without it not enough."""
    mine, theirs = await accounts.sign_in(), await accounts.sign_in()
    about_them = {"x-user-id": theirs["user"]["id"], "x-user-email": "them@example.org"}
    url = f"{API}/pw_one/balances"
    alone = await accounts.client.get(url, headers=about_them)
    assert refused(alone) == (401, "invalid_token")
    await accounts.post(
        "auth/signout", headers={"authorization": f"Bearer {mine['access_token']}", **about_them}
    )
    assert refused(await accounts.balances(mine["access_token"])) == (401, "invalid_token")
    assert (await accounts.balances(theirs["access_token"])).status_code == 200


async def test_an_owners_key_reads_no_balances_as_a_user(accounts: Accounts) -> None:
    """Reading is the user's, with a Bearer."""
    headers = {"x-api-key": await accounts.add_key()}
    answer = await accounts.client.get(f"{API}/pw_one/balances", headers=headers)
    assert refused(answer) == (401, "invalid_token")


async def test_an_owner_acts_for_users_of_their_own_paywall(accounts: Accounts) -> None:
    """`find_for_owner` knows this paywall's users and no others."""
    user_id = await accounts.add_user()
    found = await accounts.identities.find_for_owner("pw_one", user_id)
    assert (found.user_id, found.paywall_id, found.anonymous) == (user_id, "pw_one", False)
