"""Who the users are: sign-in, sessions, access and refresh tokens, and their own balances."""

from tollbridge.gateway.identity.balances import balances_shown, list_balances
from tollbridge.gateway.identity.endpoints import IdentityEndpoints
from tollbridge.gateway.identity.identities import Identities, open_identities
from tollbridge.gateway.identity.values import Identity

__all__ = [
    "Identities",
    "Identity",
    "IdentityEndpoints",
    "balances_shown",
    "list_balances",
    "open_identities",
]
