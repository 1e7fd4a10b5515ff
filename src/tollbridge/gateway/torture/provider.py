"""A provider on the loopback that misbehaves as each request asks it to, and writes it all down."""

import asyncio
import json
import socket
import struct
import time
from contextlib import suppress
from typing import Self, cast

from tollbridge.gateway.torture.deeds import Deed, part
from tollbridge.gateway.torture.history import Call, History, Visit

_REASONS = {200: "OK", 204: "No Content", 302: "Found"}
# Requests that wait to be accepted: every caller may come at once after a start.
_BACKLOG = 2048


class Provider:
    """The server; what it saw stands in the calls of its history.

    Attributes:
        url: Where it listens.
        calls: The calls that callers are about to make, by nonce.
    """

    def __init__(self, history: History) -> None:
        """Prepare it; `strays` of the history counts requests that nobody made."""
        self._history = history
        self._open: set[_Connection] = set()
        self.calls: dict[str, Call] = {}
        self.url = ""

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", 0, backlog=_BACKLOG
        )
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        tasks = [connection.task for connection in self._open if connection.task is not None]
        for connection in list(self._open):
            connection.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    def opened(self, connection: "_Connection") -> None:
        """Note a connection."""
        self._open.add(connection)

    def closed(self, connection: "_Connection") -> None:
        """Forget a connection."""
        self._open.discard(connection)

    def take(self, body: bytes, came_at: float, reused: bool) -> tuple[Call, Visit] | None:
        """Write a request down under its call; None if nobody made it."""
        try:
            call = self.calls[json.loads(body)["nonce"]]
        except (ValueError, KeyError, TypeError):
            self._history.strays += 1
            return None
        visit = Visit(len(call.visits), came_at, reused)
        call.visits.append(visit)
        return call, visit


class _Connection(asyncio.StreamReaderProtocol):
    """One connection of the gateway's: requests in, deeds done, its leaving noticed."""

    def __init__(self, provider: Provider) -> None:
        self._reader_ = asyncio.StreamReader()
        super().__init__(self._reader_, self._serve)
        self._provider = provider
        self._transport_: asyncio.Transport | None = None
        self._visit: Visit | None = None
        self._quiet_since: float | None = None
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport_ = cast(asyncio.Transport, transport)
        self._provider.opened(self)
        super().connection_made(transport)

    def eof_received(self) -> bool | None:
        """See asyncio."""
        self._gateway_left()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._provider.closed(self)
        self._gateway_left()
        super().connection_lost(exc)

    def abort(self) -> None:
        """Stop everything on this connection."""
        if self.task is not None:
            self.task.cancel()
        if self._transport_ is not None:
            self._transport_.abort()

    def _gateway_left(self) -> None:
        visit = self._visit
        if visit is not None and not visit.ended_at:
            self._hear()
            visit.left_at = visit.ended_at = time.time()
        self.abort()

    def _hear(self) -> None:
        """Note how long the gateway has waited, which it does while we have nothing to send."""
        assert self._visit is not None
        now = time.time()
        if self._quiet_since is not None:
            self._visit.pause_s = max(self._visit.pause_s, now - self._quiet_since)
        self._quiet_since = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.task = asyncio.current_task()
        reused = False
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                came_at = time.time()
                body = await reader.readexactly(_length(head))
                taken = self._provider.take(body, came_at, reused)
                if taken is None:
                    break
                call, self._visit = taken
                self._quiet_since = came_at
                if not await self._answer(call, self._visit, writer):
                    break
                reused = True
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, call: Call, visit: Visit, writer: asyncio.StreamWriter) -> bool:
        """Do the deed; returns whether the connection can carry another request."""
        deed = call.deed(visit.number)
        visit.bytes_due = deed.framing != "none"
        if deed.stop_after == -1:
            return await self._stop(deed, visit, writer)
        if deed.head_pause_s:
            await asyncio.sleep(deed.head_pause_s)
        parts = deed.parts if deed.framing != "none" else 0
        # From here on the gateway may have it, whenever the system tells us so.
        visit.status = deed.status
        visit.finished = not parts
        await self._write(_head(deed), visit, writer)
        for index in range(parts):
            if index == deed.stop_after:
                return await self._stop(deed, visit, writer)
            if index and deed.pause_s:
                await asyncio.sleep(deed.pause_s)
            content = part(call.nonce, visit.number, deed, index)
            visit.bytes_sent += len(content)
            visit.finished = index == parts - 1
            await self._write(_framed(deed, content, is_last=visit.finished), visit, writer)
        visit.ended_at = time.time()
        return deed.framing != "close"

    async def _write(self, content: bytes, visit: Visit, writer: asyncio.StreamWriter) -> None:
        self._hear()
        writer.write(content)
        await writer.drain()
        self._quiet_since = time.time()

    async def _stop(self, deed: Deed, visit: Visit, writer: asyncio.StreamWriter) -> bool:
        if deed.stop == "stall":
            await asyncio.Event().wait()  # until the gateway has had enough
        if deed.pause_s:
            await asyncio.sleep(deed.pause_s)
        visit.ended_at = time.time()
        if deed.stop == "reset":
            made: socket.socket = writer.get_extra_info("socket")
            with suppress(OSError):
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        return False


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _head(deed: Deed) -> bytes:
    lines = [f"HTTP/1.1 {deed.status} {_REASONS.get(deed.status, 'Answer')}"]
    if deed.framing == "length":
        lines.append(f"Content-Length: {deed.parts * deed.part_bytes}")
    elif deed.framing in ("chunked", "events"):
        lines.append("Transfer-Encoding: chunked")
    elif deed.framing == "none" and deed.status != 204:
        lines.append("Content-Length: 0")
    elif deed.framing == "close":
        lines.append("Connection: close")
    if deed.status == 302:
        lines.append("Location: http://127.0.0.1:9/elsewhere")
    lines.append(f"Content-Type: {'text/event-stream' if deed.is_stream else 'application/json'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _framed(deed: Deed, content: bytes, *, is_last: bool) -> bytes:
    if deed.framing in ("chunked", "events"):
        end = b"0\r\n\r\n" if is_last else b""
        return b"%x\r\n%s\r\n%s" % (len(content), content, end)
    return content
