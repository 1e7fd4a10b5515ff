"""The provider that streams: it answers every POST with the same events, at a pace of choice.

It runs in the benchmark's own loop, on the core of the load, so that what it notices (a connection
that closes) and what the client does (closing one) are told by one clock.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator
from typing import cast

from building.bench.payloads import events

_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
_END = b"0\r\n\r\n"
_CHUNKS = [b"%x\r\n%b\r\n" % (len(event), event) for event in events()]
_PARTS = [_HEAD, *_CHUNKS, _END]
_WHOLE = b"".join(_PARTS)


class StreamMock:
    """A provider on a port of its own.

    Attributes:
        port: Where it listens on the loopback.
        pace_s: Seconds between two events; 0 sends them as fast as they go.
        is_whole: Without a pace, an answer is handed to the system in one piece; otherwise each
            event by itself, as providers do, and who reads quickly gets few at a time.
        is_silent: Questions are taken and not answered.
        asked: How many questions it has had.
    """

    def __init__(self) -> None:
        """Prepare it; `open_stream_mock` opens one."""
        self.port = 0
        self.pace_s = 0.0
        self.is_whole = False
        self.is_silent = False
        self.asked = 0
        self._question: asyncio.Future[None] | None = None
        self._closed: asyncio.Queue[float] = asyncio.Queue()
        self._connections: set[asyncio.Transport] = set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()

    def next_question(self) -> "asyncio.Future[None]":
        """A future that is done when the next question comes."""
        self._question = asyncio.get_running_loop().create_future()
        return self._question

    async def next_close_s(self) -> float:
        """Wait until a connection is closed under an unfinished answer; say when, monotonic."""
        return await self._closed.get()

    def forget_closes(self) -> None:
        """Have `next_close_s` tell only of what closes from now on."""
        while not self._closed.empty():
            self._closed.get_nowait()

    def note_question(self) -> None:
        """A question has come."""
        self.asked += 1
        if self._question is not None and not self._question.done():
            self._question.set_result(None)

    def note_connection(self, connection: asyncio.Transport) -> None:
        """A connection was opened."""
        self._connections.add(connection)
        self._all_gone.clear()

    def note_close(self, connection: asyncio.Transport, *, is_unfinished: bool) -> None:
        """A connection was closed, perhaps while its answer ran or was still due."""
        if is_unfinished:
            self._closed.put_nowait(time.monotonic())
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()

    async def close(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            connection.abort()
        await self._all_gone.wait()


@contextlib.asynccontextmanager
async def open_stream_mock() -> AsyncIterator[StreamMock]:
    """Run a mock until the block ends."""
    mock = StreamMock()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Exchange(mock), "127.0.0.1", 0, backlog=1024)
    mock.port = server.sockets[0].getsockname()[1]
    try:
        yield mock
    finally:
        server.close()
        await mock.close()


class _Exchange(asyncio.Protocol):
    """One connection: question, answer, question, answer."""

    def __init__(self, mock: StreamMock) -> None:
        self._mock = mock
        self._received = b""
        self._sent = -1  # events of the answer that runs; below 0 none does
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport
        self._socket: socket.socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        # uvloop's transports have the shape and not the class.
        self._transport = cast(asyncio.Transport, transport)
        self._mock.note_connection(self._transport)
        # The same connection, written to without the loop, which would join what is written.
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))

    def data_received(self, data: bytes) -> None:
        """Answer once a whole question is there."""
        self._received += data
        while (end := question_end(self._received)) is not None:
            self._received = self._received[end:]
            self._mock.note_question()
            self._answer()

    def connection_lost(self, error: Exception | None) -> None:
        """Stop, and tell if that was in the middle of an answer."""
        self._socket.close()
        if self._timer is not None:
            self._timer.cancel()
        self._mock.note_close(self._transport, is_unfinished=self._sent >= 0)

    def _answer(self) -> None:
        if self._mock.is_silent:
            self._sent = 0
        elif self._mock.pace_s:
            self._sent = 0
            self._transport.write(_HEAD)
            self._send_event()
        elif self._mock.is_whole or self._transport.get_write_buffer_size():
            self._transport.write(_WHOLE)  # behind what still waits to be sent
        else:
            self._send_one_by_one()

    def _send_one_by_one(self) -> None:
        for place, part in enumerate(_PARTS):
            try:
                sent = self._socket.send(part)
            except BlockingIOError:
                sent = 0
            if sent < len(part):  # it is not read quickly enough: the loop sends the rest
                self._transport.write(part[sent:] + b"".join(_PARTS[place + 1 :]))
                return

    def _send_event(self) -> None:
        self._transport.write(_CHUNKS[self._sent])
        self._sent += 1
        if self._sent == len(_CHUNKS):
            self._transport.write(_END)
            self._sent = -1
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._mock.pace_s, self._send_event)


def question_end(received: bytes) -> int | None:
    """Where the first request ends, or None while it is not whole.

    Raises:
        ValueError: Its body is chunked, as no server under test sends it.
    """
    head, found, _ = received.partition(b"\r\n\r\n")
    if not found:
        return None
    end = len(head) + len(found)
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"transfer-encoding":
            raise ValueError(f"a chunked request reached the mock: {head[:200]!r}")
        if name.lower() == b"content-length":
            end += int(value)
    return end if len(received) >= end else None
