"""A small true world: the real gateway on a real socket, a real store, and a scripted provider.

Only the clock may be a fake, and only where a test asks for one.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn

from tests.support.raw_client import RawConnection
from tests.support.scripted_provider import ScriptedProvider
from tests.support.stores import in_store
from tollbridge.gateway import ledger
from tollbridge.gateway.app import Gateway, create_app, open_gateway
from tollbridge.gateway.calls.quota import Hint, no_hint
from tollbridge.gateway.calls.receipts import find_call, list_calls, receipt
from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Script
from tollbridge.gateway.database.connection import BUSY_TIMEOUT_MS
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.owner.keys import create_key, new_key
from tollbridge.gateway.owner.templates import add_template
from tollbridge.gateway.paywalls import Paywall, create_paywall
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.registry import store_provider
from tollbridge.gateway.serve import listen
from tollbridge.gateway.serving import config_for
from tollbridge.gateway.settings import Limits, Settings

PAYWALL = "pw_test"
PROVIDER = "prov_things"
TYPE = "standard"
TRIAL_CREDITS = 20
CALL = f"/api/v1/api-gateway/{PROVIDER}"

# Everybody in these tests sits at one address, and some call hundreds of times a second.
UNCOUNTED: dict[str, None] = dict.fromkeys(
    (
        "user_running",
        "user_per_minute",
        "user_free_per_minute",
        "user_failures",
        "address_running",
        "address_per_minute",
        "address_sign_ins",
        "user_sign_ins",
        "address_trials",
        "origin_trial_credits",
        "paywall_trial_credits",
    )
)

# The same for a gateway in a process of its own.
LIFTED = {f"TOLLBRIDGE_LIMIT_{name.upper()}": "off" for name in UNCOUNTED}

Receipt = dict[str, Any]


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
    server: "Server"

    async def sign_in(self, paywall_id: str = PAYWALL) -> Visitor:
        """Sign a new anonymous visitor in."""
        path = f"{self.url}/api/v1/paywall/{paywall_id}/auth/anonymous/signin"
        async with self.client.post(path, json={}) as answer:
            body = await answer.json()
            assert answer.status == 200, body
        return Visitor(body["user"]["id"], body["access_token"], body["refresh_token"], paywall_id)

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

    async def connect(self) -> RawConnection:
        """Open a connection to the gateway of which the test writes every byte."""
        return await RawConnection.open(self.url)

    async def raw_call(
        self,
        visitor: Visitor,
        *headers: str,
        line: str = f"POST {CALL}/v1/things HTTP/1.1",
        body: bytes | None = b"{}",
    ) -> RawConnection:
        """Send a call over a connection of its own; a None of a body leaves out its headers too."""
        connection = await self.connect()
        own = [f"{name}: {value}" for name, value in visitor.headers.items()]
        if body is not None:
            own += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        await connection.request(line, *own, *headers, body=body or b"")
        return connection

    async def balance(self, visitor: Visitor, query_type: str = TYPE) -> int:
        """Return how many credits the visitor has left."""
        path = f"{self.url}/api/v1/paywall/{visitor.paywall_id}/balances"
        async with self.client.get(path, headers=visitor.headers) as answer:
            rows = (await answer.json())["balances"]
        return next(row["count"] for row in rows if row["type"] == query_type)

    async def receipt(self, visitor: Visitor, call_id: str) -> Receipt:
        """Return a call's receipt."""
        path = f"{self.url}/api/v1/paywall/{visitor.paywall_id}/calls/{call_id}"
        async with self.client.get(path, headers=visitor.headers) as answer:
            body: Receipt = await answer.json()
            assert answer.status == 200, body
        return body

    async def newest_receipt(self, visitor: Visitor) -> Receipt:
        """Return the visitor's newest call once it has ended, where no answer told its id."""
        while True:
            calls = await self.write(list_calls(None, visitor.user_id, 1))
            if calls and calls[0]["state"] != "running":
                return receipt(calls[0])

    async def ended_receipt(self, call_id: str) -> Receipt:
        """Return a call's receipt once it has ended."""
        while True:
            call = await self.write(find_call(call_id))
            if call is not None and call["state"] != "running":
                return receipt(call)

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
        return await self.gateway.database.read(ledger.verify(), snapshot=True)

    async def write(self, script: Script[Any]) -> Any:
        """Run a script on the gateway's own store."""
        return await self.gateway.database.write(script)

    async def add_paywall(self, paywall_id: str, **fields: Any) -> None:
        """Add a paywall, by default one that counts `standard` and gives trial credits."""
        fields.setdefault("query_types", {TYPE: TRIAL_CREDITS})
        paywall = Paywall(paywall_id, **fields)
        await self.write(create_paywall(paywall, self.gateway.clock.now_ms()))

    async def add_key(self, paywall_id: str = PAYWALL) -> str:
        """Make an owner's key and return it."""
        key = new_key()
        await self.write(create_key(paywall_id, key, self.gateway.clock.now_ms()))
        return key.reveal()

    async def add_template(self, template_id: str, **fields: Any) -> None:
        """Add a template of the test paywall, by default one for `prov_things` and `v1/things`."""
        given = {"paywall_id": PAYWALL, "provider_id": PROVIDER, "variables": {}, **fields}
        if given["provider_id"] == PROVIDER:
            given.setdefault("path", "v1/things")
        body = given.pop("body", {"say": "hello"})
        sent = json.dumps(body).encode() if isinstance(body, dict) else body
        now = self.gateway.clock.now_ms()
        await self.write(add_template(template_id, now, body=sent, **given))

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
        await self.write(store_provider(provider, self.gateway.sealer, self.gateway.clock.now_ms()))


@asynccontextmanager
async def open_world(
    data_dir: Path,
    *,
    clock: Clock | None = None,
    hint: Hint = no_hint,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
    **settings: Any,
) -> AsyncIterator[World]:
    """Open a world on a data folder; `settings` replace fields of `Settings`.

    Calls and sign-ins are not counted unless `limits` are given.
    """
    settings.setdefault("limits", Limits(**UNCOUNTED))
    chosen = in_store(replace(Settings(data_dir=data_dir, port=0), **settings))
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(
            open_gateway(chosen, clock=clock, hint=hint, busy_timeout_ms=busy_timeout_ms)
        )
        provider = await stack.enter_async_context(ScriptedProvider())
        listener = stack.enter_context(listen("127.0.0.1", 0))
        server = await stack.enter_async_context(_serving(gateway, listener))
        port = listener.getsockname()[1]
        client = await stack.enter_async_context(
            aiohttp.ClientSession(
                auto_decompress=False,
                skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
                connector=aiohttp.TCPConnector(limit=0),
            )
        )
        world = World(gateway, f"http://127.0.0.1:{port}", client, provider, server)
        types = {TYPE: TRIAL_CREDITS, "advanced": 0}
        await world.add_paywall(PAYWALL, name="Test", query_types=types)
        await world.add_provider()
        yield world


class Server(uvicorn.Server):
    """uvicorn's server, which says when it has started and is told when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        """Prepare it."""
        super().__init__(config)
        self.is_up = asyncio.Event()
        self._stopping = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await super().startup(sockets)
        self.is_up.set()

    async def main_loop(self) -> None:
        """Wait to be stopped; uvicorn's own looks ten times a second."""
        await self.on_tick(0)
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn, which waits a tenth of a second even where nothing runs any more."""
        if self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.connections:  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(0)

    def stop(self) -> None:
        """Cut what still runs and end, as after the grace of a shutdown."""
        self.should_exit = True
        self._stopping.set()


@asynccontextmanager
async def _serving(gateway: Gateway, listener: socket.socket) -> AsyncIterator[Server]:
    config = config_for(
        create_app(gateway), gateway.settings.limits, grace_s=0, observer=gateway.observer
    )
    server = Server(config)
    # Signals are left to pytest, so this is not `serve`.
    running = asyncio.create_task(server._serve(sockets=[listener]))
    waiting = asyncio.create_task(server.is_up.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield server
    finally:
        server.stop()
        await running
        while server.server_state.tasks:
            await asyncio.wait(server.server_state.tasks)
