"""A connection from a page: uvicorn's, with some changes.

It tells every request on it that the page has left. uvicorn tells only the newest one of a
connection, and only where `receive` is being awaited. A request that has another waiting behind it
(pipelining), or whose upload the provider does not read, would be answered to nobody; and whatever
failed on the way there would look like a fault of ours, which costs the page nothing.

It bounds what a connection costs before anybody is known: a request's head in bytes and in time,
the requests that wait behind another, what still comes of a body after its answer, and how long a
closed connection waits for a page that does not read. It keeps trailers out of a request's headers
(RFC 9110 section 6.5.1) and passes over a wish for another protocol, body and all. And it refuses
what is no HTTP in our own words, but never in the middle of an answer.
"""

import asyncio
from collections.abc import MutableMapping
from typing import Any, NoReturn, cast

import httptools
import orjson
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tollbridge.gateway.crowd import Crowd
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.observing.observer import Observer
from tollbridge.wire.headers import ERROR_SOURCE, EXPOSED, FROM_GATEWAY, REQUEST_ID

# Where a request's scope holds a future that ends when its connection is gone.
LOST = "tollbridge.lost"

_CODING = b"transfer-encoding"

# Whoever connects has something to say; a browser that connects ahead of need connects again.
HEAD_S = 30
# Browsers send no request ahead of an answer; who does gets along with so many. Each costs us a few
# kilobytes, and one read of the system's may hold thousands.
WAITING_MAX = 32
# As much as uvicorn takes before it stops reading, which would hide that the page has left.
WAITING_BYTES_MAX = HIGH_WATER_LIMIT
# A page that uploads too much shall learn so, for which it must be able to send the rest. Twice the
# largest body that may be streamed; the time for it is that of an idle connection.
REST_BYTES_MAX = 64 * 1024 * 1024
# What is left of an answer goes out after the end, as long as the page takes something of it.
CLOSING_S = 30


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with `LOST` in each request's scope and bounds on what it costs."""

    def __init__(
        self,
        *args: Any,
        head_bytes_max: int | None,
        head_s: float = HEAD_S,
        closing_s: float = CLOSING_S,
        crowd: Crowd | None = None,
        observer: Observer | None = None,
        **kwargs: Any,
    ) -> None:
        """See uvicorn.

        Args:
            args: uvicorn's.
            head_bytes_max: Bounds a request's address and headers, trailers too; None does not.
            head_s: Seconds that a head may take, and that a new connection may stay silent.
            closing_s: Seconds in which a closed connection must get rid of something.
            crowd: Bounds how many there are; None does not.
            observer: Is told of what is refused here, which no app sees.
            kwargs: uvicorn's.
        """
        super().__init__(*args, **kwargs)
        self._unanswered: list[RequestResponseCycle] = []
        self._lost: asyncio.Future[None] = self.loop.create_future()
        self._head_bytes_max = head_bytes_max
        self._head_bytes = 0
        self._head_s = head_s
        self._head_timer: asyncio.TimerHandle | None = None
        self._closing_s = closing_s
        self._closing_timer: asyncio.TimerHandle | None = None
        self._unsent_bytes = -1
        self._rest_bytes = 0
        self._is_passing_over = False
        self._complaint: str | None = None
        self._crowd = crowd
        self._observer = observer
        self._is_retiring = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        self._start_head_timer()
        self._closing_timer = self.loop.call_later(self._closing_s, self._look_at_closing)
        if self._crowd is not None:
            self._crowd.enter(self)

    def abort(self) -> None:
        """Close it at once; what is left to be sent is thrown away."""
        self.transport.abort()

    def retire(self, silent_s: float) -> None:
        """Answer what is asked, tell the page to come no more, close after `silent_s` of silence.

        Closing at once would lose a request that is on its way.
        """
        self._is_retiring = True
        self.timeout_keep_alive = silent_s  # type: ignore[assignment] # uvicorn's are whole
        for cycle in self._unanswered:
            cycle.keep_alive = cycle.keep_alive and cycle.response_started
        if all(cycle.response_complete for cycle in self._unanswered):
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                silent_s, self.timeout_keep_alive_handler
            )

    def data_received(self, data: bytes) -> None:
        """See asyncio.

        Unlike uvicorn's, it lets the time of an idle connection run on until a request begins:
        blank lines and the rest of an answered body are not one.
        """
        self._complaint = "This is not HTTP as it should be."
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.send_400_response("")

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as wish:
            # The parser takes what follows for the other protocol, so that a body would be lost,
            # or read as a request. It is given the same head without the wish.
            if self._is_passing_over:
                self._is_passing_over = False
                self._feed(self._head_without_wish() + data[wish.args[0] :])

    def on_message_begin(self) -> None:
        """See uvicorn; called as a request's first byte is read."""
        if len(self.pipeline) >= WAITING_MAX:
            self._refuse(f"More than {WAITING_MAX} requests wait on this connection.")
        self._unset_keepalive_if_required()
        super().on_message_begin()
        self._head_bytes = 0
        self._rest_bytes = 0
        if self._head_timer is None:
            self._start_head_timer()

    def on_url(self, url: bytes) -> None:
        """See uvicorn; called with the address, perhaps in parts."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """See uvicorn; called with each header and trailer."""
        self._count(len(name) + len(value) + len(": \r\n"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """See uvicorn; called once a request's head is read."""
        self._stop_head_timer()
        self._check_head()
        is_tunnel = self.parser.get_method() == b"CONNECT"
        self._is_passing_over = self.parser.should_upgrade() and not is_tunnel
        if self._is_passing_over:
            return
        super().on_headers_complete()
        if self.pipeline:
            self.flow.resume_reading()  # or nobody would see that the page has left
        if self._is_retiring:
            self._unset_keepalive_if_required()  # the head had begun before
        if is_tunnel or self._is_retiring:  # after a tunnel comes no request
            self.cycle.keep_alive = False
        # Trailers come to the same list. Whoever reads the headers later, or twice, must not find
        # more in it than what was checked.
        self.headers = []
        cast(MutableMapping[str, Any], self.scope)[LOST] = self._lost
        self._unanswered = [c for c in self._unanswered if not c.response_complete] + [self.cycle]
        if self._crowd is not None:
            self._crowd.has_request(self)

    def on_response_complete(self) -> None:
        """See uvicorn; called at the end of each answer."""
        if self._crowd is not None and not self.pipeline:
            self._crowd.has_none(self)
        super().on_response_complete()

    def on_body(self, body: bytes) -> None:
        """See uvicorn; called with each part of a body."""
        if self.cycle.response_complete:
            self._rest_bytes += len(body)
            if self._rest_bytes > REST_BYTES_MAX:
                self._refuse(None)
        is_waiting = bool(self.pipeline) and self.pipeline[0][0] is self.cycle
        if is_waiting and len(self.cycle.body) + len(body) > WAITING_BYTES_MAX:
            self._refuse(f"A request that waits has a body of at most {WAITING_BYTES_MAX} bytes.")
        super().on_body(body)

    def on_message_complete(self) -> None:
        """See uvicorn; called at the end of a request."""
        if not self._is_passing_over:
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio; also called where a write has failed."""
        self._stop_head_timer()
        if self._closing_timer is not None:
            self._closing_timer.cancel()
        if self._crowd is not None:
            self._crowd.leave(self)
        for cycle in self._unanswered:
            if not cycle.response_complete:
                cycle.disconnected = True  # what is still sent goes nowhere, and says nothing
                cycle.message_event.set()
        if not self._lost.done():
            self._lost.set_result(None)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """See uvicorn; called where what came cannot be parsed, after which nothing else can."""
        is_answering = any(c.response_started and not c.response_complete for c in self._unanswered)
        if self._complaint is not None and not is_answering:
            self._answer_400(Refusal("invalid_request", self._complaint))
        self.transport.close()

    def _answer_400(self, refusal: Refusal) -> None:
        if self._observer is None:
            request_id = new_id("req")
        else:
            request_id = self._observer.unreadable(refusal.code, refusal.status)
        body = orjson.dumps(refusal.body(request_id))
        # Any page may read it: a page can send headers that are too long, and its origin stands
        # perhaps behind them.
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\ncache-control: no-store\r\n"
            f"{ERROR_SOURCE}: {FROM_GATEWAY}\r\n{REQUEST_ID}: {request_id}\r\n"
            "access-control-allow-origin: *\r\n"
            f"access-control-expose-headers: {', '.join(EXPOSED)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)

    def _refuse(self, complaint: str | None) -> NoReturn:
        """Have the connection closed, with an answer that says why unless that is None."""
        self._complaint = complaint
        raise ValueError("refused")  # the parser stops, which ends in `send_400_response`

    def _count(self, byte_count: int) -> None:
        self._head_bytes += byte_count
        if self._head_bytes_max is not None and self._head_bytes > self._head_bytes_max:
            self._refuse(
                f"The address and the headers have more than {self._head_bytes_max} bytes."
            )

    def _check_head(self) -> None:
        """Refuse what a proxy before us may read otherwise (RFC 9112, sections 3.2 and 6.1).

        The parser finds some of it only after it has told us of the request, which would run then.
        """
        version = self.parser.get_http_version()
        hosts = sum(name == b"host" for name, _ in self.headers)
        codings = [value.strip().lower() for name, value in self.headers if name == _CODING]
        if version not in ("1.0", "1.1"):
            self._refuse("Only HTTP/1.1 and HTTP/1.0 are spoken here.")
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            self._refuse(f"A request has one Host header, this one has {hosts}.")
        if codings and (codings != [b"chunked"] or version == "1.0"):
            self._refuse("A body is sent with a Content-Length, or chunked and nothing else.")

    def _head_without_wish(self) -> bytes:
        line = (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        kept = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        return b"%b %b HTTP/%b\r\n" % line + b"".join(kept) + b"\r\n"

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self._head_s, self._end_head)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_head(self) -> None:
        if self.flow.read_paused:  # the rest waits for us, not we for it
            self._start_head_timer()
        else:
            self.transport.close()

    def _look_at_closing(self) -> None:
        """Abort a closed connection whose page takes nothing of what is left to be sent."""
        unsent_bytes = self.transport.get_write_buffer_size() if self.transport.is_closing() else -1
        if unsent_bytes >= 0 and unsent_bytes == self._unsent_bytes:
            self.transport.abort()
            return
        self._unsent_bytes = unsent_bytes
        self._closing_timer = self.loop.call_later(self._closing_s, self._look_at_closing)
