"""Path to endpoint, and nothing else. Whatever is not here is the site's, or a 404."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tollbridge.gateway.calls.providers_endpoint import ProvidersEndpoint
from tollbridge.gateway.calls.receipt_endpoint import ReceiptEndpoint
from tollbridge.gateway.commerce import CommerceEndpoints
from tollbridge.gateway.health import Health
from tollbridge.gateway.identity import IdentityEndpoints
from tollbridge.gateway.observing import MetricsEndpoint
from tollbridge.gateway.observing.metrics import PATH as METRICS
from tollbridge.gateway.openapi import OpenApiEndpoint
from tollbridge.gateway.owner.endpoints import OwnerEndpoints
from tollbridge.wire import paths

_PAYWALL = f"{paths.API}/paywall/{{paywall_id}}"


def routes(
    identity: IdentityEndpoints,
    owner: OwnerEndpoints,
    receipts: ReceiptEndpoint,
    providers: ProvidersEndpoint,
    commerce: CommerceEndpoints,
    health: Health,
    metrics: MetricsEndpoint,
    openapi: OpenApiEndpoint,
) -> list[BaseRoute]:
    """Return every route but the metered call, which is matched before them."""

    async def balances(request: Request) -> Response:
        # One path, two doors: a user reads with a Bearer, an owner writes with a key.
        return await (owner.change if request.method == "POST" else identity.balances)(request)

    return [
        Route(f"{_PAYWALL}/auth/anonymous/signin", identity.anonymous_signin, methods=["POST"]),
        Route(f"{_PAYWALL}/auth/telegram/signin", identity.telegram_signin, methods=["POST"]),
        Route(f"{_PAYWALL}/auth/refresh", identity.refresh, methods=["POST"]),
        Route(f"{_PAYWALL}/auth/signout", identity.signout, methods=["POST"]),
        Route(f"{_PAYWALL}/auth/revoke-all", identity.revoke_all, methods=["POST"]),
        Route(f"{_PAYWALL}/balances", balances, methods=["GET", "POST"]),
        Route(f"{_PAYWALL}/calls", receipts.find, methods=["GET"]),
        Route(f"{_PAYWALL}/calls/{{call_id}}", receipts.show, methods=["GET"]),
        Route(f"{_PAYWALL}/providers", providers.show, methods=["GET"]),
        Route(f"{_PAYWALL}/vouchers/redeem", commerce.redeem, methods=["POST"]),
        Route(paths.WITHDRAW_TOKENS, owner.withdraw, methods=["POST"]),
        # Public: keys to verify our tokens with, what there is to ask, whether the process is up.
        Route(paths.JWKS, identity.jwks, methods=["GET"]),
        Route(paths.OPENAPI, openapi.show, methods=["GET"]),
        Route(paths.HEALTH, health.alive, methods=["GET"]),
        Route(paths.READY, health.ready, methods=["GET"]),
        # For who holds the operator's token.
        Route(METRICS, metrics.show, methods=["GET"]),
    ]
