"""Refresh tokens are recognised for a month after their end, and then forgotten."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.accounts import Accounts
from tests.support.clock import FakeClock
from tests.support.refusals import refused
from tests.support.world import open_world
from tollbridge.gateway.database import Script, Statement, StoreUnavailable
from tollbridge.gateway.identity.sessions import IDLE_MS, LIFETIME_MS, Life, ended_before
from tollbridge.gateway.identity.upkeep import DELETED_ROWS, forget_old_tokens, keep_sessions

pytestmark = pytest.mark.usefixtures("store")

NOW = 1_800_000_000_000
DAY_MS = 86_400_000


def read(sql: str) -> Script[list[tuple[Any, ...]]]:
    """Read rows."""
    return (yield Statement(sql))


async def tokens(accounts: Accounts) -> int:
    """Return how many refresh tokens are stored."""
    rows = await accounts.database.read(read("select count(*) from refresh_tokens"))
    return int(rows[0][0])


async def forget(accounts: Accounts) -> None:
    """Have the day's look taken."""
    await forget_old_tokens(accounts.database, accounts.clock, pause_s=0)


@pytest.mark.parametrize(
    ("life", "ended"),
    [
        (Life(NOW, NOW + LIFETIME_MS, None), False),
        (Life(NOW - IDLE_MS, NOW + 1, None), False),
        (Life(NOW - IDLE_MS - 1, NOW + 1, None), True),
        (Life(NOW, NOW, None), True),
        (Life(NOW, NOW + 1, NOW), False),
        (Life(NOW, NOW + 1, NOW - 1), True),
    ],
)
def test_when_a_session_was_over(life: Life, ended: bool) -> None:
    """Revoked, idle for too long, or at its end."""
    assert ended_before(life, NOW) is ended


async def test_a_session_that_lives_keeps_every_token_of_a_month(accounts: Accounts) -> None:
    """An old one that comes back gives a thief away, to the last day of it."""
    token = first = (await accounts.sign_in())["refresh_token"]
    for _ in range(29):
        token = (await accounts.refresh(token)).json()["refresh_token"]
        accounts.clock.move(days=1)
    await forget(accounts)
    assert await tokens(accounts) == 30
    assert refused(await accounts.refresh(first)) == (401, "invalid_token")
    assert refused(await accounts.refresh(token)) == (401, "invalid_token")


async def test_a_session_that_lives_long_sheds_its_oldest_tokens(accounts: Accounts) -> None:
    """By rotating; the newest is good all the same, a forgotten one is merely unknown."""
    token = first = (await accounts.sign_in())["refresh_token"]
    for _ in range(100):
        token = (await accounts.refresh(token)).json()["refresh_token"]
        accounts.clock.move(days=1)
    await forget(accounts)
    assert await tokens(accounts) == 32
    assert refused(await accounts.refresh(first)) == (401, "invalid_token")
    assert (await accounts.refresh(token)).status_code == 200


async def test_many_tokens_of_a_busy_time_go_two_by_two(accounts: Accounts) -> None:
    """However many there are, a rotation deletes no more than that."""
    token = (await accounts.sign_in())["refresh_token"]
    for _ in range(9):
        token = (await accounts.refresh(token)).json()["refresh_token"]
    for left in (11, 12, 11, 10):
        accounts.clock.move(days=15)
        token = (await accounts.refresh(token)).json()["refresh_token"]
        assert await tokens(accounts) == left


@pytest.mark.parametrize("how", ["signed out", "idle"])
async def test_a_session_that_is_over_is_forgotten_after_a_month(
    accounts: Accounts, how: str
) -> None:
    """Not before; and nobody else's tokens go with it."""
    ended = await accounts.sign_in()
    token = (await accounts.refresh(ended["refresh_token"])).json()["refresh_token"]
    days = 30
    if how == "signed out":
        headers = {"authorization": f"Bearer {ended['access_token']}"}
        assert (await accounts.post("auth/signout", headers=headers)).status_code == 200
    else:
        days += 30  # until it was over
    accounts.clock.move(days=days)
    await accounts.sign_in()
    await forget(accounts)
    assert await tokens(accounts) == 3
    accounts.clock.move(ms=1)
    await forget(accounts)
    assert await tokens(accounts) == 1
    assert refused(await accounts.refresh(token)) == (401, "invalid_token")


async def test_a_long_line_is_deleted_in_portions(accounts: Accounts) -> None:
    """And all of it, also where it fills its portions to the last."""
    signed_in = await accounts.sign_in()
    rows = await accounts.database.read(read("select session_id from sessions"))

    def add() -> Script[None]:
        for number in range(1, 2 * DELETED_ROWS):
            yield Statement(
                "insert into refresh_tokens (token_hash, session_id, generation, used_at)"
                " values ($1, $2, $3, $4)",
                (b"%d" % number, rows[0][0], number, accounts.clock.now_ms()),
            )

    await accounts.database.write(add())
    assert await tokens(accounts) == 2 * DELETED_ROWS
    accounts.clock.move(days=61)
    await forget(accounts)
    assert await tokens(accounts) == 0
    assert refused(await accounts.refresh(signed_in["refresh_token"])) == (401, "invalid_token")


async def test_a_gateway_looks_by_itself(tmp_path: Path) -> None:
    """At its start already."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock) as world:
        await world.sign_in()
    clock.move(days=61)
    async with open_world(tmp_path, clock=clock) as world:
        while await world.gateway.database.read(read("select 1 from refresh_tokens")):
            pass


async def test_a_store_that_fails_is_asked_again(
    accounts: Accounts, caplog: pytest.LogCaptureFixture
) -> None:
    """What does not work today works tomorrow; nobody's sign-in depends on it."""
    await accounts.database.close()
    with pytest.raises(StoreUnavailable):
        await forget(accounts)
    async with keep_sessions(accounts.database, accounts.clock, look_s=0.001):
        while caplog.text.count("not tidied yet") < 2:  # noqa: ASYNC110 - the log tells nobody
            await asyncio.sleep(0)
