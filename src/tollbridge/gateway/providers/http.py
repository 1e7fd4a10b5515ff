"""The way to the providers: requests out, answers back, over HTTP/1.1.

What the page sent has been checked and filtered by then (`policy.py`, `headers.py`); here it is
only carried. Nothing is followed, kept, decoded or sent again, but for one case that `open` names.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.answer import ProviderBrokeOff, ProviderIdle, UpstreamAnswer
from tollbridge.gateway.providers.connection import ProviderConnection
from tollbridge.gateway.providers.connections import Connections
from tollbridge.gateway.providers.failures import (
    Disconnected,
    NotHttp,
    explain,
    explain_connecting,
)
from tollbridge.gateway.providers.network import Resolve, ask_the_system
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.providers.request_head import Origin, read_origin, write_head
from tollbridge.gateway.providers.upload import SLICE_BYTES, Patience, Upload, slices

__all__ = ["ProviderBrokeOff", "ProviderIdle", "Upstream", "UpstreamAnswer"]

# Seconds to resolve, connect and shake hands; who takes longer is down.
CONNECT_TIMEOUT_S = 10.0
# Requests under way at once. A process that may open the usual 1,024 files cannot serve more.
REQUESTS_MAX = 4_000

Body = bytes | AsyncIterator[bytes] | None


class Upstream:
    """Carries requests to providers. `start` it before the first, `close` it in the end."""

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve = ask_the_system,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        requests_max: int = REQUESTS_MAX,
    ) -> None:
        """Make it; no connection is made yet.

        Args:
            ssl_context: Verifies certificates; by default against what the system trusts, or what
                the environment's `SSL_CERT_FILE` names.
            resolve: Resolves names; by default as the system does.
            connect_timeout_s: Bound for a new connection.
            requests_max: Requests under way at once.
        """
        self._ssl_context = ssl_context
        self._resolve = resolve
        self._connect_timeout_s = connect_timeout_s
        self._requests_max = requests_max
        self._running = 0
        self._connections: Connections | None = None

    async def start(self) -> None:
        """Prepare the pool; reads the trusted certificates."""
        context = self._ssl_context
        if context is None:
            context = await asyncio.to_thread(ssl.create_default_context)
        context.set_alpn_protocols(["http/1.1"])
        self._connections = Connections(resolve=self._resolve, tls=context)

    async def close(self) -> None:
        """Break off what is under way and close every connection."""
        if self._connections is not None:
            await self._connections.close()

    async def open(
        self,
        provider: Provider,
        method: str,
        path: str,
        query: bytes,
        headers: list[tuple[str, str]],
        body: Body,
        content_length: int | None = None,
        first_byte_timeout_s: float | None = None,
        idle_timeout_s: float | None = None,
    ) -> UpstreamAnswer:
        """Send a request and return as soon as the answer's headers are here.

        A gathered body is sent once more, on a new connection, if a connection out of the pool
        died before any byte of an answer; a streamed body never is.

        Args:
            provider: Where to, and whether that may be private.
            method: GET or POST.
            path: As `policy.parse_path` returned it; "" is the base URL itself.
            query: As `policy.upstream_query` returned it.
            headers: As `headers.to_provider` returned them.
            body: None, gathered bytes, or parts that are asked for at the provider's pace.
            content_length: Of a streamed body, as announced; None sends it chunked.
            first_byte_timeout_s: Bound for the headers, counted from when there is a connection,
                and anew after each part of a body that goes out in parts; waiting for the page
                does not count. None is no bound.
            idle_timeout_s: The longest wait for bytes of the body; None is no bound.

        Raises:
            Refusal: `provider_unreachable`, `provider_timeout`, or `busy` if too many requests are
                under way. Nothing is left open.
            ValueError: The address or a header cannot be sent; nothing was.
            Exception: Whatever `body` raised. The connection was broken off.

        A caller that is cancelled in here has the connection broken off at once.
        """
        self._refuse_when_full()
        if body == b"" or content_length == 0:
            body = None
        if isinstance(body, bytes):
            content_length = len(body)
        origin = read_origin(provider.base_url)
        framing = _framing(method, body, content_length)
        call = _Call(
            head=write_head(origin, method, path, query, headers, framing),
            body=body,
            content_length=content_length,
            is_to_head=method == "HEAD",
            first_byte_timeout_s=first_byte_timeout_s,
            idle_timeout_s=idle_timeout_s,
        )
        self._running += 1
        try:
            return await self._send(call, origin, allow_private=provider.allow_private)
        except BaseException:
            self._running -= 1
            raise

    def _refuse_when_full(self) -> None:
        if self._running >= self._requests_max:
            raise Refusal(
                "busy",
                "The gateway is waiting for as many providers as it can; try again shortly.",
                headers={"retry-after": "1"},
            )

    async def _send(self, call: "_Call", origin: Origin, *, allow_private: bool) -> UpstreamAnswer:
        assert self._connections is not None
        pooled = self._connections.take(origin, allow_private=allow_private)
        try:
            if pooled is not None:
                try:
                    return await self._ask(pooled, call)
                except Disconnected as error:
                    if error.heard or not call.can_be_repeated:
                        raise
            return await self._ask(await self._connect(origin, allow_private), call)
        except (Disconnected, NotHttp) as error:
            raise explain(error) from None

    async def _connect(self, origin: Origin, allow_private: bool) -> ProviderConnection:
        assert self._connections is not None
        try:
            return await self._connections.make(
                origin, allow_private=allow_private, timeout_s=self._connect_timeout_s
            )
        except OSError as error:
            raise explain_connecting(error) from None

    async def _ask(self, connection: ProviderConnection, call: "_Call") -> UpstreamAnswer:
        loop = asyncio.get_running_loop()
        answer = UpstreamAnswer(
            connection, loop=loop, is_to_head=call.is_to_head, idle_timeout_s=call.idle_timeout_s
        )
        patience = Patience(loop, call.first_byte_timeout_s, answer, connection)
        try:
            call.send(connection, answer, patience)
            await answer.arrive(self._one_less)
        except BaseException:
            answer.close()
            raise
        finally:
            patience.end()
        return answer

    def _one_less(self) -> None:
        self._running -= 1


@dataclass(slots=True)
class _Call:
    """One request, ready to be sent, perhaps twice."""

    head: bytes
    body: Body
    content_length: int | None
    is_to_head: bool
    first_byte_timeout_s: float | None
    idle_timeout_s: float | None

    @property
    def can_be_repeated(self) -> bool:
        """Whether all of it is here still after it was sent."""
        return self.body is None or isinstance(self.body, bytes)

    def send(
        self, connection: ProviderConnection, answer: UpstreamAnswer, patience: Patience
    ) -> None:
        """Send it; what does not go out at once goes out by itself."""
        body = self.body
        if body is None:
            connection.ask(self.head, answer)
            return
        if isinstance(body, bytes):
            if len(body) <= SLICE_BYTES:
                connection.ask(self.head + body, answer)
                return
            body = slices(body)
        connection.ask(self.head, answer)
        answer.upload = Upload(
            body, self.content_length, answer=answer, connection=connection, patience=patience
        )


def _framing(method: str, body: Body, content_length: int | None) -> str:
    if body is None:
        return "Content-Length: 0\r\n" if method == "POST" else ""
    if content_length is None:
        return "Transfer-Encoding: chunked\r\n"
    return f"content-length: {content_length}\r\n"
