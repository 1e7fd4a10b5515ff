"""Tabs that share a storage, and the real gateway: one chain of refresh tokens, never a second.

On CPython alone: the gateway runs there. `tests/browser/test_two_tabs.py` has real tabs.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.everywhere.shared_storage import Shelf
from tests.support.world import PAYWALL, World, open_world
from tollbridge.gateway.database import Statement
from tollbridge.gateway.database.script import Rows, Script
from tollbridge.sdk import AuthClient
from tollbridge.sdk.transport import Request
from tollbridge.sdk.transport.http import HttpReply, HttpTransport

# An access token lasts 15 minutes, a used refresh token is forgiven for 10 seconds.
PAST_THE_END_S = 16 * 60
TABS = 5


@pytest.fixture
def clock() -> FakeClock:
    """Give the clock of gateway and tabs."""
    return FakeClock()


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """Give a gateway."""
    async with open_world(tmp_path, clock=clock) as opened:
        yield opened


class LateAnswers:
    """Carries requests; while it holds answers back, they have been given and wait here.

    Attributes:
        arrived: How many wait.
    """

    def __init__(self) -> None:
        """Hold nothing back."""
        self.arrived = asyncio.Semaphore(0)
        self._carry = HttpTransport()
        self._let_go = asyncio.Event()
        self._let_go.set()

    async def __call__(self, request: Request) -> HttpReply:
        """Send a request and return its answer, in time."""
        reply = await self._carry(request)
        self.arrived.release()
        await self._let_go.wait()
        return reply

    def hold(self) -> None:
        """Hold back every answer from now on."""
        self.arrived = asyncio.Semaphore(0)
        self._let_go.clear()

    def let_go(self) -> None:
        """Let them come."""
        self._let_go.set()

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._carry.aclose()


@pytest.fixture
async def late() -> AsyncIterator[LateAnswers]:
    """Give what carries the requests of every tab but the first."""
    carrier = LateAnswers()
    yield carrier
    await carrier.aclose()


@pytest.fixture
async def tabs(
    world: World, clock: FakeClock, late: LateAnswers
) -> AsyncIterator[list[AuthClient]]:
    """Give tabs of one browser, all of them up, in which one visitor is signed in."""
    shelf = Shelf()
    clients = [
        AuthClient(
            paywall_id=PAYWALL,
            api_origin=world.url,
            storage=shelf.view(),
            clock=lambda: clock.now_ms() / 1000,
            transport=late if number else None,
        )
        for number in range(TABS)
    ]
    await clients[0].sign_in_anonymously()
    for client in clients:
        await client.ready()
    yield clients
    for client in clients:
        await client.aclose()


async def sessions(world: World) -> list[tuple[int, bool]]:
    """Return every session of the gateway: its newest token's number, whether it goes on."""

    def script() -> Script[Rows]:
        return (yield Statement("select generation, revoked_at from sessions"))

    rows = await world.write(script())
    return [(generation, revoked_at is None) for generation, revoked_at in rows]


async def test_tabs_that_ask_at_once_past_the_end_keep_one_chain(
    tabs: list[AuthClient], world: World, clock: FakeClock
) -> None:
    """SPA-M4: again and again all of them are renewed at the same moment, and stay signed in."""
    for _ in range(10):
        clock.move(seconds=PAST_THE_END_S)
        tokens = await asyncio.gather(*[tab.get_access_token() for tab in tabs])
        assert None not in tokens
    ((newest, goes_on),) = await sessions(world)
    assert goes_on
    assert newest >= 10


async def test_tabs_that_wake_up_one_after_the_other_keep_one_chain(
    tabs: list[AuthClient], world: World, clock: FakeClock
) -> None:
    """SPA-M4: far apart, each trades the newest token, not the one that it went to sleep with."""
    for tab in tabs * 2:
        clock.move(seconds=PAST_THE_END_S)
        assert await tab.get_access_token() is not None
    assert await sessions(world) == [(2 * TABS, True)]


async def test_a_sign_out_during_the_refreshes_of_all_tabs_is_one_for_all(
    tabs: list[AuthClient], world: World, clock: FakeClock, late: LateAnswers
) -> None:
    """Trap 16: the others were given tokens before, and have them after the sign-out."""
    clock.move(seconds=PAST_THE_END_S)
    late.hold()
    refreshing = [asyncio.create_task(tab.refresh()) for tab in tabs[1:]]
    for _ in refreshing:
        await late.arrived.acquire()
    await tabs[0].sign_out(forget_anonymous=True)
    late.let_go()
    assert await asyncio.gather(*refreshing) == [None] * (TABS - 1)
    assert [await tab.get_access_token() for tab in tabs] == [None] * TABS
    assert [goes_on for _, goes_on in await sessions(world)] == [False]
