"""A client that sends the bytes a test gives it, and nothing else: no library puts them right."""

import asyncio
import socket
import struct
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import orjson

Headers = list[tuple[str, str]]

# More than a reader holds before it makes the other side wait.
MOST_BYTES = 1024 * 1024


@dataclass
class Head:
    """An answer's status and headers, names in lower case."""

    status: int
    headers: Headers

    def header(self, name: str) -> str | None:
        """Return the values of a header joined by commas, or None."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None


@dataclass
class RawAnswer(Head):
    """A whole answer. `complete` is False if it broke off before its announced end."""

    body: bytes
    complete: bool

    def json(self) -> Any:
        """Return the body as JSON."""
        return orjson.loads(self.body)


class RawConnection:
    """One connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection; `open` makes one."""
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect to the host of a URL."""
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    @property
    def port(self) -> int:
        """The port of this end."""
        return int(self._writer.get_extra_info("sockname")[1])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    async def send(self, *pieces: str | bytes) -> None:
        """Send pieces as they are; text as Latin-1.

        Raises:
            ConnectionError: The connection is gone.
        """
        if self._writer.is_closing():
            raise ConnectionResetError("the connection is closed")  # uvloop would not say so
        for piece in pieces:
            self._writer.write(piece.encode("latin-1") if isinstance(piece, str) else piece)
        await self._writer.drain()

    async def request(self, line: str, *headers: str, body: bytes = b"") -> None:
        """Send a request line, `Host` and other header lines, and a body."""
        await self.send("\r\n".join([line, "Host: gateway.test", *headers, "", ""]), body)

    async def read_head(self) -> Head:
        """Return the next answer's head; interim answers (1xx) are passed over."""
        while (head := await self.read_interim_or_head()).status < 200:
            pass
        return head

    async def read_interim_or_head(self) -> Head:
        """Return the next head, be it interim or not."""
        head = (await self._reader.readuntil(b"\r\n\r\n"))[:-4].decode("latin-1")
        first, *lines = head.split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = [(name.lower(), value.strip()) for name, _, value in pairs]
        return Head(int(first.split(" ")[1]), headers)

    async def read_answer(self) -> RawAnswer:
        """Return the next answer with its body, be it complete or not."""
        return await self.read_rest(await self.read_head())

    async def read_rest(self, head: Head) -> RawAnswer:
        """Return the answer whose head was read before."""
        body = bytearray()
        try:
            await self._read_body(head, body)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            body += getattr(error, "partial", b"")
            return RawAnswer(head.status, head.headers, bytes(body), complete=False)
        return RawAnswer(head.status, head.headers, bytes(body), complete=True)

    async def read_chunk(self) -> bytes:
        """Return the next chunk of a chunked body, as it was sent."""
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        return (await self._reader.readexactly(size + 2))[:-2]

    async def _read_body(self, head: Head, body: bytearray) -> None:
        if head.header("transfer-encoding") == "chunked":
            while chunk := await self.read_chunk():
                body += chunk
        elif head.header("content-length") is not None:
            body += await self._reader.readexactly(int(head.header("content-length") or 0))

    async def read_some(self) -> bytes:
        """Return some of what has come, at most a few hundred kilobytes; nothing at the end."""
        return await self._reader.read(MOST_BYTES)

    async def read_to_end(self) -> bytes:
        """Return everything until the gateway closes the connection."""
        return await self._reader.read()

    def stop_reading(self) -> None:
        """Leave what comes in the system's buffers, which take several megabytes."""
        self._writer.transport.pause_reading()

    def go_on_reading(self) -> None:
        """Take what comes again."""
        self._writer.transport.resume_reading()

    def leave(self) -> None:
        """Close the connection."""
        self._writer.close()

    def reset(self) -> None:
        """Close the connection with an RST."""
        made: socket.socket = self._writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
