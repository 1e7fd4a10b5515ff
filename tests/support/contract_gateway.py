"""A gateway that speaks the published contract and keeps its books in memory: for the SDK's tests.

It is an ASGI app, so the same one answers in process, over a socket, and to a browser. What its
provider does is a script that the test gives; an answer can be held back until the test lets it go.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from tests.support.asgi_transport import Message
from tests.support.charge_headers import exact
from tollbridge.wire import Balance, Provider, error_body, quota_body, status_of
from tollbridge.wire import headers as names

PAYWALL = "pw_test"
PROVIDER = "prov_things"
ACCESS_TOKEN_LASTS_S = 900

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Exchanged:
    """One request as it came in, and the answer as it goes out."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Take an ASGI call."""
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: str = scope["raw_path"].decode()
        self.address = self.raw_path + ("?" if scope["query_string"] else "")
        self.address += scope["query_string"].decode()
        self.query = {k: v[-1] for k, v in parse_qs(scope["query_string"].decode()).items()}
        self.headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        self.body = b""
        self.left = asyncio.Event()
        self._receive = receive
        self._send = send
        self._hang_up: Callable[[], None] | None = scope.get("hang_up")
        # Where a test cuts connections each request has its own: see `SteeredGateway`.
        self.closing = {"connection": "close"} if self._hang_up is not None else {}

    async def read(self) -> None:
        """Read the whole body, then watch for the client to leave."""
        while True:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                self.left.set()
                return
            self.body += event.get("body", b"")
            if not event.get("more_body", False):
                return

    async def until_left(self) -> None:
        """Return when the client is gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left.set()

    async def start(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Send status and headers."""
        cors = {
            "access-control-allow-origin": "*",
            "access-control-expose-headers": ", ".join(names.EXPOSED),
        }
        pairs = [(n.encode(), v.encode()) for n, v in {**cors, **(headers or {})}.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    async def send(self, chunk: bytes) -> None:
        """Send some of the body."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def end(self, chunk: bytes = b"") -> None:
        """Send the last of the body. An answer that never gets here was cut."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": False})

    async def hang_up(self) -> None:
        """Cut the connection; in process, whoever calls this ends, which is the same."""
        if self._hang_up is not None:
            self._hang_up()
            await self.until_left()

    async def json(self, body: Any, status: int = 200, **headers: str) -> None:
        """Answer with JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()} | self.closing
        await self.start(status, {"content-type": "application/json", **named})
        await self.end(json.dumps(body).encode())

    async def refuse(self, code: str, message: str = "", status: int = 0) -> None:
        """Answer with an error of the gateway's own."""
        body = error_body(code, message, None, "req_1")
        status = status or status_of(code)
        await self.json(body, status, x_request_id="req_1", x_error_source="gateway")

    async def not_found(self) -> None:
        """Answer that there is no such endpoint."""
        await self.refuse("not_found")


Script = Callable[[Exchanged], Awaitable[None]]


async def say_hello(call: Exchanged) -> None:
    """Answer like a provider that has nothing to add."""
    await call.end(b'{"hello": "world"}')


async def cut(call: Exchanged) -> None:
    """Say nothing more: the connection breaks off."""


async def busy(call: Exchanged) -> None:
    """Refuse with a 503."""
    await call.refuse("busy", "Not now.")


def answer(body: Any, status: int = 200, **headers: str) -> Script:
    """Return a script that answers with JSON."""

    async def script(call: Exchanged) -> None:
        await call.json(body, status, **headers)

    return script


class ContractGateway:
    """An ASGI app with users, tokens that rotate, and credits that run out."""

    def __init__(self, *, credits: int = 20, versions: bool = True) -> None:
        """Start without users.

        Args:
            credits: What a new user gets of the type `standard`.
            versions: Whether it counts the changes of a balance, as ours does.
        """
        self.seen: list[Exchanged] = []
        self.script: Script = say_hello  # goes on after the headers of a charged call
        self.answers: dict[str, Script] = {}  # by endpoint: answers instead of the gateway
        self.charge_headers: Callable[[Balance], dict[str, str]] = exact
        self.held: dict[str, asyncio.Event] = {}
        self.balances: dict[str, list[Balance]] = {}
        self.access: dict[str, str] = {}
        self.refresh: dict[str, str] = {}
        self._credits = credits
        self.versions = versions
        self._made = 0
        self._news = asyncio.Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        call = Exchanged(scope, receive, send)
        if call.method == "OPTIONS":
            wanted = call.headers.get("access-control-request-headers", "")
            await call.start(204, {"access-control-allow-headers": wanted, **call.closing})
            await call.end()
            return
        await call.read()
        self.seen.append(call)
        self._news.set()
        endpoint = self.endpoint_of(call)
        known = getattr(self, f"_{endpoint.replace('-', '_')}", Exchanged.not_found)
        await self.answers.get(endpoint, known)(call)

    def requests_to(self, endpoint: str) -> list[Exchanged]:
        """Return the requests to `refresh`, `signin`, `balances`, `call`, … so far."""
        return [call for call in self.seen if self.endpoint_of(call) == endpoint]

    async def until(self, endpoint: str, times: int = 1) -> Exchanged:
        """Return the newest request to an endpoint, once there are so many."""
        while len(self.requests_to(endpoint)) < times:
            self._news.clear()
            await self._news.wait()
        return self.requests_to(endpoint)[-1]

    def endpoint_of(self, call: Exchanged) -> str:
        """Return the short name of the endpoint that a request went to."""
        if call.path.startswith("/api/v1/api-gateway/"):
            return "call"
        return call.path.rpartition("/")[2]

    def expire_access(self) -> None:
        """End every access token."""
        self.access.clear()

    def user_of(self, call: Exchanged) -> str | None:
        """Return the user that a request's token names."""
        return self.access.get(call.headers.get("authorization", "").removeprefix("Bearer "))

    def change(self, user: str, by: int, query_type: str = "standard") -> Balance:
        """Change a balance; a new version stands for it."""
        rows = self.balances[user]
        index = next(i for i, row in enumerate(rows) if row.type == query_type)
        old = rows[index]
        version = old.version + 1 if self.versions else 0
        rows[index] = Balance(query_type, old.count + by, version, old.granted)
        return rows[index]

    async def _signin(self, call: Exchanged) -> None:
        launched = json.loads(call.body).get("init_data") if "/telegram/" in call.path else None
        user = f"user_{len(self.balances) + 1}" if launched is None else f"user_of_{launched}"
        version = 1 if self.versions else 0
        row = Balance("standard", self._credits, version, self._credits)
        self.balances.setdefault(user, [row])
        profile = {"id": user, "email": None, "is_anonymous": launched is None}
        await call.json({**self._tokens(user), "user": profile})

    async def _refresh(self, call: Exchanged) -> None:
        user = self.refresh.pop(json.loads(call.body)["refresh_token"], None)
        tokens = None if user is None else self._tokens(user)
        await self._until_released("refresh")
        await (call.refuse("invalid_token") if tokens is None else call.json(tokens))

    async def _signout(self, call: Exchanged) -> None:
        user = self.user_of(call)
        self.refresh = {token: who for token, who in self.refresh.items() if who != user}
        await call.json({"ok": True})

    async def _revoke_all(self, call: Exchanged) -> None:
        if self.user_of(call) is None:
            await call.refuse("invalid_token")
            return
        await self._signout(call)

    async def _balances(self, call: Exchanged) -> None:
        if call.method == "POST":
            await self._move(call)
            return
        user = self.user_of(call)
        if user is None:
            await call.refuse("invalid_token")
            return
        rows = [row.to_json() for row in self.balances[user]]
        await self._until_released("balances")
        await call.json({"balances": rows, "tokenization": True})

    async def _providers(self, call: Exchanged) -> None:
        if self.user_of(call) is None:
            await call.refuse("invalid_token")
            return
        offered = Provider(
            PROVIDER,
            preset="openai-chat",
            path="v1/chat/completions",
            allow=["POST v1/chat/completions"],
            models=["gpt-a", "gpt-b"],
            query_type="standard",
            cost=1,
        )
        await call.json({"providers": [offered.to_json()]})

    async def _move(self, call: Exchanged) -> None:
        if call.headers.get("x-api-key") != "sk_test_0123456789abcdef":
            await call.refuse("apikey_required")
            return
        order = json.loads(call.body)
        by = order["amount"] if order["op"] == "credit" else -order["amount"]
        left = self.balances[order["user_id"]][0].count
        if left + by < 0:
            await call.json({"error": "insufficient", "available": left}, 400)
            return
        row = self.change(order["user_id"], by, order["type"])
        await call.json({"success": True, "count": row.count, "balances": [row.to_json()]})

    async def _call(self, call: Exchanged) -> None:
        user = self.user_of(call)
        if user is None:
            await call.refuse("invalid_token", "The session ended.")
            return
        rows = self.balances[user]
        if rows[0].count <= 0:
            body = quota_body(rows, "standard", 2, "You are out of credits.", "req_1", "grant 5")
            await call.json(body, 402, x_call_id="call_1", x_error_source="gateway")
            return
        charged = self.change(user, -1)
        await call.start(200, {"x-call-id": "call_1", **self.charge_headers(charged)})
        await self.script(call)

    def _tokens(self, user: str) -> dict[str, Any]:
        self._made += 1
        access, refresh = f"access_{self._made}", f"refresh_{self._made}"
        self.access[access] = user
        self.refresh[refresh] = user
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": ACCESS_TOKEN_LASTS_S,
            "expires_at": 4_000_000_000,
            "token_type": "bearer",
        }

    async def _until_released(self, endpoint: str) -> None:
        if endpoint in self.held:
            await self.held[endpoint].wait()
