"""Carries the SDK's requests to an ASGI app in this process, chunk by chunk.

A transport of the SDK (see `tollbridge.sdk.transport`) without a socket: the app gets
`http.disconnect` when the client leaves, a slow reader slows the app down, and an app that ends
without completing its answer has cut the connection.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from tollbridge.sdk import NetworkError
from tollbridge.sdk.abort import AbortController
from tollbridge.sdk.errors import AbortedError, PaywallError
from tollbridge.sdk.transport import Request
from tollbridge.sdk.transport.http import unless_aborted

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

# What may be on its way to a reader before the app has to wait, as in a socket's buffer.
BUFFERED_BYTES_MAX = 64 * 1024


class AsgiTransport:
    """A transport into `app`. As a context manager it runs the app's lifespan too."""

    def __init__(self, app: App, *, client_address: str = "127.0.0.1") -> None:
        """Take the app, and the address that its clients seem to come from."""
        self._app = app
        self._client_address = client_address
        self._calls: set[asyncio.Task[None]] = set()
        self._lifespan: _Call | None = None

    async def __call__(self, request: Request) -> "AsgiReply":
        """Send a request and return the reply once its headers are here.

        Raises:
            AbortedError: The request's signal was aborted.
            NetworkError: The app ended without starting an answer.
        """
        scope = _scope(request, self._client_address)
        call = self._start(scope, _upload(request.body), {"type": "http.disconnect"})
        reply = AsgiReply(call, request.signal)
        await reply.begin()
        return reply

    async def idle(self) -> None:
        """Return when the app has ended every call.

        Raises:
            Exception: The first one that the app raised in a call.
        """
        while self._calls:
            calls = list(self._calls)
            await asyncio.gather(*calls)
            # Not left to their callbacks: from Python 3.12 on, waiting for what is over already
            # does not give the loop the turn that those need.
            self._calls.difference_update(calls)

    async def __aenter__(self) -> "AsgiTransport":
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._lifespan = self._start(scope, _startup(), {"type": "lifespan.shutdown"})
        message = await self._lifespan.next()
        assert message["type"] == "lifespan.startup.complete", message
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._lifespan is not None:
            self._lifespan.leave()
        await self.idle()

    def _start(self, scope: Message, events: AsyncIterator[Message], last: Message) -> "_Call":
        call = _Call(events, last)
        task = asyncio.create_task(call.run(self._app, scope))
        self._calls.add(task)
        task.add_done_callback(self._ended)
        return call

    def _ended(self, task: asyncio.Task[None]) -> None:
        # A failed call stays, so that `idle` tells of it.
        if task.cancelled() or task.exception() is None:
            self._calls.discard(task)


class AsgiReply:
    """An answer of the app; see `tollbridge.sdk.transport.Reply`."""

    js = None

    def __init__(self, call: "_Call", signal: Any) -> None:
        """Take over a call; `signal` is the request's."""
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self._call = call
        self._stop = AbortController()
        self._stop.signal.subscribe(call.leave)
        self._undo = signal.subscribe(self._stop.abort) if signal is not None else None
        self._ended = False
        self._error: PaywallError | None = None

    async def begin(self) -> None:
        """Wait for status and headers."""
        message = await self._next()
        self.status = message["status"]
        self.headers = [(n.decode(), v.decode()) for n, v in message.get("headers", [])]

    async def read(self) -> bytes | None:
        """Return the next bytes, None at the end."""
        if self._error is not None:
            raise self._error
        while not self._ended:
            message = await self._next()
            if not message.get("more_body", False):
                self._ended = True
                self._leave()
            if message.get("body"):
                return bytes(message["body"])
        return None

    def abort(self) -> None:
        """Leave, if the answer still comes."""
        if not self._ended:
            self._error = self._error or AbortedError()
        self._stop.abort()
        self._leave()

    async def close(self) -> None:
        """Leave, and let the app hear of it."""
        self.abort()
        await asyncio.sleep(0)

    async def _next(self) -> Message:
        try:
            return await unless_aborted(self._call.next(), self._stop.signal)
        except PaywallError as error:
            self._error = error
            self._leave()
            raise
        except asyncio.CancelledError:
            self.abort()
            raise

    def _leave(self) -> None:
        self._call.leave()
        if self._undo is not None:
            self._undo()


class _Call:
    """One run of the app: what it was sent, and what it has answered so far."""

    def __init__(self, events: AsyncIterator[Message], last: Message) -> None:
        self._events = events
        self._last = last
        self._left = asyncio.Event()
        self._messages: deque[Message] = deque()
        self._buffered_bytes = 0
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._done = False
        self._failure: BaseException | None = None

    async def run(self, app: App, scope: Message) -> None:
        """Run the app to its end."""
        try:
            await app(scope, self.receive, self.send)
        except BaseException as error:
            self._failure = error
            raise
        finally:
            self._done = True
            self._something.set()

    async def receive(self) -> Message:
        """Give the app its next event: the upload, then, once the client is gone, the leave."""
        event = None if self._left.is_set() else await anext(self._events, None)
        if event is None:
            await self._left.wait()
            return self._last
        return event

    async def send(self, message: Message) -> None:
        """Take what the app answers; nothing that is sent after the leave goes anywhere."""
        await self._room.wait()
        if self._left.is_set():
            return
        self._messages.append(message)
        self._buffered_bytes += len(message.get("body", b""))
        if self._buffered_bytes > BUFFERED_BYTES_MAX:
            self._room.clear()
        self._something.set()

    async def next(self) -> Message:
        """Return the app's next message as soon as there is one.

        Raises:
            NetworkError: The app ended without one more.
        """
        while not self._messages:
            if self._done:
                raise NetworkError("The app ended in the middle.") from self._failure
            self._something.clear()
            await self._something.wait()
        message = self._messages.popleft()
        self._buffered_bytes -= len(message.get("body", b""))
        if self._buffered_bytes <= BUFFERED_BYTES_MAX:
            self._room.set()
        return message

    def leave(self) -> None:
        """Be gone: the app hears of it, and is held up no longer."""
        self._left.set()
        self._room.set()


def _scope(request: Request, client_address: str) -> Message:
    parts = urlsplit(request.url)
    headers = [(b"host", parts.netloc.encode())]
    if isinstance(request.body, bytes | str):
        headers.append((b"content-length", b"%d" % len(_encoded(request.body))))
    headers += [(name.encode(), value.encode()) for name, value in request.headers.items()]
    path = unquote_to_bytes(parts.path)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": path.decode("utf-8", "replace"),
        "raw_path": parts.path.encode("ascii"),
        "query_string": parts.query.encode("ascii"),
        "root_path": "",
        "headers": headers,
        "client": (client_address, 50_000),
        "server": (parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)),
        "state": {},
    }


async def _upload(body: Any) -> AsyncIterator[Message]:
    if body is not None and not isinstance(body, bytes | str):
        async for chunk in body:
            yield {"type": "http.request", "body": chunk, "more_body": True}
        body = b""
    yield {"type": "http.request", "body": _encoded(body or b""), "more_body": False}


async def _startup() -> AsyncIterator[Message]:
    yield {"type": "lifespan.startup"}


def _encoded(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body
