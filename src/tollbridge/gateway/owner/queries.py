"""The statements about owner keys and the answers given to keyed changes."""

from typing import NamedTuple

from tollbridge.gateway.database import Script, Statement


class OwnerKey(NamedTuple):
    """An owner's key as the store knows it: never the key itself."""

    key_id: str
    paywall_id: str
    revoked: bool


def insert_key(key: OwnerKey, key_hash: bytes, now: int) -> Script[None]:
    """Write a new key."""
    yield Statement(
        "insert into owner_keys (key_id, paywall_id, key_hash, created_at) values ($1, $2, $3, $4)",
        (key.key_id, key.paywall_id, key_hash, now),
    )


def find_key(key_hash: bytes) -> Script[OwnerKey | None]:
    """Read the key with this hash, revoked ones included, or None."""
    rows = yield Statement(
        "select key_id, paywall_id, revoked_at from owner_keys where key_hash = $1", (key_hash,)
    )
    return OwnerKey(rows[0][0], rows[0][1], rows[0][2] is not None) if rows else None


def revoke_key(key_id: str, now: int) -> Script[bool]:
    """End a key for good; returns whether there is such a key. Safe to repeat."""
    rows = yield Statement(
        "update owner_keys set revoked_at = coalesce(revoked_at, $2) where key_id = $1"
        " returning key_id",
        (key_id, now),
    )
    return bool(rows)


def find_answer(paywall_id: str, idempotency_key: str) -> Script[tuple[str, str] | None]:
    """Read (fingerprint, answer) of the change made under this key, or None."""
    rows = yield Statement(
        "select fingerprint, answer from owner_answers"
        " where paywall_id = $1 and idempotency_key = $2",
        (paywall_id, idempotency_key),
    )
    return (rows[0][0], rows[0][1]) if rows else None


def insert_answer(
    paywall_id: str, idempotency_key: str, fingerprint: str, answer: str, now: int
) -> Script[None]:
    """Keep the answer of a keyed change, to be given again."""
    yield Statement(
        "insert into owner_answers (paywall_id, idempotency_key, fingerprint, answer, created_at)"
        " values ($1, $2, $3, $4, $5)",
        (paywall_id, idempotency_key, fingerprint, answer, now),
    )
