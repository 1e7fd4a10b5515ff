"""The head of a request to a provider, as bytes. No I/O.

What comes in has been checked (`policy.py`, `headers.py`). It is checked here once more, because a
line end or a framing header that slips through would be a second request under the owner's key.

Source: RFC 9112 sections 2.2, 3 and 6.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_TARGET = re.compile(r"[\x21-\x22\x24-\x7e]+")  # visible ASCII, and no fragment
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Say how long the request is and where it goes: said here, once.
_OURS = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a provider is, read from its base URL.

    Attributes:
        host: A name or an address, without brackets.
        host_header: The host as the header says it, with its port unless that is the usual one.
        prefix: The base URL's own path, without a slash at its end.
    """

    tls: bool
    host: str
    port: int
    host_header: str
    prefix: str


@lru_cache(maxsize=1024)  # one for each provider; more providers are read anew
def read_origin(base_url: str) -> Origin:
    """Read a base URL that `presets.make_provider` has accepted."""
    parts = urlsplit(base_url)
    port = parts.port or _PORTS[parts.scheme]
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    if port != _PORTS[parts.scheme]:
        shown = f"{shown}:{port}"
    return Origin(parts.scheme == "https", host, port, shown, parts.path.rstrip("/"))


def write_head(
    origin: Origin,
    method: str,
    path: str,
    query: bytes,
    headers: list[tuple[str, str]],
    framing: str,
) -> bytes:
    """Return the request line and the headers, the empty line included.

    Args:
        origin: Where it goes.
        method: GET, POST or HEAD.
        path: As `policy.parse_path` returned it; "" is the base URL itself.
        query: As `policy.upstream_query` returned it.
        headers: As `headers.to_provider` returned them, sent in this order.
        framing: The header that says where the body ends, with its line end, or "".

    Raises:
        ValueError: Something in it is no part of a request's head; the message shows nothing of
            it. It is a fault of ours that it came this far.
    """
    target = f"{origin.prefix}/{path}" if path else origin.prefix or "/"
    if query:
        target = f"{target}?{query.decode('latin-1')}"
    values = "".join([value for _, value in headers])
    if not _TARGET.fullmatch(target) or _CONTROL.search(values):
        raise _unsendable()
    lines = "".join([f"{_line_start(name)}{value}\r\n" for name, value in headers])
    return (
        f"{method} {target} HTTP/1.1\r\nHost: {origin.host_header}\r\n{lines}{framing}\r\n"
    ).encode()


@lru_cache(maxsize=1024)  # pages choose names; the usual ones stay in here
def _line_start(name: str) -> str:
    if not _NAME.fullmatch(name) or name.lower() in _OURS:
        raise _unsendable()
    return f"{name}: "


def _unsendable() -> ValueError:
    return ValueError("the address or a header cannot be part of a request")
