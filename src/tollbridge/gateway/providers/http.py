"""The way to the providers: requests out, answers back, over aiohttp.

What the page sent has been checked and filtered by then (`policy.py`, `headers.py`); here it is
only carried. Nothing is followed, kept, decoded or sent again, but for one case that `open` names.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.answer import ProviderBrokeOff, ProviderIdle, UpstreamAnswer
from tollbridge.gateway.providers.connections import Passage, open_session, passage_of_task
from tollbridge.gateway.providers.failures import (
    explain,
    invalid_answer,
    is_worth_another_try,
    no_answer_in_time,
)
from tollbridge.gateway.providers.provider import Provider
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
        resolver: AbstractResolver | None = None,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        requests_max: int = REQUESTS_MAX,
    ) -> None:
        """Make it; no connection is made yet.

        Args:
            ssl_context: Verifies certificates; by default against what the system trusts, or what
                the environment's `SSL_CERT_FILE` names.
            resolver: Resolves names; by default the system's.
            connect_timeout_s: Bound for a new connection.
            requests_max: Requests under way at once.
        """
        self._ssl_context = ssl_context
        self._resolver = resolver
        self._connect_timeout_s = connect_timeout_s
        self._requests_max = requests_max
        self._running = 0
        self._sessions: dict[tuple[bool, bool], aiohttp.ClientSession] = {}

    async def start(self) -> None:
        """Prepare the pools; reads the trusted certificates."""
        context = self._ssl_context
        if context is None:
            context = await asyncio.to_thread(ssl.create_default_context)
        context.set_alpn_protocols(["http/1.1"])
        if self._resolver is None:
            self._resolver = aiohttp.ThreadedResolver()
        for allow_private in (False, True):
            for pooled in (False, True):
                self._sessions[allow_private, pooled] = open_session(
                    self._resolver,
                    context,
                    allow_private=allow_private,
                    pooled=pooled,
                    connect_timeout_s=self._connect_timeout_s,
                )

    async def close(self) -> None:
        """Break off what is under way and close every connection."""
        for session in self._sessions.values():
            await session.close()
        self._sessions = {}
        if self._resolver is not None:
            await self._resolver.close()

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
            first_byte_timeout_s: Bound for the headers, counted anew after each part of a streamed
                body; waiting for the page does not count. None is no bound.
            idle_timeout_s: The longest wait for bytes of the body; None is no bound.

        Raises:
            Refusal: `provider_unreachable`, `provider_timeout`, or `busy` if too many requests are
                under way. Nothing is left open.
            Exception: Whatever `body` raised. The connection was broken off.

        A caller that is cancelled in here has the connection broken off at once.
        """
        self._refuse_when_full()
        if body == b"" or content_length == 0:
            body = None
        target = URL(_join(provider.base_url, path, query), encoded=True)
        call = _Call(method, target, headers, body, content_length, idle_timeout_s)
        self._running += 1
        try:
            async with asyncio.timeout(first_byte_timeout_s) as timeout:
                patience = Patience(timeout, first_byte_timeout_s)
                try:
                    return await self._send(call, provider.allow_private, patience)
                finally:
                    patience.end()
        except BaseException as error:
            self._running -= 1
            if isinstance(error, TimeoutError) and timeout.expired():
                raise no_answer_in_time(first_byte_timeout_s) from None
            raise

    def _refuse_when_full(self) -> None:
        if self._running >= self._requests_max:
            raise Refusal(
                "busy",
                "The gateway is waiting for as many providers as it can; try again shortly.",
                headers={"retry-after": "1"},
            )

    async def _send(self, call: "_Call", allow_private: bool, patience: Patience) -> UpstreamAnswer:
        try:
            return await self._try(call, self._sessions[allow_private, True], patience)
        except _PooledConnectionDied:
            return await self._try(call, self._sessions[allow_private, False], patience)

    async def _try(
        self, call: "_Call", session: aiohttp.ClientSession, patience: Patience
    ) -> UpstreamAnswer:
        passage = Passage()
        upload = call.upload(passage, patience)
        try:
            response = await call.send(session, passage, upload)
        except aiohttp.ClientError as error:
            if upload is not None and upload.error is not None:
                raise upload.error from None
            if passage.reused and upload is None and is_worth_another_try(error):
                raise _PooledConnectionDied from None
            # Without its cause, which holds the request's headers and with them the key.
            raise explain(error) from None
        if not _is_passable(response):
            passage.abort()
            response.close()
            raise invalid_answer()
        return UpstreamAnswer(
            response,
            passage,
            idle_timeout_s=call.idle_timeout_s,
            when_over=self._one_less,
        )

    def _one_less(self) -> None:
        self._running -= 1


class _PooledConnectionDied(Exception):
    """A connection out of the pool died before any byte of an answer; nothing else went wrong."""


class _Call:
    """One request, ready to be sent, perhaps twice."""

    def __init__(
        self,
        method: str,
        target: URL,
        headers: list[tuple[str, str]],
        body: Body,
        content_length: int | None,
        idle_timeout_s: float | None,
    ) -> None:
        self._method = method
        self._target = target
        self._headers = headers
        self._body = body
        if isinstance(body, bytes):
            content_length = len(body)
        self._content_length = content_length
        self.idle_timeout_s = idle_timeout_s

    def upload(self, passage: Passage, patience: Patience) -> Upload | None:
        """Return the streamed body, or None where there is none or it was gathered."""
        if self._body is None or isinstance(self._body, bytes):
            return None
        return Upload(self._body, self._content_length, passage=passage, patience=patience)

    async def send(
        self, session: aiohttp.ClientSession, passage: Passage, upload: Upload | None
    ) -> aiohttp.ClientResponse:
        """Send it and wait for the headers; a failure leaves no connection behind."""
        headers = self._headers
        if self._body is not None and self._content_length is not None:
            headers = [*headers, ("content-length", str(self._content_length))]
        token = passage_of_task.set(passage)
        try:
            return await session.request(
                self._method,
                self._target,
                headers=headers,
                data=upload or self._gathered(),
                allow_redirects=False,
            )
        except BaseException:
            passage.abort()  # closing alone would first wait for the rest of the body to go out
            raise
        finally:
            passage_of_task.reset(token)

    def _gathered(self) -> bytes | AsyncIterator[bytes] | None:
        body = self._body
        return slices(body) if isinstance(body, bytes) and len(body) > SLICE_BYTES else body


def _join(base_url: str, path: str, query: bytes) -> str:
    address = f"{base_url}/{path}" if path else base_url
    return f"{address}?{query.decode('ascii')}" if query else address


def _is_passable(response: aiohttp.ClientResponse) -> bool:
    """Tell whether the page can take the body as it comes: no other protocol, no coding left."""
    codings = response.headers.getall("transfer-encoding", ())
    return 200 <= response.status < 600 and all(coding.lower() == "chunked" for coding in codings)
