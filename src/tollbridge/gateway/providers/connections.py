"""The pool: connections to providers that wait for their next request, and all others."""

import asyncio
import ssl

from tollbridge.gateway.providers.connecting import connect
from tollbridge.gateway.providers.connection import ProviderConnection
from tollbridge.gateway.providers.network import Resolve
from tollbridge.gateway.providers.request_head import Origin

# Seconds that an idle connection is kept; below what the usual servers keep theirs.
KEEPALIVE_S = 15.0

# Where to, over TLS or not, and whether private addresses were allowed as it was made.
_Key = tuple[str, int, bool, bool]


class Connections:
    """Every connection of a way to the providers; for the event loop's thread only."""

    def __init__(self, *, resolve: Resolve, tls: ssl.SSLContext) -> None:
        """Start with none; must be made inside a running loop."""
        self._resolve = resolve
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._idle: dict[_Key, list[ProviderConnection]] = {}
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False
        self.all: set[ProviderConnection] = set()

    def take(self, origin: Origin, *, allow_private: bool) -> ProviderConnection | None:
        """Return an idle connection, the one used last, or None."""
        idle = self._idle.get((origin.host, origin.port, origin.tls, allow_private))
        while idle:
            found = idle.pop()
            if found.is_usable and self._loop.time() - found.idle_since < KEEPALIVE_S:
                return found
            found.abort()
        return None

    async def make(
        self, origin: Origin, *, allow_private: bool, timeout_s: float
    ) -> ProviderConnection:
        """Make a new connection.

        Args:
            origin: Where to.
            allow_private: Private addresses may be connected to.
            timeout_s: Bound for resolving, connecting and the TLS handshake together.

        Raises:
            OSError: As `connecting.connect`; `TimeoutError` if it took too long.
        """
        key = (origin.host, origin.port, origin.tls, allow_private)

        def made() -> ProviderConnection:
            return ProviderConnection(
                self._loop,
                when_free=lambda free: self._keep(key, free),
                when_lost=lambda lost: self._forget(key, lost),
            )

        async with asyncio.timeout(timeout_s):
            connection = await connect(
                origin, made, resolve=self._resolve, tls=self._tls, allow_private=allow_private
            )
        if self._closed:
            connection.abort()
        if not connection.lost.done():
            self.all.add(connection)
        return connection

    async def close(self) -> None:
        """Break off every connection, and return when they are gone; a later one is no use."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        self._idle = {}
        closing = list(self.all)
        for connection in closing:
            connection.abort()
        for connection in closing:
            await connection.lost

    def _keep(self, key: _Key, connection: ProviderConnection) -> None:
        connection.idle_since = self._loop.time()
        self._idle.setdefault(key, []).append(connection)
        if self._sweep is None:
            self._sweep = self._loop.call_later(KEEPALIVE_S, self._close_old)

    def _forget(self, key: _Key, connection: ProviderConnection) -> None:
        self.all.discard(connection)
        idle = self._idle.get(key)
        if idle is not None and connection in idle:
            idle.remove(connection)

    def _close_old(self) -> None:
        self._sweep = None
        now = self._loop.time()
        for key, idle in list(self._idle.items()):
            for connection in idle:
                if now - connection.idle_since >= KEEPALIVE_S:
                    connection.abort()
            self._idle[key] = [c for c in idle if now - c.idle_since < KEEPALIVE_S]
            if not self._idle[key]:
                del self._idle[key]
        if self._idle:
            self._sweep = self._loop.call_later(KEEPALIVE_S, self._close_old)
