"""A client of which the benchmark knows every step and the time of it: ask, first chunk, leave.

`wrk` counts whole answers; it tells neither when a first chunk came nor what a leave does.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from building.bench.figures import CannotMeasure

# Far above what the slowest peer takes; whoever needs longer hangs.
ANSWER_S = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where a measured call goes and what it carries.

    Attributes:
        server: Whose it is, as figures and messages call it.
        port: On the loopback.
        path: With its query.
        body: The same for every server.
        headers: Beside Host, Content-Type and Content-Length.
        variants: Headers that take turns from call to call, such as tokens of several users.
        method: The HTTP method.
        is_keyed: Each call of a load carries an `Idempotency-Key` of its own, as the SDK's do.
    """

    server: str
    port: int
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    variants: tuple[dict[str, str], ...] = ()
    method: str = "POST"
    is_keyed: bool = False

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers of the first variant."""
        chosen = self.variants[0] if self.variants else {}
        return {"Content-Type": "application/json", **self.headers, **chosen}


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; chunks are joined."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Exchange:
    """One connection and one call on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold a connection; `connect` opens one."""
        self._reader = reader
        self._writer = writer

    def ask(self, target: Target) -> float:
        """Send the call in one piece; return when, monotonic."""
        lines = [
            f"{target.method} {target.path} HTTP/1.1",
            f"Host: 127.0.0.1:{target.port}",
            f"Content-Length: {len(target.body)}",
            *(f"{name}: {value}" for name, value in target.all_headers.items()),
        ]
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + target.body)
        return time.monotonic()

    async def first_event_s(self) -> float:
        """Wait for the first byte of the first event; return when it came, monotonic.

        Raises:
            CannotMeasure: The answer is not a 200 with events.
        """
        async with _in_time():
            head = await self._reader.readuntil(b"\r\n\r\n")
            if _status(head) != 200:
                raise CannotMeasure(f"a stream was answered with {_status(head)}")
            await self._reader.readuntil(b"data: ")
        return time.monotonic()

    async def whole(self) -> Answer:
        """Read the answer to its end.

        Raises:
            CannotMeasure: It broke off, or did not come to its end in time.
        """
        async with _in_time():
            head = await self._reader.readuntil(b"\r\n\r\n")
            fields = _fields(head)
            if "chunked" in fields.get("transfer-encoding", ""):
                body = await self._read_chunks()
            else:
                body = await self._reader.readexactly(int(fields.get("content-length", "0")))
        return Answer(_status(head), body)

    def leave(self) -> float:
        """Close the connection at once, as a page that goes away; return when, monotonic."""
        at = time.monotonic()
        self._writer.transport.abort()
        return at

    async def _read_chunks(self) -> bytes:
        parts = []
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readuntil(b"\r\n")
        return b"".join(parts)


async def connect(port: int) -> Exchange:
    """Open a connection.

    Raises:
        OSError: Nobody listens there.
    """
    return Exchange(*await asyncio.open_connection("127.0.0.1", port))


async def call(target: Target) -> Answer:
    """Make one call on a connection of its own."""
    exchange = await connect(target.port)
    try:
        exchange.ask(target)
        return await exchange.whole()
    finally:
        exchange.leave()


async def wait_for_200(target: Target, *, within_s: float) -> None:
    """Call until it is answered with 200.

    Raises:
        CannotMeasure: That did not happen in time; the message says what came instead.
    """
    deadline = time.monotonic() + within_s
    said = "nothing"
    while time.monotonic() < deadline:
        try:
            answer = await call(target)
        except (OSError, CannotMeasure) as error:
            said = str(error)
        else:
            if answer.status == 200:
                return
            said = f"{answer.status} {answer.body[:300]!r}"
        await asyncio.sleep(0.005)
    raise CannotMeasure(f"{target.server} did not answer within {within_s:g} s; last: {said}")


@contextlib.asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(ANSWER_S):
            yield
    except TimeoutError as error:
        raise CannotMeasure(f"an answer did not come within {ANSWER_S:g} s") from error
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise CannotMeasure("a connection was closed in the middle of an answer") from error


def _status(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


def _fields(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
