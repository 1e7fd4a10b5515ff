"""One connection to a provider: HTTP/1.1 over a transport, one request at a time.

The parser (llhttp, through httptools) is left in its strict mode: what is said twice, folded, or
ended by half a line end is refused. What it leaves open is decided here: limits, codings, and
whether the connection may be used again.
"""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from tollbridge.gateway.providers.answer import ProviderBrokeOff, UpstreamAnswer
from tollbridge.gateway.providers.failures import Disconnected, NotHttp

# Bytes of one header line of an answer, and how many lines; beyond it is no API's answer.
HEADER_BYTES_MAX = 16 * 1024
HEADERS_MAX = 128
# Bytes in a row that are no body: heads, interim answers, chunk extensions, trailers. The parser
# keeps a line until it is whole, so this is what bounds it.
BYTES_WITHOUT_BODY_MAX = 64 * 1024


class ProviderConnection(asyncio.Protocol):
    """A connection; its answers are the askers', the connection itself is the pool's.

    Attributes:
        lost: Ends when the connection is gone, however that came.
        writing_paused: What was written has not gone out yet; write no more.
        idle_since: When it came back to the pool, on the loop's clock.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        when_free: Callable[["ProviderConnection"], None],
        when_lost: Callable[["ProviderConnection"], None],
    ) -> None:
        """Prepare it; asyncio calls `connection_made`.

        Args:
            loop: The running loop.
            when_free: Called when an answer is complete and another request may be sent.
            when_lost: Called when the connection is gone.
        """
        self._loop = loop
        self._when_free = when_free
        self._when_lost = when_lost
        self._parser = httptools.HttpResponseParser(self)
        self._answer: UpstreamAnswer | None = None
        self._heard = False
        self._aborted = False
        self._reading_paused = False
        self._drained: asyncio.Future[None] | None = None
        self._parts: list[bytes] = []
        self._headers: list[tuple[bytes, bytes]] = []
        self._has_head = False
        self._complete = False
        self._message_over = False
        self._reusable = False
        self._fruitful = False
        self._bytes_without_body = 0
        self.lost: asyncio.Future[None] = loop.create_future()
        self.writing_paused = False
        self.idle_since = 0.0

    # For whoever asks --------------------------------------------------------------------------

    def ask(self, request: bytes, answer: UpstreamAnswer) -> None:
        """Send a request, or its head; `answer` takes what comes. One at a time."""
        self._answer = answer
        self._parts = answer.parts
        self._heard = False
        self._bytes_without_body = 0
        self._begin_message()
        self._transport.write(request)

    async def write(self, *parts: bytes) -> None:
        """Send bytes of the request's body; returns when the provider keeps up.

        Raises:
            ProviderBrokeOff: The connection is gone.
        """
        if self.lost.done() or self._aborted:
            raise ProviderBrokeOff("the connection is gone")
        self._transport.write(b"".join(parts))
        if self.writing_paused:
            self._drained = self._loop.create_future()
            await self._drained

    def resume_reading(self) -> None:
        """Read on, if reading was paused because the reader did not keep up."""
        if self._reading_paused:
            self._reading_paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Break the connection off at once; what was not sent yet is not sent."""
        self._aborted = True
        self._transport.abort()

    @property
    def is_usable(self) -> bool:
        """Whether a request may be sent, as far as is known here."""
        return self._answer is None and not self._transport.is_closing()

    # asyncio's ---------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        answer = self._answer
        if answer is None:  # nobody asked: whatever this is, it must not answer the next request
            self.abort()
            return
        self._heard = True
        self._fruitful = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self._complete:
                self._give_up(NotHttp())
                return
            self._reusable = False
        self._bytes_without_body = 0 if self._fruitful else self._bytes_without_body + len(data)
        if self._complete:
            self._finish(answer)
        elif self._bytes_without_body > BYTES_WITHOUT_BODY_MAX:
            self._give_up(NotHttp())
        elif self._fruitful and answer.handed_over(len(data)) and not self._reading_paused:
            self._reading_paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        answer, self._answer = self._answer, None
        if answer is not None:
            if answer.status and not answer.end_is_known and exc is None and not self._aborted:
                answer.complete()  # this body ends with its connection
            elif answer.status:
                answer.break_off(ProviderBrokeOff("the provider broke off"))
            else:
                answer.break_off(Disconnected(heard=self._heard))
        self.resume_writing()
        del self._parser  # which holds this connection, as this holds it
        self.lost.set_result(None)
        self._when_lost(self)

    def pause_writing(self) -> None:
        """See asyncio."""
        self.writing_paused = True

    def resume_writing(self) -> None:
        """See asyncio."""
        self.writing_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    # The parser's ------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """See httptools."""
        if self._complete:
            self._reusable = False  # more than was asked for
        else:
            self._begin_message()

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools; called for trailers too, which are dropped."""
        if self._has_head or self._complete:
            return
        headers = self._headers
        if len(name) + len(value) > HEADER_BYTES_MAX or len(headers) == HEADERS_MAX:
            raise NotHttp
        headers.append((name, value))

    def on_headers_complete(self) -> None:
        """See httptools."""
        if self._complete:
            return
        status = self._parser.get_status_code()
        framed = self._check_head(status)
        if status < 200:
            return  # an interim answer; the next message is the one, or the next but one
        answer = self._answer
        assert answer is not None
        self._has_head = self._fruitful = True
        self._reusable = self._parser.should_keep_alive()
        answer.begin(status, self._headers, framed=framed)
        if answer.bodiless:
            self._complete = True  # should a body come all the same, it is not listened to

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        if self._complete:
            self._reusable = False
            return
        self._fruitful = True
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        self._message_over = True
        if self._has_head:
            self._complete = True

    # Inside ------------------------------------------------------------------------------------

    def _begin_message(self) -> None:
        self._headers = []
        self._has_head = False
        self._complete = False
        self._message_over = False
        self._reusable = False
        self._fruitful = False

    def _check_head(self, status: int) -> bool:
        """Refuse what the page could not take as it comes; tell whether the end is known."""
        framed = False
        for name, value in self._headers:
            name = name.lower()
            if name == b"transfer-encoding":
                # Once, and nothing but chunked; the parser refuses it beside a length.
                if framed or value.lower() != b"chunked":
                    raise NotHttp
                framed = True
            elif name == b"content-length":
                framed = True
        is_known = self._parser.get_http_version() in ("1.1", "1.0")
        if not is_known or status == 101 or status >= 600 or (status < 200 and framed):
            raise NotHttp
        return framed

    def _finish(self, answer: UpstreamAnswer) -> None:
        # Nobody will read the rest of a body that is still going out.
        has_sent_all = not answer.is_uploading and not self._transport.get_write_buffer_size()
        is_free = self._reusable and self._message_over and has_sent_all
        self._answer, self._parts = None, []
        answer.complete()
        if not is_free:
            self.abort()
            return
        self.resume_reading()
        self._when_free(self)

    def _give_up(self, failure: Exception) -> None:
        answer, self._answer = self._answer, None
        assert answer is not None
        broken = ProviderBrokeOff("the provider broke off") if answer.status else failure
        answer.break_off(broken)
        self.abort()
