"""The SDK's clients of one page, on CPython, joined over a socket to a real gateway."""

from typing import Any

from tests.support.world import PAYWALL, World
from tollbridge.sdk import ApiGatewayClient, AuthClient, Balance, BillingClient
from tollbridge.sdk.storage import MemoryStorage


class SdkPage:
    """The clients of one page; pages that share a storage are tabs of one browser."""

    def __init__(self, world: World, storage: MemoryStorage | None = None, **hooks: Any) -> None:
        """Make them; `hooks` are those of `ApiGatewayClient`."""
        self.storage = storage or MemoryStorage()
        self.auth = AuthClient(paywall_id=PAYWALL, api_origin=world.url, storage=self.storage)
        self.billing = BillingClient(paywall_id=PAYWALL, api_origin=world.url, auth=self.auth)
        self.gateway: ApiGatewayClient = self.billing.create_api_gateway_client(**hooks)
        self.shown: list[int] = []
        self.billing.on_balance_change(self._show)

    async def aclose(self) -> None:
        """Give every connection back."""
        await self.billing.aclose()
        await self.auth.aclose()

    def left(self) -> int:
        """Return the counter."""
        return self.shown[-1]

    def _show(self, rows: list[Balance]) -> None:
        self.shown += [row.count for row in rows if row.type == "standard"]
