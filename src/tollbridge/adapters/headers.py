"""Which headers of another SDK's request go into a call. Pure."""

from collections.abc import Iterable

# Those of one connection, which whoever sends the call makes himself; and two that a browser keeps
# to itself. What says who calls, a key included, is left out by `gateway.call()`.
_NOT_SENT = {
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "host",
    "transfer-encoding",
    "user-agent",
}


def sent_on(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what to give to `gateway.call()` of (name, value) pairs."""
    return {name: value for name, value in headers if name.lower() not in _NOT_SENT}
