"""Which addresses are public: decided here, asked for where a provider is made and at connect.

No I/O. Python's own `is_global` is not enough: it lets an address of a private network through
when that is wrapped in one of IPv6's transition forms (seen with 6to4 and NAT64 on 3.11 to 3.13).
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# RFC 6052: the last 32 bits of such an address are the IPv4 address that is really reached.
_NAT64 = ip_network("64:ff9b::/96")

# Not public, although some supported Python says they are.
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "64:ff9b:1::/48",  # NAT64 of a local network (RFC 8215)
        "2001::/23",  # IETF protocol assignments, Teredo among them
        "fec0::/10",  # site-local, deprecated (RFC 3879)
        "3fff::/20",  # documentation (RFC 9637)
        "192.0.0.0/24",  # IETF protocol assignments, one cloud's metadata among them
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "168.63.129.16/32",  # one cloud's metadata, on a public address
    )
)

# WHATWG URL, "ends in a number": such a host is read as an IPv4 address, in whatever base.
_NUMERIC_LABEL = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def is_public(address: str | Address) -> bool:
    """Tell whether an IP address is one of the public internet.

    IPv4 addresses wrapped in IPv6 (mapped, 6to4, NAT64) are judged by what they wrap.

    Raises:
        ValueError: `address` is text, but no IP address.
    """
    found = ip_address(address) if isinstance(address, str) else address
    wrapped = _wrapped(found)
    if wrapped is not None:
        return is_public(wrapped)
    if found.is_multicast or found.is_reserved or found.is_unspecified or not found.is_global:
        return False
    return not any(found in network for network in _NOT_PUBLIC)


def _wrapped(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def check_host(host: str, *, allow_private: bool) -> None:
    """Refuse a URL's host that is not public, as far as its spelling tells.

    A name that leads to a private address shows itself only at connect; see `network.py`.

    Raises:
        ValueError: The message is a sentence that shows the host.
    """
    if not host:
        raise ValueError("the base URL names no host")
    if "%" in host:
        raise ValueError(f"{host!r} names a network interface, which no URL can")
    literal = _literal(host)
    if literal is None:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", host):
            raise ValueError(f"{host!r} is no host name; other alphabets are written in punycode")
        if _NUMERIC_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise ValueError(f"{host!r} is no IP address as it is usually written")
    if allow_private:
        return
    is_local_name = host.rstrip(".").lower().endswith("localhost")
    if is_local_name or (literal is not None and not is_public(literal)):
        raise ValueError(f"{host!r} is not a public address; --allow-private permits it")


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
