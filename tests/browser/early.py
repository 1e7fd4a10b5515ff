"""The page before Python as a visitor sees it, with the files of the start held back at will."""

import asyncio
import json
import re
from typing import Any

from playwright.async_api import Page, Route, expect

from tests.browser.spa import Spa

# Everything that starts Python, and tells of its bytes, hangs on these; `early.mjs` does not.
STARTER = re.compile(r"/(core\.js|interpreter\.mjs)$")
EARLY = "**/early.mjs"


class Held:
    """Requests that wait until the test lets them go on; given to `page.route`."""

    def __init__(self) -> None:
        """Hold back whatever comes."""
        self._let_go = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        """Keep one request waiting."""
        await self._let_go.wait()
        await route.continue_()

    def let_go(self) -> None:
        """Let those that wait go on, and all that follow."""
        self._let_go.set()


def never(_: Route) -> None:
    """Leave a request without an answer for as long as the tab is open."""


class EarlyPage:
    """The skeleton and what it says about the start."""

    def __init__(self, page: Page) -> None:
        """Name its parts."""
        self.page = page
        self.spa = Spa(page)
        self.bubbles = page.locator('#log article[data-state="waiting"]')
        self.bar = page.get_by_role("progressbar", name="Starting Python")
        self.line = page.locator("#start [data-part=line]")
        self.slow = page.get_by_role("region", name="Python is not here yet.")
        self.failed = page.get_by_role("region", name="The page could not start.")
        self.theme = page.locator("#theme")

    async def open(self, url: str, *, without: str | re.Pattern[str] = STARTER) -> None:
        """Go there with some of its files held back for ever, and wait for `early.mjs`."""
        await self.page.route(without, never)
        await self.page.goto(url, wait_until="commit")
        await self.listening()

    async def listening(self) -> None:
        """Wait until `early.mjs` is at work."""
        await expect(self.page.locator("#slow-start.by-time")).to_have_count(0)
        await expect(self.page.get_by_role("status")).not_to_be_empty()

    async def reload(self) -> None:
        """Load the page again; the same files stay held back."""
        await self.page.reload(wait_until="commit")
        await self.listening()

    async def take(self) -> list[dict[str, str]]:
        """Take over as Python does."""
        taken: list[dict[str, str]] = json.loads(await self.page.evaluate("tollbridgeEarly.take()"))
        return taken

    async def set_state(self, state: str) -> None:
        """Say how the page stands, as Python does."""
        await self.page.evaluate("state => document.documentElement.dataset.state = state", state)

    async def progress(self, loaded: int, total: int) -> None:
        """Report bytes, as `interpreter.mjs` does."""
        await self.page.evaluate(
            "detail => document.dispatchEvent(new CustomEvent('tollbridge:progress', {detail}))",
            {"loaded": loaded, "total": total},
        )

    async def value(self) -> float | None:
        """How far the bar is, from 0 to 1; None where it cannot tell."""
        position: float = await self.bar.evaluate("bar => bar.position")
        return None if position < 0 else position

    async def kept(self, key: str) -> Any:
        """What the tab keeps under `key`."""
        return await self.page.evaluate("key => sessionStorage.getItem(key)", key)
