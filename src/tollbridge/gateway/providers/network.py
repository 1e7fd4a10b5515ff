"""The guard against requests into one's own network, where names are resolved and sockets made.

A base URL is checked when it is written (`addresses.py`), but a name may lead anywhere later. So
every name is checked as it resolves, and every address again as its socket is made.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import Any

from tollbridge.gateway.providers.addresses import is_public

__all__ = ["AddressInfo", "AddressRefused", "Resolve", "find_addresses", "is_public"]

# As `socket.getaddrinfo` gives it: family, kind, protocol, canonical name, address.
AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]
# Returns the addresses of a host and port; raises OSError where there are none.
Resolve = Callable[[str, int], Awaitable[Sequence[AddressInfo]]]


class AddressRefused(OSError):
    """An address is not public, and the provider does not say `allow_private`."""

    def __init__(self) -> None:
        """Make the error; it names no address, since that would map the network behind it."""
        super().__init__("the address is not public")


async def ask_the_system(host: str, port: int) -> Sequence[AddressInfo]:
    """Resolve a name as the system does."""
    try:
        return await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
    except UnicodeError:  # a label that is too long is no name at all
        raise socket.gaierror(socket.EAI_NONAME, "the name cannot be") from None


async def find_addresses(
    host: str, port: int, *, resolve: Resolve, allow_private: bool
) -> Sequence[AddressInfo]:
    """Return where `host` is. An IP address is itself, and is not resolved.

    A name is refused if any of its addresses is not public: one private address among public ones
    is what a rebinding attack looks like, and no provider needs it.

    Raises:
        AddressRefused: One of the addresses is not public.
        OSError: The name does not resolve.
    """
    found = _literal(host, port)
    if found is None:
        found = await resolve(host, port)
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
    if not allow_private:
        for _, _, _, _, address in found:
            if not is_public(str(address[0])):
                raise AddressRefused
    return found


def open_socket(info: AddressInfo, *, allow_private: bool) -> socket.socket:
    """Make the socket for one attempt to connect.

    Raises:
        AddressRefused: The address about to be connected to is not public. No socket was made.
    """
    family, kind, protocol, _, address = info
    if family not in (socket.AF_INET, socket.AF_INET6):
        raise AddressRefused
    if not allow_private and not is_public(str(address[0])):
        raise AddressRefused
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


def _literal(host: str, port: int) -> Sequence[AddressInfo] | None:
    try:
        version = ip_address(host).version
    except ValueError:
        return None
    tcp = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
    if version == 4:
        return [(socket.AF_INET, *tcp, (host, port))]
    return [(socket.AF_INET6, *tcp, (host, port, 0, 0))]
