"""The clock steps back, as a machine's does that is set right: nobody is signed out by it."""

from tests.support.accounts import Accounts

HOUR_S = 3600


async def test_a_session_outlives_a_step_back(accounts: Accounts) -> None:
    """Its tokens were made in what is the future now; they are good, and so is what they become."""
    tokens = await accounts.sign_in()
    accounts.clock.move(seconds=-HOUR_S)
    assert (await accounts.balances(tokens["access_token"])).status_code == 200
    for _ in range(3):
        answer = await accounts.refresh(tokens["refresh_token"])
        assert answer.status_code == 200
        tokens = answer.json()
        assert (await accounts.balances(tokens["access_token"])).status_code == 200
        accounts.clock.move(seconds=-HOUR_S)
    assert (await accounts.balances(tokens["access_token"])).status_code == 200


async def test_a_session_that_was_seen_to_be_over_does_not_begin_again(accounts: Accounts) -> None:
    """Whoever signed out does not find himself signed in an hour earlier."""
    tokens = await accounts.sign_in()
    path = "/api/v1/paywall/pw_one/auth/signout"
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert (await accounts.client.post(path, headers=headers)).status_code < 300
    accounts.clock.move(seconds=-HOUR_S)
    assert (await accounts.balances(tokens["access_token"])).status_code == 401
    assert (await accounts.refresh(tokens["refresh_token"])).status_code == 401
