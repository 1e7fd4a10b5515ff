"""A world whose gateway is a process of its own: it can be measured, frozen, stopped and killed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.gateway_process import SERVE, GatewayProcess, gateway_process
from tests.support.raw_client import RawConnection
from tests.support.scripted_provider import ScriptedProvider
from tests.support.stores import in_store
from tests.support.world import CALL, LIFTED, PAYWALL, PROVIDER, TYPE, Visitor
from tollbridge.gateway import ledger
from tollbridge.gateway.app import open_gateway
from tollbridge.gateway.calls.receipts import list_calls, receipt
from tollbridge.gateway.clock import SystemClock
from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.database import Script
from tollbridge.gateway.paywalls import Paywall, create_paywall
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.registry import store_provider
from tollbridge.gateway.settings import Settings

CREDITS = 100_000
# More calls than any test here makes.
_CALLS_MAX = 10_000


@dataclass
class ProcessWorld:
    """A gateway process, its scripted provider, and a visitor with `CREDITS` credits."""

    settings: Settings
    provider: ScriptedProvider
    client: aiohttp.ClientSession
    gateway: GatewayProcess
    visitor: Visitor
    _start: Callable[[], Awaitable[GatewayProcess]]

    async def start_again(self) -> None:
        """Start another gateway on the same folder, after the first one has ended."""
        self.gateway = await self._start()

    def call(self, path: str = "v1/things", **body: Any) -> Any:
        """Start a metered call; use it as a context manager, as aiohttp's requests are."""
        headers = {**self.visitor.headers, **body.pop("headers", {})}
        address = f"{self.gateway.url}/api/v1/api-gateway/{PROVIDER}/{path}"
        return self.client.post(address, headers=headers, **(body or {"json": {"say": "hello"}}))

    async def raw_call(self, *headers: str, body: bytes = b"{}") -> RawConnection:
        """Send a call over a connection of its own."""
        connection = await RawConnection.open(self.gateway.url)
        own = [f"{name}: {value}" for name, value in self.visitor.headers.items()]
        typed = ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        line = f"POST {CALL}/v1/things HTTP/1.1"
        await connection.request(line, *own, *typed, *headers, body=body)
        return connection

    async def healthy(self) -> bool:
        """Tell whether the gateway answers somebody else."""
        async with self.client.get(f"{self.gateway.url}/healthz") as answer:
            return answer.status == 200

    async def balance(self) -> int:
        """Return how many credits the gateway says the visitor has."""
        path = f"{self.gateway.url}/api/v1/paywall/{PAYWALL}/balances"
        async with self.client.get(path, headers=self.visitor.headers) as answer:
            [row] = (await answer.json())["balances"]
        return int(row["count"])

    async def look(self, script: Script[Any]) -> Any:
        """Read the store beside the gateway, or after it."""
        database = await open_database(self.settings, make=False)
        try:
            return await database.read(script)
        finally:
            await database.close()

    async def receipts(self) -> list[dict[str, Any]]:
        """Return the visitor's receipts, newest first, as the store has them."""
        calls = await self.look(list_calls(None, self.visitor.user_id, _CALLS_MAX))
        return [receipt(call) for call in calls]

    async def all_ended(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many calls are there and none runs; return their receipts."""
        while True:
            found = await self.receipts()
            if len(found) >= count and all(one["state"] != "running" for one in found):
                return found

    async def check_books(self) -> None:
        """Look that the ledger is sound and that nothing is held or charged beside the receipts."""
        assert await self.look(ledger.verify()) == []
        found = await self.receipts()
        assert {one["state"] for one in found} <= {"ok", "failed", "broken", "aborted", "swept"}
        charged = sum(one["credits_charged"] for one in found)
        [row] = await self.look(ledger.balances(self.visitor.user_id, SystemClock().now_ms()))
        assert row.available == CREDITS - charged
        assert await self.look(ledger.held(self.visitor.user_id)) == {}


@asynccontextmanager
async def process_world(
    folder: Path, *, program: Sequence[str] = SERVE, words: Sequence[str] = (), **environment: str
) -> AsyncIterator[ProcessWorld]:
    """Furnish a data folder and start a gateway on it, by default without limits per caller."""
    settings = in_store(Settings(data_dir=folder))
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(ScriptedProvider())
        await _furnish(settings, provider.url)

        async def start() -> GatewayProcess:
            return await stack.enter_async_context(
                gateway_process(folder, *words, program=program, **{**LIFTED, **environment})
            )

        gateway = await start()
        client = await stack.enter_async_context(
            aiohttp.ClientSession(
                auto_decompress=False, connector=aiohttp.TCPConnector(limit=0), read_bufsize=65536
            )
        )
        path = f"{gateway.url}/api/v1/paywall/{PAYWALL}/auth/anonymous/signin"
        async with client.post(path, json={}) as answer:
            body = await answer.json()
            assert answer.status == 200, body
        visitor = Visitor(body["user"]["id"], body["access_token"])
        yield ProcessWorld(settings, provider, client, gateway, visitor, start)


async def _furnish(settings: Settings, provider_url: str) -> None:
    async with open_gateway(settings) as gateway:
        now = gateway.clock.now_ms()
        paywall = Paywall(PAYWALL, query_types={TYPE: CREDITS})
        await gateway.database.write(create_paywall(paywall, now))
        provider = make_provider(
            PROVIDER,
            paywall_id=PAYWALL,
            preset="http",
            base_url=provider_url,
            query_type=TYPE,
            allow=("POST v1/*", "GET v1/*"),
            allow_private=True,
        )
        await gateway.database.write(store_provider(provider, gateway.sealer, now))
