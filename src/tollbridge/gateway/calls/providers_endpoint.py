"""The providers over HTTP: what one's page may call, and what that costs."""

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.identity import IdentityEndpoints
from tollbridge.gateway.json_body import answer_json
from tollbridge.gateway.providers.presets import PRESETS
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.providers.registry import Registry
from tollbridge.wire import Provider as Offer


class ProvidersEndpoint:
    """`GET /api/v1/paywall/{id}/providers`."""

    def __init__(self, identity: IdentityEndpoints, registry: Registry) -> None:
        """Join the parts."""
        self._identity = identity
        self._registry = registry

    async def show(self, request: Request) -> Response:
        """Answer with those that pages may call, oldest first; none where nothing is metered.

        Raises:
            Refusal: As for the balances.
        """
        paywall, identity = await self._identity.admit_user(request)
        found: list[Provider] = []
        if paywall.tokenization:
            found = await self._registry.offered_by(paywall.paywall_id)
        offers = [offer_of(provider, anonymous=identity.anonymous) for provider in found]
        return answer_json({"providers": [offer.to_json() for offer in offers]})


def offer_of(provider: Provider, *, anonymous: bool) -> Offer:
    """Return what a page learns of a provider: neither where it is nor what it is limited to.

    Args:
        provider: Of the user's own paywall, and open to its pages.
        anonymous: Whether the user is not signed in with a name.
    """
    path = next(iter(PRESETS[provider.preset].bodies), "")
    return Offer(
        provider.provider_id,
        preset=provider.preset,
        path=path,
        allow=[str(rule) for rule in provider.allow],
        models=list(provider.models),
        query_type=provider.query_type,
        cost=provider.cost_of("POST", path) if path else provider.cost,
        sign_in_required=anonymous and not provider.anonymous_allowed,
    )
