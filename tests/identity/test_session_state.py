"""What is remembered about sessions: shortly, and never that a dead one lives."""

import asyncio

from tests.support.accounts import Accounts
from tollbridge.gateway.identity.session_state import SessionState


async def session_of(accounts: Accounts) -> str:
    """Sign somebody in and return the session's id."""
    token = (await accounts.sign_in())["access_token"]
    return (await accounts.identities.authenticate(f"Bearer {token}", "pw_one")).session_id


async def test_a_session_that_ends_while_it_is_read_is_over(accounts: Accounts) -> None:
    """An answer that was true when the read began does not bring it back."""
    session_id = await session_of(accounts)
    state = SessionState(accounts.database, accounts.clock)
    asking = asyncio.create_task(state.is_alive(session_id))
    await asyncio.sleep(0)  # the read is on its way; its answer cannot be here before we go on
    state.end(session_id)
    assert await asking is False
    accounts.clock.move(days=1)
    assert await state.is_alive(session_id) is False


async def test_a_session_nobody_has_begun_is_not_alive(accounts: Accounts) -> None:
    """An id alone is worth nothing."""
    state = SessionState(accounts.database, accounts.clock)
    assert await state.is_alive("sess_none") is False


async def test_many_ended_sessions_are_not_remembered_for_ever(accounts: Accounts) -> None:
    """Beyond the limit the oldest is asked for again, and the store still knows it."""
    session_id = await session_of(accounts)
    state = SessionState(accounts.database, accounts.clock, ended_max=2)
    state.end(session_id)
    assert await state.is_alive(session_id) is False
    for number in range(2):
        state.end(f"sess_{number}")
    assert await state.is_alive(session_id) is True
