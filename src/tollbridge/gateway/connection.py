"""A connection from a page: uvicorn's, with three changes.

It tells every request on it that the page has left. uvicorn tells only the newest one of a
connection, and only where `receive` is being awaited. A request that has another waiting behind it
(pipelining), or whose upload the provider does not read, would be answered to nobody; and whatever
failed on the way there would look like a fault of ours, which costs the page nothing.

It keeps trailers out of a request's headers (RFC 9110 section 6.5.1). And it refuses what is no
HTTP in our own words, but never in the middle of an answer.
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


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with `LOST` in each request's scope."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See uvicorn."""
        super().__init__(*args, **kwargs)
        self._unanswered: list[RequestResponseCycle] = []
        self._lost: asyncio.Future[None] = self.loop.create_future()

    def on_headers_complete(self) -> None:
        """See uvicorn; called once a request's head is read."""
        super().on_headers_complete()
        # Trailers come to the same list. Whoever reads the headers later, or twice, must not find
        # more in it than what was checked.
        self.headers = []
        cast(MutableMapping[str, Any], self.scope)[LOST] = self._lost
        self._unanswered = [c for c in self._unanswered if not c.response_complete] + [self.cycle]

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio; also called where a write has failed."""
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
            refusal = Refusal("invalid_request", "This is not HTTP as it should be.")
            body = orjson.dumps(refusal.body(request_id))
            head = (
                f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\ncache-control: no-store\r\n"
                f"{ERROR_SOURCE}: {FROM_GATEWAY}\r\n{REQUEST_ID}: {request_id}\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()
