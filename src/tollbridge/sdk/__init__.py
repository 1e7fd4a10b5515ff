"""The headless client: session, balances, metered calls. Python in the page, or on a server."""

from tollbridge.sdk.abort import AbortController
from tollbridge.sdk.auth import AuthClient
from tollbridge.sdk.billing import BillingClient
from tollbridge.sdk.errors import (
    AbortedError,
    ConfigError,
    NetworkError,
    PaywallError,
    ProviderError,
    QuotaExceededError,
    SessionError,
)
from tollbridge.sdk.gateway import ApiGatewayClient
from tollbridge.sdk.response import Response
from tollbridge.sdk.session import Session
from tollbridge.sdk.signals import Computed, Signal, batch
from tollbridge.wire import Balance

__all__ = [
    "AbortController",
    "AbortedError",
    "ApiGatewayClient",
    "AuthClient",
    "Balance",
    "BillingClient",
    "Computed",
    "ConfigError",
    "NetworkError",
    "PaywallError",
    "ProviderError",
    "QuotaExceededError",
    "Response",
    "Session",
    "SessionError",
    "Signal",
    "batch",
]
