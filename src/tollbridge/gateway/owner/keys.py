"""Owner keys `sk_…`: what an owner's own server shows instead of a user's token."""

import hashlib
import secrets

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.owner import queries
from tollbridge.gateway.owner.queries import OwnerKey
from tollbridge.gateway.paywalls import need_paywall
from tollbridge.gateway.recent import Recent
from tollbridge.gateway.secret import Secret

PREFIX = "sk_"


class OwnerKeys:
    """Checks owner keys, each read at most once in two seconds.

    A key that is not there is not remembered, so a new one can be used at once.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        """Look in `database`; nothing is read yet."""
        self._database = database
        self._clock = clock
        self._recent: Recent[bytes, OwnerKey] = Recent()

    async def find(self, api_key: str | None) -> OwnerKey:
        """Return the key, revoked or not, that `X-Api-Key` holds; a Bearer is never one.

        Raises:
            Refusal: `apikey_required` without one, `invalid_api_key` for an unknown one.
            StoreUnavailable: The store could not be read.
        """
        if not api_key:
            raise Refusal("apikey_required", "This needs the owner's key, in the header X-Api-Key.")
        now_ms, key_hash = self._clock.now_ms(), hash_key(api_key)
        found = self._recent.get(key_hash, now_ms=now_ms)
        if found is None:
            found = await self._database.read(queries.find_key(key_hash))
            if found is None:
                raise Refusal("invalid_api_key", "The owner's key is not known.")
            self._recent.put(key_hash, found, read_at_ms=now_ms)
        return found

    async def find_active(self, api_key: str | None) -> OwnerKey:
        """Return the key that `X-Api-Key` holds, whichever paywall it is for.

        Raises:
            Refusal: `apikey_required` without one, `invalid_api_key` for an unknown or revoked
                one.
            StoreUnavailable: The store could not be read.
        """
        found = await self.find(api_key)
        if found.revoked:
            raise Refusal("invalid_api_key", "The owner's key was revoked.")
        return found

    async def check(self, api_key: str | None, paywall_id: str) -> OwnerKey:
        """Return the key that `X-Api-Key` holds, which is this paywall's.

        Raises:
            Refusal: As `find_active`; `forbidden` where the key is another paywall's.
            StoreUnavailable: The store could not be read.
        """
        found = await self.find_active(api_key)
        check_key_of(found, paywall_id)
        return found


def check_key_of(key: OwnerKey, paywall_id: str) -> None:
    """Refuse a key of another paywall.

    Raises:
        Refusal: `forbidden`.
    """
    if key.paywall_id != paywall_id:
        raise Refusal("forbidden", "This key is not one of this paywall's owner.")


def new_key() -> Secret:
    """Return a new key: 256 random bits, shown once."""
    return Secret(PREFIX + secrets.token_urlsafe(32))


def hash_key(api_key: str) -> bytes:
    """Return what the store keeps of a key; 256 random bits need no slow hash."""
    return hashlib.sha256(api_key.encode("utf-8", "surrogatepass")).digest()


def create_key(paywall_id: str, key: Secret, now: int) -> Script[str]:
    """Write a key of a paywall's owner and return its id.

    Raises:
        Refusal: `paywall_not_found`.
    """
    yield from need_paywall(paywall_id)
    made = OwnerKey(new_id("key"), paywall_id, revoked=False)
    yield from queries.insert_key(made, hash_key(key.reveal()), now)
    return made.key_id
