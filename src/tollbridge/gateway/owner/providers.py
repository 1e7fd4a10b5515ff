"""What an owner does with providers, as whole steps."""

from dataclasses import replace

from tollbridge.gateway.database import Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.paywalls import need_paywall, store_paywall
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.providers.provider_fields import read_key
from tollbridge.gateway.providers.queries import StoredProvider, find_provider, put_provider
from tollbridge.gateway.providers.registry import replace_key, store_provider
from tollbridge.gateway.sealing import Sealer
from tollbridge.gateway.secret import Secret


def add_provider(
    provider: Provider, sealer: Sealer | None, now: int
) -> Script[tuple[StoredProvider, bool]]:
    """Write a provider; returns it as stored, and whether it took another's place.

    A query type that the paywall does not have is made with it, without trial credits. `sealer`
    may be None where the provider has no key.

    Raises:
        Refusal: `paywall_not_found`.
        ValueError: The id is another paywall's provider's, or the paywall has too many query
            types. Nothing changed.
    """
    paywall = yield from need_paywall(provider.paywall_id)
    before = yield from find_provider(provider.provider_id)
    if provider.query_type not in paywall.query_types:
        types = {**paywall.query_types, provider.query_type: 0}
        yield from store_paywall(replace(paywall, query_types=types))
    if provider.key is None or sealer is None:
        yield from put_provider(provider, None, now)
    else:
        yield from store_provider(provider, sealer, now)
    return (yield from need_provider(provider.provider_id)), before is not None


def rotate_key(provider_id: str, key: Secret, sealer: Sealer) -> Script[None]:
    """Replace a provider's key; calls that have begun keep the old one.

    Raises:
        Refusal: `provider_not_found`.
        ValueError: No header can carry the key, or the provider has none that it could replace.
    """
    read_key(key)
    yield from need_provider(provider_id)
    if not (yield from replace_key(provider_id, key, sealer)):
        raise ValueError(
            f"the provider {provider_id} has no key to replace; add it again with --key-env"
        )


def need_provider(provider_id: str) -> Script[StoredProvider]:
    """Read a provider that must be there.

    Raises:
        Refusal: `provider_not_found`.
    """
    found = yield from find_provider(provider_id)
    if found is None:
        raise Refusal("provider_not_found", f"There is no provider {provider_id}.")
    return found
