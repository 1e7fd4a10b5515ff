"""What went wrong on the way to a provider, in words for the page. No I/O.

The words name the kind of failure and nothing of the provider: no address, no key.
"""

import socket
import ssl

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.network import AddressRefused


class Disconnected(Exception):
    """The connection was gone before the answer's head was here.

    Attributes:
        heard: At least one byte of an answer had come. Otherwise this is what a provider's closing
            of an idle connection looks like when it crosses a request.
    """

    def __init__(self, *, heard: bool) -> None:
        """Say whether anything had come."""
        super().__init__("disconnected")
        self.heard = heard


class NotHttp(Exception):
    """What came is no answer, or one that cannot be passed on as it comes."""


def explain_connecting(error: OSError) -> Refusal:
    """Turn what `connecting.connect` raised into a refusal.

    `details.reason` is one of `connect_timeout`, `address`, `dns`, `tls`, `refused`, `connect`.
    """
    if isinstance(error, TimeoutError):
        return Refusal(
            "provider_timeout",
            "No connection to the provider could be made in time.",
            details={"reason": "connect_timeout"},
        )
    reason, message = _reason(error)
    return Refusal("provider_unreachable", message, details={"reason": reason})


def _reason(error: OSError) -> tuple[str, str]:
    if isinstance(error, AddressRefused):
        return "address", "The provider's address is not public, and it may not be private."
    if isinstance(error, socket.gaierror):
        return "dns", "The provider's host name could not be resolved."
    if isinstance(error, ssl.SSLError):
        return "tls", "The provider's TLS certificate or handshake was not accepted."
    if isinstance(error, ConnectionRefusedError):
        return "refused", "The provider refused the connection."
    return "connect", "No connection to the provider could be made."


def explain(error: Disconnected | NotHttp) -> Refusal:
    """Turn the end of a connection before the answer's head into a refusal.

    `details.reason` is `disconnected` or `invalid_answer`.
    """
    if isinstance(error, NotHttp):
        reason, message = "invalid_answer", "The provider's answer is not HTTP as it should be."
    else:
        reason, message = (
            "disconnected",
            "The provider closed the connection before it answered.",
        )
    return Refusal("provider_unreachable", message, details={"reason": reason})


def no_answer_in_time(seconds: float) -> Refusal:
    """Return the refusal where no headers came within so many seconds."""
    return Refusal(
        "provider_timeout",
        f"The provider sent no answer within {seconds:g} s.",
        details={"reason": "first_byte_timeout"},
    )
