"""The SDK's clients in one browser, joined to the gateway of one test."""

import asyncio

from tests.support.everywhere.contract import PAYWALL, Contract
from tollbridge.sdk import AuthClient, BillingClient
from tollbridge.sdk.storage import MemoryStorage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk import Balance
    from tollbridge.sdk.storage import Storage
    from tollbridge.sdk.transport import Transport

# When the clock of a test starts, in seconds since 1970.
START_S = 1_800_000_000


class Clock:
    """Stands still until a test moves it. Whole milliseconds, so that no fraction is lost."""

    def __init__(self) -> None:
        """Begin."""
        self._ms = 0

    def now_s(self) -> float:
        """Return seconds since 1970."""
        return START_S + self._ms / 1000

    def move(self, *, seconds: int = 0, ms: int = 0) -> None:
        """Go on."""
        self._ms += 1000 * seconds + ms


class Page:
    """What one page holds; `reload` makes the next page of the same browser.

    Attributes:
        shown: What the counter showed, one after the other.
    """

    def __init__(
        self, transport: "Transport", origin: str, storage: "Storage", clock: Clock
    ) -> None:
        """Make every client; nothing is sent."""
        self.transport = transport
        self.origin = origin
        self.storage = storage
        self.clock = clock
        common: dict[str, Any] = {
            "paywall_id": PAYWALL,
            "api_origin": origin,
            "transport": transport,
            "clock": clock.now_s,
        }
        self.auth = AuthClient(storage=storage, **common)
        self.billing = BillingClient(auth=self.auth, **common)
        self.gateway = self.billing.create_api_gateway_client()
        self.shown: list[int] = []
        self._news = asyncio.Event()
        self._later: list[Page] = []

    def reload(self) -> "Page":
        """Return a page that knows only what storage kept."""
        return self.tab(self.storage)

    def tab(self, storage: "Storage") -> "Page":
        """Return a page beside this one, of a browser that keeps that."""
        page = Page(self.transport, self.origin, storage, self.clock)
        self._later.append(page)
        return page

    def watch(self) -> None:
        """Show the counter from now on; with one on show a sign-in reads the balances by itself."""
        self.billing.on_balance_change(self._show)

    async def until_shown(self, *counts: int) -> None:
        """Return once the counter has shown exactly these counts, one after the other."""
        while self.shown != list(counts):
            self._news.clear()
            await self._news.wait()

    async def aclose(self) -> None:
        """Stop what still runs, here and in the pages that came after."""
        for page in self._later:
            await page.aclose()
        await self.billing.aclose()
        await self.auth.aclose()

    def _show(self, rows: "list[Balance]") -> None:
        if rows:
            self.shown.append(rows[0].count)
            self._news.set()


class Visit:
    """What one test has: a gateway of its own, and a browser that never was there before."""

    def __init__(self, contract: Contract, origin: str, transport: "Transport") -> None:
        """Take the gateway, where it answers, and what carries requests there."""
        self._contract = contract
        self._origin = origin
        self._transport = transport
        self._page: Page | None = None

    async def give(self, name: str) -> "Any":
        """Return what a test asks for by the name of an argument.

        `page` is one that nobody has signed in on; `signed_in` is one with an anonymous session
        and 20 of 20 credits, not read yet; a test asks for one of them.
        """
        if name == "contract":
            return self._contract
        if name == "origin":
            return self._origin
        if name == "transport":
            return self._transport
        assert name in ("page", "signed_in"), f"there is no {name!r} to give"
        self._page = Page(self._transport, self._origin, MemoryStorage(), Clock())
        if name == "signed_in":
            await self._page.auth.sign_in_anonymously()
        self._page.watch()
        return self._page

    async def aclose(self) -> None:
        """Stop what still runs in the browser, and fail where the gateway did."""
        if self._page is not None:
            await self._page.aclose()
        failures = await self._contract.failures()
        assert failures == [], failures[0]
