"""Connections to providers: aiohttp's pool, which also tells which connection a request got.

Knowing it is what makes three promises possible: to break a connection off at once, to notice
when it is gone, and to tell a connection that was made for this request from one out of the pool.
"""

import asyncio
import ssl
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver

from tollbridge.gateway.providers.network import PublicResolver, open_public_socket

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

# Seconds that an idle connection is kept; below what the usual servers keep theirs.
KEEPALIVE_S = 15.0
# Bytes read ahead of the page; twice as many stop the reading.
READ_AHEAD_BYTES = 64 * 1024
# Bytes of one header line of an answer, and how many lines; beyond it is no API's answer.
HEADER_BYTES_MAX = 16 * 1024
HEADERS_MAX = 128

_NOT_SENT_BY_ITSELF = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Passage:
    """The connection that one try of one request runs on, as soon as there is one.

    Attributes:
        reused: It came out of the pool.
        lost: Ends when the connection is gone, with the error if it was not closed properly; None
            as long as there is no connection, or if it was gone already.
    """

    __slots__ = ("_transport", "lost", "reused")

    def __init__(self) -> None:
        """Start without a connection."""
        self._transport: asyncio.Transport | None = None
        self.lost: asyncio.Future[None] | None = None
        self.reused = False

    def take(self, connection: "Connection", *, reused: bool) -> None:
        """Note the connection."""
        self.reused = reused
        self._transport = connection.transport
        self.lost = connection.protocol.closed if connection.protocol is not None else None

    def abort(self) -> None:
        """Break the connection off at once; what was not sent yet is not sent.

        Must not be called once the answer is complete: the connection may be another's by then.
        """
        if self._transport is not None:
            self._transport.abort()


# aiohttp hands nothing of ours down to the connector; a request runs in one task, so this does.
passage_of_task: ContextVar[Passage] = ContextVar("passage_of_task")


class _Connector(aiohttp.TCPConnector):
    """A connector that notes in the task's `Passage` which connection was given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._seen: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self, req: "ClientRequest", traces: "list[Trace]", timeout: aiohttp.ClientTimeout
    ) -> "Connection":
        """See `BaseConnector.connect`."""
        connection = await super().connect(req, traces, timeout)
        protocol = connection.protocol
        assert protocol is not None
        reused = protocol in self._seen
        passage_of_task.get().take(connection, reused=reused)
        if not reused:
            self._seen.add(protocol)
            if protocol.closed is not None:
                protocol.closed.add_done_callback(_take_note)
        return connection


def _take_note(lost: "asyncio.Future[None]") -> None:
    lost.exception()  # asyncio would log it as never looked at


def open_session(
    resolver: AbstractResolver,
    ssl_context: ssl.SSLContext,
    *,
    allow_private: bool,
    pooled: bool,
    connect_timeout_s: float,
) -> aiohttp.ClientSession:
    """Return a session that sends what it is given, follows nothing and keeps no cookies.

    Args:
        resolver: Resolves names; guarded here unless `allow_private`.
        ssl_context: Verifies the provider's certificate.
        allow_private: Private addresses may be connected to.
        pooled: Connections are used again; otherwise each request makes its own.
        connect_timeout_s: Bound for resolving, connecting and the TLS handshake together.
    """
    connector = _Connector(
        resolver=resolver if allow_private else PublicResolver(resolver),
        socket_factory=None if allow_private else open_public_socket,
        ssl=ssl_context,
        limit=0,  # `Upstream` counts, and refuses instead of queueing
        **({"keepalive_timeout": KEEPALIVE_S} if pooled else {"force_close": True}),
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=_NOT_SENT_BY_ITSELF,
        timeout=aiohttp.ClientTimeout(
            total=None, connect=connect_timeout_s, sock_connect=connect_timeout_s
        ),
        read_bufsize=READ_AHEAD_BYTES,
        max_line_size=HEADER_BYTES_MAX,
        max_field_size=HEADER_BYTES_MAX,
        max_headers=HEADERS_MAX,
    )
    # aiohttp would send a GET again on whatever connection; what is sent twice is decided by us.
    session._retry_connection = False
    return session
