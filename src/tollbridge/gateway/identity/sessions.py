"""Sessions and the rotation of their refresh tokens: decisions only, no I/O, no clock.

Each refresh token makes one successor, derived from it under a key of the server, so that the same
token always gives the same successor and none is stored in clear. Tokens of a session are numbered
from 0; the newest has not been used.

Source: reuse detection as in RFC 9700 section 4.14.2.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import Enum

_DAY_MS = 24 * 60 * 60 * 1000
# The published contract's: whoever was away longer signs in again.
IDLE_MS = 30 * _DAY_MS
# Rotation never moves this end: a thief who keeps a stolen session warm loses it all the same.
LIFETIME_MS = 365 * _DAY_MS
# An answer that was lost on the way is asked for again within seconds.
REPEAT_MS = 10_000
# How long a token is recognised after its use or its session's end: one that comes back within this
# time gives a thief away, one that comes later is unknown.
TOKENS_KEPT_MS = 30 * _DAY_MS

PREFIX = "rt_"


class Decision(Enum):
    """What a refresh leads to."""

    ROTATE = "a new successor"
    REPEAT = "the same successor again"
    REUSED = "an old token came back: the session is revoked"
    ENDED = "the session was over before"


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token that came in, and its session, as the store knows them.

    Attributes:
        generation: The token's number.
        newest: The number of the session's newest token.
        successor_used_at: When the token's successor was first used; None while it is unused.
        used_at: When the session was begun or last refreshed.
    """

    generation: int
    newest: int
    successor_used_at: int | None
    used_at: int
    expires_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class Life:
    """A session's moments, in milliseconds since 1970; see `Presented`."""

    used_at: int
    expires_at: int
    revoked_at: int | None


def decide_refresh(presented: Presented, now: int) -> Decision:
    """Decide what a refresh leads to.

    The same successor comes again while it is unused, and for 10 s after its first use: two tabs
    and a lost answer are common. That holds for the immediate parent only; an older token means
    that two parties hold the session.
    """
    if presented.revoked_at is not None or not is_alive(
        presented.used_at, presented.expires_at, now
    ):
        return Decision.ENDED
    age = presented.newest - presented.generation
    if age == 0:
        return Decision.ROTATE
    if age == 1:
        return Decision.REPEAT
    used_at = presented.successor_used_at
    if age == 2 and used_at is not None and now - used_at <= REPEAT_MS:
        return Decision.REPEAT
    return Decision.REUSED


def is_alive(used_at: int, expires_at: int, now: int) -> bool:
    """Return whether a session that was not revoked is still good."""
    return now < expires_at and now - used_at <= IDLE_MS


def ended_before(life: Life, moment: int) -> bool:
    """Return whether a session was over at that moment already, in whichever way it ended."""
    revoked = life.revoked_at is not None and life.revoked_at < moment
    return revoked or not is_alive(life.used_at, life.expires_at, moment)


def new_refresh_token() -> str:
    """Return the first refresh token of a session: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def derive_successor(key: bytes, refresh_token: str) -> str:
    """Return the token that follows `refresh_token`; the same one each time."""
    digest = hmac.digest(key, _bytes(refresh_token), "sha256")
    return PREFIX + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_refresh_token(refresh_token: str) -> bytes:
    """Return what the store keeps of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(_bytes(refresh_token)).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
