"""The page's side of a call, incoming: its body, and the moment it leaves.

ASGI's `receive` may have one reader only; this is it. While the body is read the page's leaving
shows up there; afterwards the connection tells of it, or a task waits where there is none to tell.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from tollbridge.gateway.errors import PageLeft, Refusal
from tollbridge.gateway.settings import Limits

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

# What all gathered bodies of the process may take together.
GATHERED_BYTES_MAX = 256 * 1024 * 1024


class Memory:
    """Counts the bytes of gathered bodies in flight."""

    def __init__(self, bytes_max: int = GATHERED_BYTES_MAX) -> None:
        """Allow `bytes_max` in all."""
        self._bytes_free = bytes_max

    def take(self, count: int) -> None:
        """Claim bytes.

        Raises:
            Refusal: `busy`; nothing was claimed.
        """
        if count > self._bytes_free:
            raise Refusal(
                "busy",
                "The gateway is holding as many request bodies as it can; try again shortly.",
                headers={"retry-after": "1"},
            )
        self._bytes_free -= count

    def release(self, count: int) -> None:
        """Give bytes back."""
        self._bytes_free += count


class Intake:
    """The body of one request, and whether the page has left.

    Attributes:
        left: The page has closed the connection.
        refusal: Why an upload was stopped in its middle, or None.
    """

    def __init__(
        self,
        receive: Receive,
        memory: Memory,
        limits: Limits,
        lost: "asyncio.Future[None] | None" = None,
    ) -> None:
        """Read from `receive`, and nobody else may; `lost` ends when the connection is gone.

        Without `lost`, a page that leaves while nobody reads its body is not noticed until then.
        """
        self._receive = receive
        self._memory = memory
        self._limits = limits
        self._waited_s = 0.0
        self._claimed = 0
        self._watch: asyncio.Task[None] | None = None
        self._on_left: Callable[[], object] = _nothing
        self.left = False
        self.refusal: Refusal | None = None
        self._lost = lost
        if lost is not None:
            lost.add_done_callback(self._leave)

    def when_left(self, do: Callable[[], object]) -> None:
        """Have `do` called at the moment the page leaves; at once if it has. Replaces the last."""
        self._on_left = do
        if self.left:
            do()

    async def gather(self, bytes_max: int, announced: int | None) -> bytes:
        """Read the whole body.

        Args:
            bytes_max: The most it may have.
            announced: Its `Content-Length`, or None.

        Raises:
            Refusal: `body_too_large`, `busy` or `upload_timeout`.
            PageLeft: The page left before it had sent everything.
        """
        if announced is not None and announced > bytes_max:
            raise too_large(bytes_max)
        body: bytes | bytearray = b""
        async for part in self._parts():
            if len(body) + len(part) > bytes_max:
                raise too_large(bytes_max)
            self.claim(len(part))
            if not body:
                body = part
            elif isinstance(body, bytearray):
                body += part
            else:  # not a list of parts: those of a body that drips are larger than their bytes
                body = bytearray(body) + part
        return bytes(body)

    def stream(self, bytes_max: int, announced: int | None) -> AsyncIterator[bytes]:
        """Give the body part by part as it arrives; the reader sets the pace.

        A body that grows too large or stalls ends in `refusal`, one whose page leaves in `left`:
        both raise where the parts are read, and whoever sent those on looks there to learn why.

        Raises:
            Refusal: It is announced as too large; nothing was read.
        """
        if announced is not None and announced > bytes_max:
            raise too_large(bytes_max)
        return self._counted_parts(bytes_max)

    async def _counted_parts(self, bytes_max: int) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._parts():
            size += len(part)
            if size > bytes_max:
                self.refusal = too_large(bytes_max)
                raise self.refusal
            yield part

    def claim(self, count: int) -> None:
        """Claim memory for bytes that the body takes, or that are made of it.

        Raises:
            Refusal: `busy`; nothing was claimed.
        """
        self._memory.take(count)
        self._claimed += count

    def release(self) -> None:
        """Give the memory back: the body has gone out, and nobody holds it any more."""
        self._memory.release(self._claimed)
        self._claimed = 0

    def close(self) -> None:
        """Stop watching and give the memory back."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None  # its error would hold its frames, and they this
        if self._lost is not None:
            self._lost.remove_done_callback(self._leave)
        self.release()

    async def _parts(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._wait_for_page()
            if message["type"] == "http.disconnect":
                self._leave()
                raise PageLeft
            more = message.get("more_body", False)
            part = message.get("body", b"")
            if part:
                yield part
        if self._lost is None:
            self._watch = asyncio.create_task(self._watch_for_leaving())

    async def _wait_for_page(self) -> MutableMapping[str, Any]:
        # Only the page's own time counts: a provider that is slow to read is not its doing.
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._patience_s()):
                return await self._receive()
        except TimeoutError:
            self.refusal = Refusal("upload_timeout", "The request's body took too long to arrive.")
            raise self.refusal from None
        finally:
            self._waited_s += loop.time() - began

    def _patience_s(self) -> float | None:
        limits = self._limits
        left_s = None if limits.upload_s is None else max(0.0, limits.upload_s - self._waited_s)
        known = [limit for limit in (left_s, limits.upload_idle_s) if limit is not None]
        return min(known, default=None)

    async def _watch_for_leaving(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self, _: object = None) -> None:
        if not self.left:
            self.left = True
            self._on_left()


def too_large(bytes_max: int) -> Refusal:
    """Say that a body is larger than it may be."""
    return Refusal(
        "body_too_large",
        f"The body is larger than the {bytes_max} bytes that are allowed here.",
        details={"max_bytes": bytes_max},
    )


def _nothing() -> None:
    pass
