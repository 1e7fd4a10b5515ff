"""Whose address a request comes from, as a subject of limits. Pure.

A household or a server has one IPv4 address, or an IPv6 network of 64 bits with as many addresses
in it as it likes; so that is what counts as one.

`X-Forwarded-For` is read from the right, since each proxy appends whom it heard from: what stands
to the left of the first hop that is not ours can be anybody's invention.
"""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from tollbridge.gateway.settings import Network

Scope = MutableMapping[str, Any]
Address = IPv4Address | IPv6Address

# Whoever comes over a Unix socket, or over one that is gone already: they count as one.
NOWHERE = "nowhere"

# An IPv6 address with brackets, zone and port; nothing longer is worth a look, or a place in a
# cache.
_HOP_CHARS_MAX = 80
_HOPS_CACHED = 4096

_FORWARDED_FOR = b"x-forwarded-for"
_FORWARDING = (_FORWARDED_FOR, b"forwarded")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Finds the subject of per-address limits.

    Attributes:
        trusted_proxies: Networks whose `X-Forwarded-For` counts.
        spare_loopback: Lift per-address limits for whoever sits at this machine, as the demo does.
    """

    trusted_proxies: tuple[Network, ...] = ()
    spare_loopback: bool = False

    def subject_of(self, scope: Scope) -> str | None:
        """Return the subject that a request counts for; None where no per-address limit holds.

        A request over loopback that says it was forwarded comes through a proxy or a tunnel on
        this machine, from anywhere: it is not spared.
        """
        if self.spare_loopback and _is_direct_from_loopback(scope):
            return None
        return client_address(scope, self.trusted_proxies)


def client_address(scope: Scope, trusted_proxies: Sequence[Network]) -> str:
    """Return whom a request counts for: an IPv4 address or an IPv6 network of 64 bits, as text.

    It is the peer of the connection. Where that is a trusted proxy, it is the rightmost hop of
    `X-Forwarded-For` that is none; a hop that is no address ends the search, and the last one
    before it counts. Ports and brackets are taken off, IPv4 inside of IPv6 is IPv4.
    """
    peer = _peer(scope)
    if not trusted_proxies:
        return _subject(peer)
    address = _read(peer)
    if address is None or not _is_in(address, trusted_proxies):
        return _subject(peer)
    found = peer
    for hop in _hops_from_the_right(scope["headers"]):
        address = _read(hop)
        if address is None:
            break
        found = hop
        if not _is_in(address, trusted_proxies):
            break
    return _subject(found)


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _is_direct_from_loopback(scope: Scope) -> bool:
    address = _read(_peer(scope))
    if address is None or not address.is_loopback:
        return False
    return all(name not in _FORWARDING for name, _ in scope["headers"])


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _hops_from_the_right(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    # Several headers are one list, in the order in which they came.
    joined = b",".join(value for name, value in headers if name == _FORWARDED_FOR)
    hops = joined.decode("latin-1").split(",") if joined else []
    hops.reverse()
    return hops


def _read(hop: str) -> Address | None:
    return _read_short(hop) if len(hop) <= _HOP_CHARS_MAX else None


@lru_cache(maxsize=_HOPS_CACHED)
def _read_short(hop: str) -> Address | None:
    try:
        address = ip_address(_without_port(hop.strip(" \t")))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _without_port(hop: str) -> str:
    """Return the host of a hop, or what is no address where the rest of it is not a port."""
    if hop.startswith("["):
        host, bracket, rest = hop[1:].partition("]")
        colon, port = rest[:1], rest[1:]
        if not bracket or colon not in ("", ":"):
            return ""
    elif hop.count(":") == 1:
        host, colon, port = hop.partition(":")
    else:
        return hop
    return host if not colon or (port.isascii() and port.isdigit()) else ""


@lru_cache(maxsize=_HOPS_CACHED)
def _subject(hop: str) -> str:
    address = _read(hop)
    if address is None:
        return NOWHERE
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))
