"""Who somebody is, and what they are handed when they sign in. Values only."""

from dataclasses import dataclass
from enum import Enum

from tollbridge.gateway.secret import Secret


@dataclass(frozen=True, slots=True)
class Identity:
    """A user of a paywall in a session, as an access token states it."""

    user_id: str
    paywall_id: str
    session_id: str
    anonymous: bool


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed access token.

    Attributes:
        expires_in_s: Whole seconds that it is good for from now.
        expires_at_s: The second since 1970 from which on it is worth nothing.
    """

    text: Secret
    expires_in_s: int
    expires_at_s: int


class Trial(Enum):
    """What became of a new user's trial credits; the value is the reason that the wire says."""

    GRANTED = ""
    ADDRESS_HAD_SOME = "address"
    ORIGIN_HAS_NONE_LEFT = "origin"
    PAYWALL_HAS_NONE_LEFT = "paywall"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a sign-in or a refresh hands out.

    Attributes:
        trial: What became of the trial credits, where a user was made.
    """

    identity: Identity
    access: AccessToken
    refresh_token: Secret
    email: str | None = None
    trial: Trial = Trial.GRANTED
