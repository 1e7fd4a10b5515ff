"""Sessions end when their user says so, and at once."""

from pathlib import Path

import pytest

from tests.support.accounts import Accounts, open_accounts
from tests.support.refusals import refused
from tests.support.stores import open_store
from tollbridge.gateway.database import Statement
from tollbridge.gateway.database.script import Script
from tollbridge.gateway.identity import scripts, sessions
from tollbridge.gateway.identity.queries import find_user, revoke_session

pytestmark = pytest.mark.usefixtures("store")


def bearer(body: dict[str, str]) -> dict[str, str]:
    """Return the header of a signed-in user."""
    return {"authorization": f"Bearer {body['access_token']}"}


def only_session() -> Script[str]:
    """Read the id of the only session."""
    rows = yield Statement("select session_id from sessions")
    ((session_id,),) = rows
    return str(session_id)


async def second_session(accounts: Accounts, body: dict[str, object]) -> dict[str, str]:
    """Sign the same user in once more."""
    user_id = body["user"]["id"]  # type: ignore[index]
    user = await accounts.database.read(find_user("pw_one", user_id))
    assert user is not None
    token = sessions.new_refresh_token()
    token_hash = sessions.hash_refresh_token(token)
    await accounts.database.write(scripts.begin_session(user, token_hash, accounts.clock.now_ms()))
    answer: dict[str, str] = (await accounts.refresh(token)).json()
    return answer


async def test_signing_out_ends_this_session_at_once(accounts: Accounts) -> None:
    """Access and refresh token are worth nothing from the next request on."""
    body = await accounts.sign_in()
    assert (await accounts.balances(body["access_token"])).status_code == 200
    answer = await accounts.post("auth/signout", headers=bearer(body))
    assert answer.json() == {"ok": True}
    assert refused(await accounts.balances(body["access_token"])) == (401, "invalid_token")
    assert refused(await accounts.refresh(body["refresh_token"])) == (401, "invalid_token")


async def test_signing_out_leaves_other_sessions_alone(accounts: Accounts) -> None:
    """Another device of the same user goes on."""
    body = await accounts.sign_in()
    other = await second_session(accounts, body)
    await accounts.post("auth/signout", headers=bearer(body))
    assert (await accounts.balances(other["access_token"])).status_code == 200


async def test_revoke_all_ends_every_session_of_the_user(accounts: Accounts) -> None:
    """Every device of this user, and nobody else's."""
    body, stranger = await accounts.sign_in(), await accounts.sign_in()
    other = await second_session(accounts, body)
    assert (await accounts.balances(other["access_token"])).status_code == 200
    answer = await accounts.post("auth/revoke-all", headers=bearer(body))
    assert answer.json() == {"ok": True}
    for ended in (body, other):
        assert refused(await accounts.balances(ended["access_token"])) == (401, "invalid_token")
        assert refused(await accounts.refresh(ended["refresh_token"])) == (401, "invalid_token")
    assert (await accounts.balances(stranger["access_token"])).status_code == 200


@pytest.mark.parametrize("path", ["auth/signout", "auth/revoke-all"])
async def test_signing_out_needs_a_token(accounts: Accounts, path: str) -> None:
    """The user is taken from the Bearer and from nowhere else."""
    body = await accounts.sign_in()
    headers = {"x-user-id": body["user"]["id"]}
    answer = await accounts.post(path, {"user_id": body["user"]["id"]}, headers=headers)
    assert refused(answer) == (401, "invalid_token")
    assert (await accounts.balances(body["access_token"])).status_code == 200


async def test_what_another_process_ends_is_over_within_two_seconds(tmp_path: Path) -> None:
    """A session revoked elsewhere is remembered as alive for less than two seconds."""
    async with open_accounts(tmp_path) as accounts:
        body = await accounts.sign_in()
        assert (await accounts.balances(body["access_token"])).status_code == 200
        elsewhere = await open_store(tmp_path)
        session_id = await elsewhere.read(only_session())
        await elsewhere.write(revoke_session(session_id, accounts.clock.now_ms()))
        await elsewhere.close()
        accounts.clock.move(ms=1_999)
        assert (await accounts.balances(body["access_token"])).status_code == 200
        accounts.clock.move(ms=1)
        assert refused(await accounts.balances(body["access_token"])) == (401, "invalid_token")
        accounts.clock.move(days=1)
        assert refused(await accounts.balances(body["access_token"])) == (401, "invalid_token")
