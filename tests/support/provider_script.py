"""What a scripted provider is told to do, and what it remembers of each request."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

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
    bytes_sent: int = 0
    body_complete: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    _body: bytearray = field(default_factory=bytearray)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def body(self) -> bytes:
        """What has arrived of the body so far, without the framing."""
        return bytes(self._body)

    def take(self, piece: bytes) -> None:
        """Note a piece of the body."""
        self._body += piece
        self._more.set()

    async def has_received(self, count: int) -> None:
        """Wait until so many bytes of the body are here."""
        while len(self._body) < count:
            self._more.clear()
            await self._more.wait()

    def header(self, name: str) -> str | None:
        """Return the values of a header joined by commas, or None."""
        wanted = name.lower().encode()
        values = [value.decode("latin-1") for key, value in self.headers if key.lower() == wanted]
        return ", ".join(values) if values else None

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


NOTHING_SCRIPTED = Answer.json({"error": "the test scripted no answer for this"}, status=500)
