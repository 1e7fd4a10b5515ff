"""A connection from a page: uvicorn's, with some changes.

It tells every request on it that the page has left. uvicorn tells only the newest one of a
connection, and only where `receive` is being awaited. A request that has another waiting behind it
(pipelining), or whose upload the provider does not read, would be answered to nobody; and whatever
failed on the way there would look like a fault of ours, which costs the page nothing.

It bounds a request's head, in bytes and in time: both cost us before anybody is known. It keeps
trailers out of a request's headers (RFC 9110 section 6.5.1). And it refuses what is no HTTP in our
own words, but never in the middle of an answer.
"""

import asyncio
from collections.abc import MutableMapping
from typing import Any, cast

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.ids import new_id
from tollbridge.wire.headers import ERROR_SOURCE, FROM_GATEWAY, REQUEST_ID

# Where a request's scope holds a future that ends when its connection is gone.
LOST = "tollbridge.lost"


# Whoever connects has something to say; a browser that connects ahead of need connects again.
HEAD_S = 30


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with `LOST` in each request's scope and a bound on each head."""

    def __init__(
        self, *args: Any, head_bytes_max: int | None, head_s: float = HEAD_S, **kwargs: Any
    ) -> None:
        """See uvicorn.

        Args:
            args: uvicorn's.
            head_bytes_max: Bounds a request's address and headers, trailers too; None does not.
            head_s: Seconds that a head may take, and that a new connection may stay silent.
            kwargs: uvicorn's.
        """
        super().__init__(*args, **kwargs)
        self._unanswered: list[RequestResponseCycle] = []
        self._lost: asyncio.Future[None] = self.loop.create_future()
        self._head_bytes_max = head_bytes_max
        self._head_bytes = 0
        self._head_s = head_s
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self._head_s, transport.close)

    def on_message_begin(self) -> None:
        """See uvicorn; called as a request's first byte is read."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self._head_s, self.transport.close)

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
        super().on_headers_complete()
        # Trailers come to the same list. Whoever reads the headers later, or twice, must not find
        # more in it than what was checked.
        self.headers = []
        cast(MutableMapping[str, Any], self.scope)[LOST] = self._lost
        self._unanswered = [c for c in self._unanswered if not c.response_complete] + [self.cycle]

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio; also called where a write has failed."""
        self._stop_head_timer()
        for cycle in self._unanswered:
            if not cycle.response_complete:
                cycle.disconnected = True  # what is still sent goes nowhere, and says nothing
                cycle.message_event.set()
        if not self._lost.done():
            self._lost.set_result(None)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """See uvicorn; called where what came cannot be parsed, after which nothing else can."""
        if not any(c.response_started and not c.response_complete for c in self._unanswered):
            request_id = new_id("req")
            refusal = Refusal("invalid_request", self._complaint())
            body = orjson.dumps(refusal.body(request_id))
            head = (
                f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\ncache-control: no-store\r\n"
                f"{ERROR_SOURCE}: {FROM_GATEWAY}\r\n{REQUEST_ID}: {request_id}\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()

    def _complaint(self) -> str:
        if self._is_head_too_large():
            return f"The address and the headers have more than {self._head_bytes_max} bytes."
        return "This is not HTTP as it should be."

    def _is_head_too_large(self) -> bool:
        return self._head_bytes_max is not None and self._head_bytes > self._head_bytes_max

    def _count(self, byte_count: int) -> None:
        self._head_bytes += byte_count
        if self._is_head_too_large():
            raise ValueError("a request's head is too large")  # ends in `send_400_response`

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
