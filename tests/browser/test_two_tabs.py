"""Two tabs of one browser, one on Pyodide and one on MicroPython, keep one session.

The gateway is the real one, on another origin than the page, and its clock is moved with theirs.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Response, Route

from tests.support.clock import FakeClock
from tests.support.interpreters import Interpreter, interpreter_host
from tests.support.world import PAYWALL, World, open_world
from tollbridge.gateway.database import Statement
from tollbridge.gateway.database.script import Rows, Script

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# An access token lasts 15 minutes.
PAST_THE_END_S = 16 * 60
ROUNDS = 5
KINDS = ("pyodide", "micropython")
SIGN_OUT_MS_MAX = 1_000
STORED = "localStorage.getItem('pw-pw_test-auth-v1')"


class Tabs:
    """Two tabs of one browser, joined to one gateway.

    Attributes:
        answers: The status of every answer to a refresh, as the browser saw it.
    """

    def __init__(self, both: list[Interpreter], world: World, clock: FakeClock) -> None:
        """Take two tabs that have no clients."""
        self.both = both
        self.world = world
        self.clock = clock
        self.answers: list[int] = []
        self.context = both[0].page.context

    async def begin(self) -> None:
        """Sign a visitor in, in the first tab, and then open the second."""
        self.context.on("response", self._note)
        here, there = self.both
        await here.run("begin", paywall_id=PAYWALL, api_origin=self.world.url)
        await here.run("sign_in")
        await there.run("begin", paywall_id=PAYWALL, api_origin=self.world.url)

    async def end(self) -> None:
        """Leave the tabs as they were taken, with nothing stored."""
        self.context.remove_listener("response", self._note)
        for tab in self.both:
            await tab.page.unroute_all()
        await self.each("end")
        await self.both[0].page.evaluate("localStorage.clear()")

    async def each(self, step: str, **options: Any) -> list[Any]:
        """Have both take a step at the same time."""
        return await asyncio.gather(*[tab.run(step, **options) for tab in self.both])

    async def pass_time(self, seconds: int) -> None:
        """Let time go by for everybody."""
        self.clock.move(seconds=seconds)
        await self.each("move", seconds=seconds)

    async def heard(self) -> list[str]:
        """Return every event that was told, in the first tab and then in the second."""
        return [event for heard in await self.each("events") for event, *_ in heard]

    async def sessions(self) -> list[tuple[int, bool]]:
        """Return every session of the gateway: its newest token's number, whether it goes on."""

        def script() -> Script[Rows]:
            return (yield Statement("select generation, revoked_at from sessions"))

        rows = await self.world.write(script())
        return [(generation, revoked_at is None) for generation, revoked_at in rows]

    def _note(self, response: Response) -> None:
        if response.url.endswith("/auth/refresh") and response.request.method == "POST":
            self.answers.append(response.status)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def host() -> AsyncIterator[str]:
    """Serve the interpreters."""
    async with interpreter_host() as origin:
        yield origin


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def started(chromium: Browser, host: str) -> AsyncIterator[list[Interpreter]]:
    """Start each interpreter once, in a tab of its own; a test has new clients in both."""
    context = await chromium.new_context()
    both = [Interpreter(await context.new_page()) for _ in KINDS]
    for tab, kind in zip(both, KINDS, strict=True):
        await tab.start(f"{host}/page", kind, program="tab_in_page")
    yield both
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tabs(started: list[Interpreter], tmp_path: Path) -> AsyncIterator[Tabs]:
    """Give two tabs in which one visitor is signed in; nothing may stay uncaught in either."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock) as world:
        opened = Tabs(started, world, clock)
        await opened.begin()
        yield opened
        await opened.end()
        assert [tab.errors for tab in opened.both] == [[], []]


async def test_past_a_forced_expiry_there_is_one_chain_and_nobody_is_signed_out(
    tabs: Tabs,
) -> None:
    """SPA-M4: both tabs ask at the same moment, again and again, and both are answered."""
    for _ in range(ROUNDS):
        await tabs.pass_time(PAST_THE_END_S)
        assert await tabs.each("balances") == [2, 2]
    assert set(tabs.answers) == {200}
    ((newest, goes_on),) = await tabs.sessions()
    assert goes_on
    assert ROUNDS <= newest <= len(tabs.answers)
    assert [event for event in await tabs.heard() if event != "TOKEN_REFRESHED"] == [
        "INITIAL_SESSION",
        "SIGNED_IN",
        "INITIAL_SESSION",
    ]
    users = await tabs.each("user_id")
    assert users[0] == users[1] is not None


async def test_a_sign_out_in_one_tab_signs_the_other_out_at_once(tabs: Tabs) -> None:
    """SPA-M4: the other one knows within a second, and a sign-in is followed as well."""
    here, there = tabs.both
    took_ms = []
    for times in range(1, ROUNDS + 1):
        asked_at = await here.run("sign_out", forget=False)
        known_at = await there.run("until", event="SIGNED_OUT", times=times)
        took_ms.append(known_at - asked_at)
        await here.run("sign_in")
        await there.run("until", event="SIGNED_IN", times=times)
    assert median(took_ms) < SIGN_OUT_MS_MAX  # a busy machine may be late once
    users = await tabs.each("user_id")
    assert users[0] == users[1] is not None


async def test_a_sign_out_wins_over_the_refresh_of_another_tab(tabs: Tabs) -> None:
    """Trap 16: the answer comes after the sign-out, is thrown away, and nothing is stored."""
    here, there = tabs.both
    asked, signed_out = asyncio.Event(), asyncio.Event()

    async def hold_back(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await signed_out.wait()
        await route.fulfill(response=answer)

    await here.page.route("**/auth/refresh", hold_back)
    late = asyncio.create_task(here.run("refresh"))
    await asked.wait()
    await there.run("sign_out", forget=False)
    signed_out.set()
    assert await late is False
    assert await tabs.each("user_id") == [None, None]
    assert [await tab.page.evaluate(STORED) for tab in tabs.both] == [None, None]


async def test_a_tab_without_the_gateway_stays_signed_in(tabs: Tabs) -> None:
    """Trap 15: a refresh in good time that fails costs nothing, and asks once in a minute."""
    here, _ = tabs.both
    await tabs.pass_time(14 * 60 + 30)
    tried: list[str] = []

    async def cut(route: Route) -> None:
        tried.append(route.request.url)
        await route.abort()

    await here.page.route("**/auth/refresh", cut)
    for _ in range(3):
        assert await here.run("balances") == 2
    assert len(tried) == 1
    assert "SIGNED_OUT" not in await tabs.heard()
