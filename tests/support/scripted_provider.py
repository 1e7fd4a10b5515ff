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
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable
from typing import Self, cast

from tests.support.provider_script import (
    NOTHING_SCRIPTED,
    Answer,
    Cut,
    Never,
    Raw,
    ReadBody,
    Request,
    Reset,
    Step,
    Wait,
)

__all__ = [
    "Answer",
    "Cut",
    "Never",
    "Raw",
    "ReadBody",
    "Request",
    "Reset",
    "ScriptedProvider",
    "Wait",
]


class ScriptedProvider:
    """The server; `url` is where it listens, on a loopback port that the system chose.

    Attributes:
        requests: All requests so far.
        connections: How many connections were made so far.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "localhost",
        receive_bytes: int | None = None,
    ) -> None:
        """Prepare it.

        Args:
            tls: Speak HTTPS under this.
            host: How `url` names it.
            receive_bytes: What the system takes of a request that is not read; its own choice is
                megabytes, and grows.
        """
        self._tls = tls
        self._host = host
        self._receive_bytes = receive_bytes
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
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._receive_bytes is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_bytes)
        listener.bind(("127.0.0.1", 0))
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), sock=listener, ssl=self._tls
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
        self._transport_ = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it
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
            await read_body(request, reader)
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
            await read_body(request, reader)
        else:
            request.done.set()
            if isinstance(step, Reset):
                connection: socket.socket = writer.get_extra_info("socket")
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            raise _Stop


async def read_body(request: Request, reader: asyncio.StreamReader) -> None:
    """Read a request's body, in either framing; nothing happens where it was read before."""
    if request.body_complete.is_set():
        return
    if request.header("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            request.take((await reader.readexactly(size + 2))[:-2])
        await reader.readexactly(2)
    else:
        missing = int(request.header("content-length") or 0)
        while missing:
            piece = await reader.read(min(missing, 65536))
            if not piece:
                raise asyncio.IncompleteReadError(request.body, None)
            request.take(piece)
            missing -= len(piece)
    request.body_complete.set()
