"""A small true world of accounts: a real database, identities, owner keys, and HTTP in process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from tests.support.clock import FakeClock
from tests.support.stores import AnyDatabase, open_store
from tollbridge.gateway.address import Addresses
from tollbridge.gateway.commerce import CommerceEndpoints
from tollbridge.gateway.identity import Identities, IdentityEndpoints, open_identities
from tollbridge.gateway.identity.queries import User, insert_user
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.ledger import GrantOrder, grant
from tollbridge.gateway.middleware.cors import App, Receive, Scope, Send, cors
from tollbridge.gateway.middleware.error_boundary import error_boundary
from tollbridge.gateway.middleware.observed import observed
from tollbridge.gateway.observing import Figures, Observer
from tollbridge.gateway.owner.endpoints import OwnerEndpoints
from tollbridge.gateway.owner.keys import OwnerKeys, create_key, new_key
from tollbridge.gateway.paywalls import Paywall, Paywalls, create_paywall
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.queries import put_provider
from tollbridge.gateway.sealing import Sealer
from tollbridge.gateway.settings import Limits

PAYWALL = Paywall("pw_one", name="One", query_types={"advanced": 0, "standard": 20})
OTHER = Paywall("pw_two", query_types={"standard": 3})
ISSUER = "http://gateway.test"
API = "/api/v1/paywall"
UNCOUNTED = Limits(
    address_sign_ins=None,
    user_sign_ins=None,
    address_trials=None,
    origin_trial_credits=None,
    paywall_trial_credits=None,
)
BEHIND_A_PROXY = Addresses(trusted_proxies=(ip_network("127.0.0.0/8"),))


@dataclass(frozen=True)
class Accounts:
    """The parts, and a client that speaks HTTP to their endpoints."""

    database: AnyDatabase
    clock: FakeClock
    sealer: Sealer
    identities: Identities
    paywalls: Paywalls
    client: httpx2.AsyncClient

    async def post(
        self, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """Post a JSON body to an endpoint of `pw_one`."""
        return await self.client.post(f"{API}/pw_one/{path}", json=body, headers=headers)

    async def balances(self, access_token: str, paywall_id: str = "pw_one") -> httpx2.Response:
        """Read balances as a page does."""
        return await self.client.get(
            f"{API}/{paywall_id}/balances", headers={"authorization": f"Bearer {access_token}"}
        )

    async def sign_in(self, paywall_id: str = "pw_one") -> dict[str, Any]:
        """Sign somebody in anonymously and return the answer's body."""
        answer = await self.client.post(f"{API}/{paywall_id}/auth/anonymous/signin")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def refresh(self, refresh_token: str) -> httpx2.Response:
        """Exchange a refresh token."""
        return await self.post("auth/refresh", {"refresh_token": refresh_token})

    async def add_key(self, paywall_id: str = "pw_one") -> str:
        """Make an owner's key and return it."""
        key = new_key()
        await self.database.write(create_key(paywall_id, key, self.clock.now_ms()))
        return key.reveal()

    async def add_user(
        self, credits: int = 0, *, paywall_id: str = "pw_one", email: str | None = None
    ) -> str:
        """Make a user with so many paid credits of `standard` and return the id."""
        user = User(new_id("user"), paywall_id, email, anonymous=False)
        now = self.clock.now_ms()
        await self.database.write(insert_user(user, now))
        if credits:
            order = GrantOrder(user.user_id, "standard", credits, new_id("test"))
            await self.database.write(grant(order, now))
        return user.user_id


@asynccontextmanager
async def open_accounts(
    folder: Path, *, limits: Limits = UNCOUNTED, addresses: Addresses = BEHIND_A_PROXY
) -> AsyncIterator[Accounts]:
    """Open a world with the paywalls `pw_one` (it has a provider) and `pw_two` (it has none).

    Sign-ins are not counted unless `limits` are given; `X-Forwarded-For` says who signs in.
    """
    clock, sealer = FakeClock(), Sealer(bytes(32))
    database = await open_store(folder)
    try:
        for paywall in (PAYWALL, OTHER):
            await database.write(create_paywall(paywall, clock.now_ms()))
        provider = make_provider(
            "prov_one",
            paywall_id="pw_one",
            preset="http",
            base_url="https://api.example",
            query_type="standard",
            allow=("POST v1/things",),
        )
        await database.write(put_provider(provider, None, clock.now_ms()))
        identities = await open_identities(database, clock, sealer, issuer=ISSUER, limits=limits)
        paywalls = Paywalls(database, clock)
        identity = IdentityEndpoints(identities, paywalls, database, clock, addresses)
        owner = OwnerEndpoints(OwnerKeys(database, clock), paywalls, database, clock)
        commerce = CommerceEndpoints(identity, database, clock, limits)
        transport = httpx2.ASGITransport(app=_app(identity, owner, commerce))
        async with httpx2.AsyncClient(transport=transport, base_url=ISSUER) as client:
            yield Accounts(database, clock, sealer, identities, paywalls, client)
    finally:
        await database.close()


def _app(identity: IdentityEndpoints, owner: OwnerEndpoints, commerce: CommerceEndpoints) -> App:
    async def balances(request: Request) -> Response:
        return await (owner.change if request.method == "POST" else identity.balances)(request)

    base = f"{API}/{{paywall_id}}"
    router = Router(
        [
            Route(f"{base}/auth/anonymous/signin", identity.anonymous_signin, methods=["POST"]),
            Route(f"{base}/auth/telegram/signin", identity.telegram_signin, methods=["POST"]),
            Route(f"{base}/auth/refresh", identity.refresh, methods=["POST"]),
            Route(f"{base}/auth/signout", identity.signout, methods=["POST"]),
            Route(f"{base}/auth/revoke-all", identity.revoke_all, methods=["POST"]),
            Route(f"{base}/balances", balances, methods=["GET", "POST"]),
            Route(f"{base}/vouchers/redeem", commerce.redeem, methods=["POST"]),
            Route("/api/v1/withdraw-tokens", owner.withdraw, methods=["POST"]),
            Route("/.well-known/jwks.json", identity.jwks, methods=["GET"]),
        ]
    )

    async def with_router(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = router
        await router(scope, receive, send)

    return observed(cors(error_boundary(with_router)), Observer(FakeClock(), Figures(), None))
