"""A small true world: the real gateway on a real socket, over a real store, and a provider that
does what a test tells it. Only the clock may be a fake, and only where a test asks for one."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn

from tests.support.scripted_provider import ScriptedProvider
from tollbridge.gateway import ledger
from tollbridge.gateway.app import Gateway, create_app, open_gateway
from tollbridge.gateway.calls.quota import Hint, no_hint
from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Script
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.paywalls import Paywall, create_paywall
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.registry import store_provider
from tollbridge.gateway.serve import config_for, listen
from tollbridge.gateway.settings import Settings

PAYWALL = "pw_test"
PROVIDER = "prov_things"
TYPE = "standard"
TRIAL_CREDITS = 20


@dataclass
class Visitor:
    """A signed-in user of a paywall."""

    user_id: str
    token: str
    refresh_token: str = ""
    paywall_id: str = PAYWALL

    @property
    def headers(self) -> dict[str, str]:
        """What a page sends with each request."""
        return {"Authorization": f"Bearer {self.token}", "X-Paywall-Id": self.paywall_id}


@dataclass
class World:
    """A running gateway, its scripted provider, and a client without manners of its own."""

    gateway: Gateway
    url: str
    client: aiohttp.ClientSession
    provider: ScriptedProvider
    server: uvicorn.Server
    visitors: list[Visitor] = field(default_factory=list)

    async def sign_in(self, paywall_id: str = PAYWALL) -> Visitor:
        """Sign a new anonymous visitor in."""
        path = f"{self.url}/api/v1/paywall/{paywall_id}/auth/anonymous/signin"
        async with self.client.post(path, json={}) as answer:
            body = await answer.json()
            assert answer.status == 200, body
        return Visitor(
            body["user"]["id"], body["access_token"], body["refresh_token"], paywall_id
        )

    def call(
        self,
        visitor: Visitor,
        path: str = "v1/things",
        *,
        provider_id: str = PROVIDER,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> Any:
        """Start a metered call; use it as a context manager, as aiohttp's requests are."""
        if method == "POST" and not body:
            body = {"json": {"say": "hello"}}
        return self.client.request(
            method,
            f"{self.url}/api/v1/api-gateway/{provider_id}/{path}",
            headers={**visitor.headers, **(headers or {})},
            **body,
        )

    async def balance(self, visitor: Visitor, query_type: str = TYPE) -> int:
        """Return how many credits the visitor has left."""
        path = f"{self.url}/api/v1/paywall/{visitor.paywall_id}/balances"
        async with self.client.get(path, headers=visitor.headers) as answer:
            rows = (await answer.json())["balances"]
        return next(row["count"] for row in rows if row["type"] == query_type)

    async def receipt(self, visitor: Visitor, call_id: str) -> dict[str, Any]:
        """Return a call's receipt."""
        path = f"{self.url}/api/v1/paywall/{visitor.paywall_id}/calls/{call_id}"
        async with self.client.get(path, headers=visitor.headers) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 200, body
        return body

    async def ended_receipt(self, visitor: Visitor, call_id: str) -> dict[str, Any]:
        """Return a call's receipt once it has ended; asks until then."""
        while True:
            receipt = await self.receipt(visitor, call_id)
            if receipt["state"] != "running":
                return receipt

    async def newest_receipt(self, visitor: Visitor) -> dict[str, Any]:
        """Return the visitor's newest call once it has ended, where no answer told its id."""
        from tollbridge.gateway.calls.receipts import list_calls

        while True:
            calls = await self.write(list_calls(None, visitor.user_id, 1))
            if calls and calls[0]["state"] != "running":
                return calls[0]

    async def grant(self, visitor: Visitor, amount: int, query_type: str = TYPE) -> None:
        """Give the visitor credits."""
        order = ledger.GrantOrder(visitor.user_id, query_type, amount, new_id("test"))
        await self.write(ledger.grant(order, self.gateway.clock.now_ms()))

    async def drain(self, visitor: Visitor, left: int, query_type: str = TYPE) -> None:
        """Take the visitor's credits down to `left`."""
        now = self.gateway.clock.now_ms()
        surplus = await self.balance(visitor, query_type) - left
        key = new_id("test")
        await self.write(ledger.debit(visitor.user_id, query_type, surplus, key, now))

    async def verify(self) -> list[str]:
        """Return what is wrong with the ledger."""
        return await self.gateway.database.read(ledger.verify())

    async def write(self, script: Script[Any]) -> Any:
        """Run a script on the gateway's own store."""
        return await self.gateway.database.write(script)

    async def add_provider(self, provider_id: str = PROVIDER, **fields: Any) -> None:
        """Add a provider of the test paywall, by default the scripted one behind preset http."""
        given = {
            "paywall_id": PAYWALL,
            "preset": "http",
            "base_url": self.provider.url,
            "query_type": TYPE,
            "allow_private": True,
            **fields,
        }
        if given["preset"] == "http":
            given.setdefault("allow", ("POST v1/*", "GET v1/*", "POST /", "GET /"))
        provider = make_provider(provider_id, **given)
        await self.write(
            store_provider(provider, self.gateway.sealer, self.gateway.clock.now_ms())
        )


@asynccontextmanager
async def open_world(
    data_dir: Path, *, clock: Clock | None = None, hint: Hint = no_hint, **settings: Any
) -> AsyncIterator[World]:
    """Open a world on a data folder; `settings` replace fields of `Settings`."""
    chosen = replace(Settings(data_dir=data_dir, port=0), **settings)
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(open_gateway(chosen, clock=clock, hint=hint))
        provider = await stack.enter_async_context(ScriptedProvider())
        listener = stack.enter_context(listen("127.0.0.1", 0))
        server = await stack.enter_async_context(_serving(gateway, listener))
        port = listener.getsockname()[1]
        client = await stack.enter_async_context(
            aiohttp.ClientSession(
                auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)
            )
        )
        world = World(gateway, f"http://127.0.0.1:{port}", client, provider, server)
        await _furnish(world)
        yield world


async def _furnish(world: World) -> None:
    paywall = Paywall(PAYWALL, name="Test", query_types={TYPE: TRIAL_CREDITS, "advanced": 0})
    await world.write(create_paywall(paywall, world.gateway.clock.now_ms()))
    await world.add_provider()


@asynccontextmanager
async def _serving(gateway: Gateway, listener: socket.socket) -> AsyncIterator[uvicorn.Server]:
    started = asyncio.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

        def install_signal_handlers(self) -> None:
            """Leave signals to pytest."""

    server = Server(config_for(create_app(gateway), grace_s=0))
    running = asyncio.create_task(server._serve(sockets=[listener]))
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield server
    finally:
        server.should_exit = True
        await running
        while server.server_state.tasks:
            await asyncio.wait(server.server_state.tasks)


def json_of(body: bytes) -> Any:
    """Read a JSON body."""
    return json.loads(body)
