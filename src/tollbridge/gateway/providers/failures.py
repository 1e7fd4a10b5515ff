"""What went wrong on the way to a provider, in words for the page. No I/O.

The words name the kind of failure and nothing of the provider: no address, no key.
"""

import aiohttp

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.network import AddressRefused


def is_worth_another_try(error: Exception) -> bool:
    """Tell whether a connection out of the pool died before any byte of an answer.

    That is what a provider's closing of an idle connection looks like when it crosses a request.
    """
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)  # otherwise it is the beginning of an answer
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    return isinstance(error, aiohttp.ClientOSError | aiohttp.ClientConnectionResetError)


def explain(error: Exception) -> Refusal:
    """Turn what aiohttp raised before the headers were here into a refusal.

    `details.reason` is one of `connect_timeout`, `dns`, `address`, `tls`, `refused`, `connect`,
    `invalid_answer`, `disconnected`.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Refusal(
            "provider_timeout",
            "No connection to the provider could be made in time.",
            details={"reason": "connect_timeout"},
        )
    reason, message = _reason(error)
    return Refusal("provider_unreachable", message, details={"reason": reason})


def _reason(error: Exception) -> tuple[str, str]:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else None
    if isinstance(cause, AddressRefused):
        return "address", "The provider's address is not public, and it may not be private."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns", "The provider's host name could not be resolved."
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls", "The provider's TLS certificate or handshake was not accepted."
    if isinstance(cause, ConnectionRefusedError):
        return "refused", "The provider refused the connection."
    if isinstance(error, aiohttp.ClientConnectorError):
        return "connect", "No connection to the provider could be made."
    if isinstance(error, aiohttp.ClientResponseError | aiohttp.ClientPayloadError):
        return "invalid_answer", "The provider's answer is not HTTP as it should be."
    return "disconnected", "The provider closed the connection before it answered."


def invalid_answer() -> Refusal:
    """Return the refusal of an answer that parses, but cannot be passed on."""
    return Refusal(
        "provider_unreachable",
        "The provider's answer is HTTP of a kind that cannot be passed on.",
        details={"reason": "invalid_answer"},
    )


def no_answer_in_time(seconds: float | None) -> Refusal:
    """Return the refusal where no headers came within so many seconds."""
    return Refusal(
        "provider_timeout",
        f"The provider sent no answer within {seconds:g} s.",
        details={"reason": "first_byte_timeout"},
    )
