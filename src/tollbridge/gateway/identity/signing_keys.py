"""The keys that sign access tokens: in the database, sealed under the master key."""

import json
from typing import Any

from joserfc.jwk import OKPKey

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database
from tollbridge.gateway.identity import queries
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.sealing import Sealer

# "EdDSA" is the name that JWT libraries of today read; RFC 9864's "Ed25519" is not yet.
ALGORITHM = "EdDSA"


class SigningKeys:
    """The keys by id: the newest signs, all of them verify."""

    def __init__(self, keys: dict[str, OKPKey]) -> None:
        """Keep keys, oldest first; there is at least one."""
        self._keys = keys
        self.newest_id = list(keys)[-1]

    def find(self, key_id: str) -> OKPKey | None:
        """Return the key, or None."""
        return self._keys.get(key_id)

    def jwks(self) -> dict[str, Any]:
        """Return the public halves as a JWK set (RFC 7517)."""
        return {"keys": [_public(key, key_id) for key_id, key in self._keys.items()]}


async def load_signing_keys(database: Database, sealer: Sealer, clock: Clock) -> SigningKeys:
    """Read the signing keys; the first start makes one.

    Gateways that start together agree on it: whether there is one is asked again in the unit that
    writes it.

    Raises:
        StartError: A key cannot be opened with this master key.
        StoreUnavailable: The store could not be read or written.
    """
    rows = await database.read(queries.list_signing_keys())
    if not rows:
        key_id = new_id("jwk")
        key = OKPKey.generate_key("Ed25519")
        sealed = sealer.seal(json.dumps(key.as_dict(private=True)), _context(key_id))
        public = json.dumps(_public(key, key_id))
        rows = await database.write(
            queries.keep_first_signing_key(key_id, sealed, public, clock.now_ms())
        )
    return SigningKeys(
        {
            key_id: OKPKey.import_key(json.loads(sealer.open(sealed, _context(key_id))))
            for key_id, sealed in rows
        }
    )


def _context(key_id: str) -> str:
    return f"signing_keys:{key_id}"


def _public(key: OKPKey, key_id: str) -> dict[str, Any]:
    public = {name: value for name, value in key.as_dict(private=False).items() if name != "kid"}
    return {**public, "kid": key_id, "use": "sig", "alg": ALGORITHM}
