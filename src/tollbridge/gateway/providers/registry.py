"""The providers as calls see them: found by id, the key opened, remembered for a moment."""

from dataclasses import replace
from typing import Protocol

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, Script
from tollbridge.gateway.providers import queries
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.providers.queries import StoredProvider
from tollbridge.gateway.recent import Recent
from tollbridge.gateway.secret import Secret


class Sealer(Protocol):
    """What keeps keys unreadable at rest; `gateway.sealing.Sealer` is one."""

    def seal(self, text: str, context: str) -> bytes:
        """Return `text` sealed; it opens in the same context only."""
        ...

    def open(self, blob: bytes, context: str) -> str:
        """Return what was sealed."""
        ...


class Registry:
    """Finds providers, each read at most once in two seconds.

    What is not there is not remembered, so a new provider can be used at once; a change by another
    process, such as the command line, is seen within two seconds.
    """

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        """Look in `database`; nothing is read yet."""
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._providers: Recent[str, Provider] = Recent()
        self._equipped: Recent[str, bool] = Recent()
        self._offered: Recent[str, list[Provider]] = Recent()

    async def find(self, provider_id: str) -> Provider | None:
        """Return the provider with its key, enabled or not, or None.

        Raises:
            StoreUnavailable: The store could not be read.
            SealBroken: Its key cannot be opened with this master key.
        """
        now_ms = self._clock.now_ms()
        known = self._providers.get(provider_id, now_ms=now_ms)
        if known is not None:
            return known
        stored = await self._database.read(queries.find_provider(provider_id))
        if stored is None:
            return None
        provider = open_provider(stored, self._sealer)
        self._providers.put(provider_id, provider, read_at_ms=now_ms)
        return provider

    async def any_for(self, paywall_id: str) -> bool:
        """Tell whether a paywall has a provider, be it enabled or not.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        now_ms = self._clock.now_ms()
        if self._equipped.get(paywall_id, now_ms=now_ms):
            return True
        found = await self._database.read(queries.has_provider(paywall_id))
        if found:
            self._equipped.put(paywall_id, True, read_at_ms=now_ms)
        return found

    async def offered_by(self, paywall_id: str) -> list[Provider]:
        """Return the providers that a paywall's pages may call, without their keys, oldest first.

        Those that are off, or called through templates only, are none of a page's business.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        now_ms = self._clock.now_ms()
        known = self._offered.get(paywall_id, now_ms=now_ms)
        if known is not None:
            return known
        stored = await self._database.read(queries.list_providers(paywall_id))
        # Their ids stand in order, and sorting keeps that where two are of the same age.
        stored.sort(key=lambda one: one.created_at)
        found = [
            one.provider
            for one in stored
            if one.provider.enabled and not one.provider.only_templates
        ]
        if found:
            self._offered.put(paywall_id, found, read_at_ms=now_ms)
        return found


def store_provider(provider: Provider, sealer: Sealer, now: int) -> Script[None]:
    """Write a provider with its key sealed, in place of the one that has its id.

    Raises:
        ValueError: The id is taken by a provider of another paywall. Nothing was changed.
    """
    sealed = None
    if provider.key is not None:
        sealed = sealer.seal(provider.key.reveal(), _context(provider.provider_id))
    yield from queries.put_provider(provider, sealed, now)


def replace_key(provider_id: str, key: Secret, sealer: Sealer) -> Script[bool]:
    """Put a key in place of a provider's, sealed; nothing else of the provider changes.

    Returns False where there is no such provider, or none with a key.
    """
    sealed = sealer.seal(key.reveal(), _context(provider_id))
    return (yield from queries.set_key(provider_id, sealed))


def open_provider(stored: StoredProvider, sealer: Sealer) -> Provider:
    """Return a stored provider with its key.

    Raises:
        SealBroken: The key cannot be opened with this master key.
    """
    if stored.key_sealed is None:
        return stored.provider
    key = sealer.open(stored.key_sealed, _context(stored.provider.provider_id))
    return replace(stored.provider, key=Secret(key))


def _context(provider_id: str) -> str:
    # A key that is copied into another provider's row does not open there.
    return f"providers:{provider_id}"
