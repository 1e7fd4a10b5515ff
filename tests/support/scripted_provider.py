"""A provider that does what a test tells it to, mistakes included, and remembers what it saw.

It speaks HTTP/1.1 over raw asyncio streams, so that nothing corrects what a test means to send:

    async with ScriptedProvider() as provider:
        go_on = asyncio.Event()
        provider.answers(Answer(chunks=[b"first", Wait(go_on), b"second", Cut()]))
        ...                               # have something call `provider.url`
        request = await provider.next_request()
        assert request.header("authorization") == "Bearer key"
        go_on.set()
        await request.left.wait()         # the client went away before the answer's end

Every request takes the next scripted answer; `always` says what comes when none is left.
"""

import asyncio
import json
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Wait:
    """Go on when the event is set."""

    event: asyncio.Event


@dataclass(frozen=True)
class Never:
    """Go on never; the client may leave."""


@dataclass(frozen=True)
class Cut:
    """Close the connection after what was sent so far, in the middle of everything."""


@dataclass(frozen=True)
class Reset:
    """Reset the connection (RST); what was sent so far may be lost on the way."""


@dataclass(frozen=True)
class Raw:
    """Send bytes as they are, outside of the framing."""

    data: bytes


@dataclass(frozen=True)
class ReadBody:
    """Read the request's body now, where `Answer.reads_body` is False."""


Step = bytes | Wait | Never | Cut | Reset | Raw | ReadBody


@dataclass(frozen=True)
class Answer:
    """What happens to one request.

    Attributes:
        headers: Beside those of the framing.
        chunks: Bytes of the body, each piece sent by itself, and steps between them.
        framing: `chunked`, `length` (Content-Length) or `close` (the body ends with the
            connection).
        length: The announced length, where it shall not be the real one.
        before: Steps before the status line is sent.
        reads_body: Read the request's body before anything else; otherwise a `ReadBody` does.
        raw_head: Sent in place of status line and headers, as it is.
    """

    status: int = 200
    headers: Headers = ()
    chunks: Sequence[Step] = ()
    framing: str = "chunked"
    length: int | None = None
    before: Sequence[Step] = ()
    reads_body: bool = True
    raw_head: bytes | None = None

    @classmethod
    def json(cls, value: Any, *, status: int = 200, headers: Headers = ()) -> "Answer":
        """Make an answer with a JSON body."""
        typed = (("content-type", "application/json"), *headers)
        return cls(status, typed, [json.dumps(value).encode()], framing="length")

    @classmethod
    def sse(cls, *steps: Step, headers: Headers = ()) -> "Answer":
        """Make an event stream; each piece of bytes is the data of one event."""
        chunks = [b"data: " + s + b"\n\n" if isinstance(s, bytes) else s for s in steps]
        return cls(200, (("content-type", "text/event-stream"), *headers), chunks)

    def head(self) -> bytes:
        """Return the status line and the headers."""
        if self.raw_head is not None:
            return self.raw_head
        lines = [f"HTTP/1.1 {self.status} Scripted", *(f"{n}: {v}" for n, v in self.headers)]
        if self.framing == "chunked":
            lines.append("transfer-encoding: chunked")
        elif self.framing == "length":
            real = sum(len(step) for step in self.chunks if isinstance(step, bytes))
            lines.append(f"content-length: {real if self.length is None else self.length}")
        else:
            lines.append("connection: close")
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


@dataclass(eq=False)
class Request:
    """A request as it arrived.

    Attributes:
        target: The path with its query, exactly as it stood in the request line.
        headers: In the order, spelling and bytes they came in.
        body: What has arrived so far, without the framing.
        connection: Which connection brought it: 1 for the first.
        bytes_sent: Bytes of the answer's body that were handed to the system.
        body_complete: Set when the whole body is here.
        done: Set when the script was played to its end.
        left: Set when the client closed the connection before that.
    """

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    connection: int
    body: bytes = b""
    bytes_sent: int = 0
    body_complete: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def header(self, name: str) -> str | None:
        """Return the values of a header joined by commas, or None."""
        wanted = name.lower().encode()
        values = [value.decode("latin-1") for key, value in self.headers if key.lower() == wanted]
        return ", ".join(values) if values else None

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


NOTHING_SCRIPTED = Answer.json({"error": "the test scripted no answer for this"}, status=500)


class ScriptedProvider:
    """The server; `url` is where it listens, on a loopback port that the system chose.

    Attributes:
        requests: All requests so far.
        connections: How many connections were made so far.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "localhost") -> None:
        """Prepare it, for HTTPS under `tls`; `host` is how `url` names it."""
        self._tls = tls
        self._host = host
        self._script: deque[Answer] = deque()
        self._default: Answer | Callable[[Request], Answer] = NOTHING_SCRIPTED
        self._fresh: asyncio.Queue[Request] = asyncio.Queue()
        self._open: set[_Connection] = set()
        self.requests: list[Request] = []
        self.connections = 0
        self.url = ""

    def answers(self, *answers: Answer) -> None:
        """Give the next requests these answers, one each."""
        self._script.extend(answers)

    def always(self, answer: Answer | Callable[[Request], Answer]) -> None:
        """Give every request this answer for which none is scripted, or what it returns for it."""
        self._default = answer

    async def next_request(self) -> Request:
        """Wait for the next request that was not returned by this before; its head is here."""
        return await self._fresh.get()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", 0, ssl=self._tls
        )
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'https' if self._tls else 'http'}://{self._host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        tasks = [connection.task for connection in self._open if connection.task is not None]
        for connection in list(self._open):
            connection.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    def take(self, request: Request) -> Answer:
        """Note a request and return what happens to it."""
        self.requests.append(request)
        self._fresh.put_nowait(request)
        if self._script:
            return self._script.popleft()
        return self._default(request) if callable(self._default) else self._default

    def opened(self, connection: "_Connection") -> int:
        """Note a connection and return its number."""
        self._open.add(connection)
        self.connections += 1
        return self.connections

    def closed(self, connection: "_Connection") -> None:
        """Forget a connection."""
        self._open.discard(connection)


class _Stop(Exception):
    """The script closed the connection."""


class _Connection(asyncio.StreamReaderProtocol):
    """One connection: requests in, scripts played, the client's leaving noticed."""

    def __init__(self, provider: ScriptedProvider) -> None:
        self._reader_ = asyncio.StreamReader()
        super().__init__(self._reader_, self._serve)
        self._provider = provider
        self._transport_: asyncio.Transport | None = None
        self._current: Request | None = None
        self.task: asyncio.Task[None] | None = None

    def abort(self) -> None:
        """Stop everything on this connection."""
        if self.task is not None:
            self.task.cancel()
        if self._transport_ is not None:
            self._transport_.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport_ = transport
        self._number = self._provider.opened(self)
        super().connection_made(transport)

    def eof_received(self) -> bool | None:
        """See asyncio."""
        self._client_left()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._provider.closed(self)
        self._client_left()
        super().connection_lost(exc)

    def _client_left(self) -> None:
        if self._current is not None and not self._current.done.is_set():
            self._current.left.set()
        self.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.task = asyncio.current_task()
        try:
            while True:
                request = await self._read_head(reader)
                self._current = request
                await self._play(self._provider.take(request), request, reader, writer)
        except (_Stop, asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _read_head(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n"))[:-4]
        first, *lines = head.split(b"\r\n")
        method, target, _ = first.decode("latin-1").split(" ")
        headers = [(name, value.strip()) for name, _, value in (n.partition(b":") for n in lines)]
        return Request(method, target, headers, self._number)

    async def _play(
        self,
        answer: Answer,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if answer.reads_body:
            await _read_body(request, reader)
        for step in answer.before:
            await self._take_step(step, answer, request, reader, writer)
        writer.write(answer.head())
        for step in answer.chunks:
            await self._take_step(step, answer, request, reader, writer)
        if answer.framing == "chunked":
            writer.write(b"0\r\n\r\n")
        request.done.set()
        await writer.drain()
        if answer.framing == "close" or not request.body_complete.is_set():
            raise _Stop

    async def _take_step(
        self,
        step: Step,
        answer: Answer,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if isinstance(step, bytes):
            framed = b"%x\r\n%b\r\n" % (len(step), step) if answer.framing == "chunked" else step
            writer.write(framed)
            await writer.drain()
            request.bytes_sent += len(step)
        elif isinstance(step, Raw):
            writer.write(step.data)
            await writer.drain()
        elif isinstance(step, Wait):
            await step.event.wait()
        elif isinstance(step, Never):
            await asyncio.Event().wait()
        elif isinstance(step, ReadBody):
            await _read_body(request, reader)
        else:
            request.done.set()
            if isinstance(step, Reset):
                connection: socket.socket = writer.get_extra_info("socket")
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            raise _Stop


async def _read_body(request: Request, reader: asyncio.StreamReader) -> None:
    if request.body_complete.is_set():
        return
    if request.header("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            request.body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    else:
        missing = int(request.header("content-length") or 0)
        while missing:
            piece = await reader.read(min(missing, 65536))
            if not piece:
                raise asyncio.IncompleteReadError(request.body, None)
            request.body += piece
            missing -= len(piece)
    request.body_complete.set()
