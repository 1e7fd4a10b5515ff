"""One request of a caller over a connection of its own, byte by byte as the caller means it."""

import asyncio
import json
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass

from tollbridge.gateway.torture.deeds import DEEDS, body, origin_of
from tollbridge.gateway.torture.furnishing import PAYWALL
from tollbridge.gateway.torture.history import Call, Send
from tollbridge.wire import headers as names
from tollbridge.wire.paths import PAYWALL_QUERY, call

# A slow reader takes a piece and rests, so that the gateway has to wait for it.
_SLOW_BYTES = 64 * 1024
_SLOW_PAUSE_S = 0.05
_READ_BYTES = 256 * 1024
# With so many bytes of an answer it can be told whose they are.
_ORIGIN_BYTES = 60
# Longer than any answer here takes; who waits longer has found a fault, and says so.
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where calls go: the gateway's port, and the number of its life."""

    port: int
    life: int


@dataclass(frozen=True, slots=True)
class Manner:
    """How one request is read.

    Attributes:
        leave: "" reads to the end; `head` leaves before it has come, `headed` once it has, `byte`
            after the first of the body.
        after_s: How long a caller who leaves waits before that.
        rudely: Leaves with a reset.
        slowly: Reads slowly.
    """

    leave: str = ""
    after_s: float = 0.0
    rudely: bool = False
    slowly: bool = False


class _Left(Exception):
    """The caller has had enough."""


async def send(wish: Call, place: Place, who: tuple[str, ...], manner: Manner) -> Send:
    """Send a call with the header lines that say who calls, and return what came of it.

    It stands in the call's `sends` from the start.
    """
    made = Send(place.life, time.time())
    wish.sends.append(made)
    held = bytearray()
    writer = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            connected = await _connect(place.port, slowly=manner.slowly)
            reader, writer = await asyncio.open_connection(sock=connected, limit=_SLOW_BYTES)
            writer.write(_request(wish, place, who))
            await _read(made, manner, reader, held)
    except _Left:
        made.left = True
        if manner.rudely and writer is not None:
            _reset(writer)
    except TimeoutError:
        made.hung = made.left = True
    except (OSError, EOFError):
        pass  # the connection is gone; what came of it stands in `made`
    finally:
        made.ended_at = time.time()
        if writer is not None:
            writer.close()
    _compare(wish, made, held)
    return made


async def _connect(port: int, *, slowly: bool) -> socket.socket:
    made = socket.socket()
    try:
        made.setblocking(False)
        if slowly:  # the system's own buffer would take a large answer whole
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SLOW_BYTES)
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    except BaseException:
        made.close()
        raise
    return made


def _request(wish: Call, place: Place, who: tuple[str, ...]) -> bytes:
    content = json.dumps({"nonce": wish.nonce}).encode()
    lines = [
        f"POST {call(wish.provider_id, 'v1/work')}?{PAYWALL_QUERY}={PAYWALL} HTTP/1.1",
        f"Host: 127.0.0.1:{place.port}",
        *who,
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    if wish.keyed:
        lines.append(f"{names.IDEMPOTENCY_KEY}: {wish.key}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


async def _read(made: Send, manner: Manner, reader: asyncio.StreamReader, held: bytearray) -> None:
    if manner.leave == "head":
        with suppress(TimeoutError):
            async with asyncio.timeout(manner.after_s):
                _take_head(made, await reader.readuntil(b"\r\n\r\n"))
        raise _Left
    head = await reader.readuntil(b"\r\n\r\n")
    headers = _take_head(made, head)
    if manner.leave == "headed":
        await asyncio.sleep(manner.after_s)
        raise _Left
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await _take(made, manner, reader, held, size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    else:
        await _take(made, manner, reader, held, int(headers.get("content-length", "0")))
    made.complete = True


async def _take(
    made: Send, manner: Manner, reader: asyncio.StreamReader, held: bytearray, size: int
) -> None:
    while size:
        if manner.slowly:
            await asyncio.sleep(_SLOW_PAUSE_S)
        content = await reader.read(min(size, _SLOW_BYTES if manner.slowly else _READ_BYTES))
        if not content:
            raise EOFError
        held += content
        size -= len(content)
        if manner.leave == "byte":
            await asyncio.sleep(manner.after_s)
            raise _Left


def _take_head(made: Send, head: bytes) -> dict[str, str]:
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    made.status = int(first.split(" ")[1])
    made.call_id = headers.get(names.CALL_ID)
    charged = headers.get(names.CREDITS_CHARGED)
    made.charged = None if charged is None else int(charged)
    made.replayed = headers.get(names.IDEMPOTENT_REPLAYED) == "true"
    made.source = headers.get(names.ERROR_SOURCE, "")
    return headers


def _compare(wish: Call, made: Send, held: bytearray) -> None:
    """Judge the bytes at once, so that they need not be kept."""
    made.bytes_held = len(held)
    if made.source == names.FROM_GATEWAY:
        if made.complete:
            made.code = str(json.loads(held).get("error", ""))
        return
    found = origin_of(held)
    if found is None:
        # Too few to tell whose they are; a whole answer without a body must have been asked for.
        bodiless = any(DEEDS[name].framing == "none" for name in wish.deeds)
        made.faithful = (not held and bodiless) if made.complete else len(held) < _ORIGIN_BYTES
        return
    nonce, made.visit = found
    whole = body(nonce, made.visit, wish.deed(made.visit))
    made.faithful = nonce == wish.nonce and whole.startswith(held)
    if made.complete and len(held) != len(whole):
        made.faithful = False


def _reset(writer: asyncio.StreamWriter) -> None:
    made: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
