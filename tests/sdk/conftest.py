"""The SDK's clients, joined in process to a gateway that speaks the contract."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.asgi_transport import AsgiTransport
from tests.support.clock import FakeClock
from tests.support.contract_gateway import PAYWALL, ContractGateway
from tollbridge.sdk import ApiGatewayClient, AuthClient, Balance, BillingClient
from tollbridge.sdk.storage import MemoryStorage

ORIGIN = "http://gateway.test"


class Page:
    """What one page holds; `reload` makes the next page of the same browser."""

    def __init__(
        self,
        transport: AsgiTransport,
        *,
        storage: MemoryStorage | None = None,
        clock: FakeClock | None = None,
    ) -> None:
        """Make every client; nothing is sent."""
        self.clock = clock or FakeClock()
        self.storage = storage or MemoryStorage()
        self.transport = transport
        self.auth = AuthClient(
            paywall_id=PAYWALL,
            api_origin=ORIGIN,
            storage=self.storage,
            transport=transport,
            clock=self._now_s,
        )
        self.billing = BillingClient(
            paywall_id=PAYWALL,
            api_origin=ORIGIN,
            auth=self.auth,
            transport=transport,
            clock=self._now_s,
        )
        self.gateway: ApiGatewayClient = self.billing.create_api_gateway_client()
        self.shown: list[int] = []
        self._news = asyncio.Event()
        self.billing.on_balance_change(self._show)

    def reload(self) -> "Page":
        """Return a page that knows only what storage kept."""
        return Page(self.transport, storage=self.storage, clock=self.clock)

    async def until_shown(self, *counts: int) -> None:
        """Return once the counter has shown exactly these counts, one after the other."""
        while self.shown != list(counts):
            self._news.clear()
            await self._news.wait()

    def _show(self, rows: list[Balance]) -> None:
        if rows:
            self.shown.append(rows[0].count)
            self._news.set()

    def _now_s(self) -> float:
        return self.clock.now_ms() / 1000


@pytest.fixture
def contract() -> ContractGateway:
    """Give a gateway without users."""
    return ContractGateway()


@pytest.fixture
async def transport(contract: ContractGateway) -> AsyncIterator[AsgiTransport]:
    """Give a transport into `contract`; at the end every call must have ended well."""
    carrier = AsgiTransport(contract)
    yield carrier
    await carrier.idle()


@pytest.fixture
async def page(transport: AsgiTransport) -> Page:
    """Give a page that nobody has signed in on."""
    return Page(transport)


@pytest.fixture
async def signed_in(page: Page) -> Page:
    """Give a page with an anonymous session and 20 of 20 credits, not read yet."""
    await page.auth.sign_in_anonymously()
    return page
