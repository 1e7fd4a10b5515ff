"""Making a connection to a provider: resolve, guard, connect, shake hands."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from tollbridge.gateway.providers.network import (
    AddressInfo,
    Resolve,
    find_addresses,
    open_socket,
)
from tollbridge.gateway.providers.request_head import Origin

# RFC 8305 section 5: how long one address is tried alone before the next is tried beside it.
STAGGER_S = 0.25

P = TypeVar("P", bound=asyncio.Protocol)


async def connect(
    origin: Origin,
    protocol_factory: Callable[[], P],
    *,
    resolve: Resolve,
    tls: ssl.SSLContext,
    allow_private: bool,
) -> P:
    """Connect to a provider; who calls bounds the time, and cancelling leaves nothing open.

    Raises:
        AddressRefused: The host is not public, and may not be otherwise.
        OSError: The name does not resolve, no address answers, or TLS fails (`ssl.SSLError`).
    """
    addresses = await find_addresses(
        origin.host, origin.port, resolve=resolve, allow_private=allow_private
    )
    connected = await _connect_to_one(addresses, allow_private=allow_private)
    _, protocol = await asyncio.get_running_loop().create_connection(
        protocol_factory,
        sock=connected,
        ssl=tls if origin.tls else None,
        server_hostname=origin.host.rstrip(".") if origin.tls else None,
    )
    return protocol


async def _connect_to_one(
    addresses: Sequence[AddressInfo], *, allow_private: bool
) -> socket.socket:
    """Return the first socket that connects; an address that is slow does not hold up the next."""
    waiting = deque(_alternate(addresses))
    running: set[asyncio.Task[socket.socket]] = set()
    first_error: BaseException | None = None
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(_attempt(waiting.popleft(), allow_private)))
            ended, running = await asyncio.wait(
                running,
                timeout=STAGGER_S if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            while ended:
                task = ended.pop()
                error = task.exception()
                if error is None:
                    running |= ended  # the others, if any, are closed below
                    return task.result()
                first_error = first_error or error
    finally:
        for task in running:
            task.cancel()
            task.add_done_callback(_close_unwanted)
    assert first_error is not None
    raise first_error


async def _attempt(info: AddressInfo, allow_private: bool) -> socket.socket:
    made = open_socket(info, allow_private=allow_private)
    try:
        await asyncio.get_running_loop().sock_connect(made, info[4])
    except BaseException:
        made.close()
        raise
    return made


def _close_unwanted(task: "asyncio.Task[socket.socket]") -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _alternate(addresses: Iterable[AddressInfo]) -> list[AddressInfo]:
    """Put the two families in turns, the one that the system prefers first (RFC 8305)."""
    families: dict[int, list[AddressInfo]] = {}
    for info in addresses:
        families.setdefault(info[0], []).append(info)
    longest = max(len(of_family) for of_family in families.values())
    return [
        of_family[n]
        for n in range(longest)
        for of_family in families.values()
        if n < len(of_family)
    ]
