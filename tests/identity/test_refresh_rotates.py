"""Refresh tokens rotate, repeat for whoever lost an answer, and give a thief away."""

import asyncio
import itertools

from tests.support.accounts import API, Accounts
from tests.support.refusals import refused
from tollbridge.gateway.database import Statement
from tollbridge.gateway.database.script import Rows, Script


def everything_stored() -> Script[str]:
    """Read all that is kept about sessions, as text."""
    tokens: Rows = yield Statement("select * from refresh_tokens")
    sessions: Rows = yield Statement("select * from sessions")
    return repr(tokens) + repr(sessions)


async def follow(accounts: Accounts, token: str, steps: int) -> list[str]:
    """Refresh again and again; returns all tokens of the line, the first included."""
    line = [token]
    for _ in range(steps):
        line.append((await accounts.refresh(line[-1])).json()["refresh_token"])
    return line


async def test_a_refresh_gives_new_tokens_and_no_user(accounts: Accounts) -> None:
    """The body is the published contract's; the new access token works."""
    before = await accounts.sign_in()
    accounts.clock.move(seconds=600)
    after = (await accounts.refresh(before["refresh_token"])).json()
    assert set(after) == {
        *("access_token", "refresh_token", "expires_in", "expires_at", "token_type")
    }
    assert after["refresh_token"] != before["refresh_token"]
    assert after["expires_at"] == before["expires_at"] + 600
    assert (await accounts.balances(after["access_token"])).status_code == 200


async def test_twenty_refreshes_at_once_agree(accounts: Accounts) -> None:
    """Parallel refreshes of one token give one successor, and it works."""
    token = (await accounts.sign_in())["refresh_token"]
    answers = await asyncio.gather(*(accounts.refresh(token) for _ in range(20)))
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert (await accounts.refresh(successors.pop())).status_code == 200


async def test_a_lost_answer_can_be_asked_for_again(accounts: Accounts) -> None:
    """Days later the unused successor comes again."""
    token = (await accounts.sign_in())["refresh_token"]
    first = (await accounts.refresh(token)).json()["refresh_token"]
    accounts.clock.move(days=3)
    assert (await accounts.refresh(token)).json()["refresh_token"] == first


async def test_the_parent_has_ten_seconds_after_its_successor_was_used(
    accounts: Accounts,
) -> None:
    """Within them a second tab gets the same successor, which still leads on; later not."""
    line = await follow(accounts, (await accounts.sign_in())["refresh_token"], 2)
    accounts.clock.move(seconds=10)
    again = await accounts.refresh(line[0])
    assert again.json()["refresh_token"] == line[1]
    assert (await accounts.refresh(line[1])).json()["refresh_token"] == line[2]
    accounts.clock.move(ms=1)
    assert refused(await accounts.refresh(line[0])) == (401, "invalid_token")


async def test_an_old_token_ends_the_session(accounts: Accounts) -> None:
    """Two parties hold it, so neither keeps it: refresh and access tokens are worth nothing."""
    body = await accounts.sign_in()
    line = await follow(accounts, body["refresh_token"], 3)
    access = body["access_token"]
    assert (await accounts.balances(access)).status_code == 200
    assert refused(await accounts.refresh(line[0])) == (401, "invalid_token")
    assert refused(await accounts.refresh(line[-1])) == (401, "invalid_token")
    assert refused(await accounts.balances(access)) == (401, "invalid_token")


async def test_an_unknown_token_ends_nothing(accounts: Accounts) -> None:
    """Whoever makes one up cannot sign anybody out."""
    token = (await accounts.sign_in())["refresh_token"]
    for made_up in ("rt_" + "x" * 43, token[:-1], token + "x", "x", "\U0001f600"):
        assert refused(await accounts.refresh(made_up)) == (401, "invalid_token")
    assert (await accounts.refresh(token)).status_code == 200


async def test_an_access_token_refreshes_nothing(accounts: Accounts) -> None:
    """It is too long to be one, and would be unknown anyway."""
    access = (await accounts.sign_in())["access_token"]
    assert refused(await accounts.refresh(access)).status in (400, 401)


async def test_another_paywalls_token_is_left_alone(accounts: Accounts) -> None:
    """It is refused and not used up."""
    token = (await accounts.sign_in("pw_two"))["refresh_token"]
    assert refused(await accounts.refresh(token)) == (400, "paywall_mismatch")
    answer = await accounts.client.post(f"{API}/pw_two/auth/refresh", json={"refresh_token": token})
    assert answer.status_code == 200


async def test_thirty_days_without_a_refresh_end_a_session(accounts: Accounts) -> None:
    """The contract's limit: 30 days are allowed, a moment more is not."""
    token = (await accounts.sign_in())["refresh_token"]
    accounts.clock.move(days=30)
    token = (await accounts.refresh(token)).json()["refresh_token"]
    accounts.clock.move(days=30, ms=1)
    assert refused(await accounts.refresh(token)) == (401, "invalid_token")


async def test_a_year_is_the_end_however_often_it_was_refreshed(accounts: Accounts) -> None:
    """Rotation never moves it, and the last access token does not outlive it."""
    token = (await accounts.sign_in())["refresh_token"]
    for _ in range(14):
        accounts.clock.move(days=26)
        token = (await accounts.refresh(token)).json()["refresh_token"]
    accounts.clock.move(seconds=86_400 - 60)
    last = (await accounts.refresh(token)).json()
    assert last["expires_in"] == 60
    accounts.clock.move(seconds=60)
    assert refused(await accounts.refresh(last["refresh_token"])) == (401, "invalid_token")
    assert refused(await accounts.balances(last["access_token"])) == (401, "invalid_token")


async def test_no_token_is_stored(accounts: Accounts) -> None:
    """Whoever reads the database can sign in as nobody."""
    line = await follow(accounts, (await accounts.sign_in())["refresh_token"], 3)
    stored = await accounts.database.read(everything_stored())
    for token, part in itertools.product(line, (slice(None), slice(3, 23), slice(-20, None))):
        assert token[part] not in stored
