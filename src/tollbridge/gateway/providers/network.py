"""The guard against requests into one's own network, where connections are made.

A base URL is checked when it is written (`addresses.py`), but a name may lead anywhere later. So
every name is checked as it resolves and every address again as its socket is made: a resolver
alone would not do, because aiohttp never asks it about a host that is an IP address.
"""

import socket

from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from tollbridge.gateway.providers.addresses import is_public

__all__ = ["AddressRefused", "PublicResolver", "is_public", "open_public_socket"]


class AddressRefused(OSError):
    """An address is not public, and the provider does not say `allow_private`."""

    def __init__(self) -> None:
        """Make the error; it names no address, since that would map the network behind it."""
        super().__init__("the address is not public")


class PublicResolver(AbstractResolver):
    """Resolves names, and refuses a name if any of its addresses is not public.

    One private address among public ones is what a rebinding attack looks like; no provider needs
    it.
    """

    def __init__(self, resolver: AbstractResolver) -> None:
        """Ask `resolver`, and close it in the end."""
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host`.

        Raises:
            AddressRefused: One of them is not public.
            OSError: The name does not resolve.
        """
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            if not is_public(result["host"]):
                raise AddressRefused
        return found

    async def close(self) -> None:
        """Close the resolver behind this one."""
        await self._resolver.close()


def open_public_socket(address_info: AddrInfoType) -> socket.socket:
    """Make the socket for one connection attempt; aiohttp's `socket_factory`.

    Raises:
        AddressRefused: The address about to be connected to is not public. No socket was made.
    """
    family, kind, protocol, _, address = address_info
    if family not in (socket.AF_INET, socket.AF_INET6) or not is_public(str(address[0])):
        raise AddressRefused
    return socket.socket(family, kind, protocol)
