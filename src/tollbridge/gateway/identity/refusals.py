"""The refusals of users, each made in one place."""

from tollbridge.gateway.errors import Refusal


def invalid_token(message: str) -> Refusal:
    """Return the one refusal of every credential of a user that does not hold."""
    return Refusal("invalid_token", message)


def no_identity() -> Refusal:
    """Return the refusal of a user who is not this paywall's."""
    return Refusal("identity_not_found", "There is no such user on this paywall.")
