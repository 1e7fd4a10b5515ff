"""A provider's answer: its head at once, its body as it comes, its end only if it is a real one.

An answer is filled by its connection (`connection.py`) and read by whoever opened it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tollbridge.gateway.providers.connection import ProviderConnection
    from tollbridge.gateway.providers.upload import Upload

# Bytes read ahead of the page, beyond which the provider is no longer read from.
READ_AHEAD_BYTES = 64 * 1024

# 205 has no body either; a server that sends one all the same is not listened to.
_STATUSES_WITHOUT_BODY = (204, 205, 304)


class ProviderBrokeOff(Exception):
    """The body stopped before its end.

    Attributes:
        idle: It was we who stopped, because nothing came for too long.
    """

    idle = False


class ProviderIdle(ProviderBrokeOff):
    """Nothing came for so long that we broke the connection off."""

    idle = True


class UpstreamAnswer:
    """The answer to one request. Whoever opened it closes it.

    Attributes:
        status: As the provider sent it.
        headers: As the provider sent them, in order.
        bodiless: The head says that no body follows.
        end_is_known: The body's end can be told from a cut: it has a length or is chunked.
            Otherwise it ends with the connection, and only a reset shows as a cut.
        parts: What has come of the body and was not read yet; filled by the connection.
    """

    __slots__ = (
        "__weakref__",
        "_closed",
        "_complete",
        "_connection",
        "_failure",
        "_idle_timeout_s",
        "_loop",
        "_size",
        "_waiter",
        "_waiting_since",
        "_watch",
        "_when_over",
        "bodiless",
        "end_is_known",
        "headers",
        "is_to_head",
        "parts",
        "status",
        "upload",
    )

    def __init__(
        self,
        connection: "ProviderConnection",
        *,
        loop: asyncio.AbstractEventLoop,
        is_to_head: bool,
        idle_timeout_s: float | None,
    ) -> None:
        """Wait for an answer on a connection.

        Args:
            connection: What the request goes out on.
            loop: The running loop.
            is_to_head: The request is a HEAD, so no body follows whatever the headers say.
            idle_timeout_s: The longest wait for bytes of the body, or None.
        """
        self._connection: ProviderConnection | None = connection
        self._loop = loop
        self._idle_timeout_s = idle_timeout_s
        self._when_over: Callable[[], None] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._waiting_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._size = 0
        self._failure: Exception | None = None
        self._complete = False
        self._closed = False
        self.is_to_head = is_to_head
        self.upload: Upload | None = None
        self.parts: list[bytes] = []
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.bodiless = False
        self.end_is_known = True

    # For whoever reads it ----------------------------------------------------------------------

    def chunks(self) -> AsyncIterator[bytes]:
        """Return an iterator over the body's bytes, as they come and undecoded.

        It stops at the real end only. What came before a cut is handed over before the cut is
        told. Reading slowly slows the provider down.

        Raises:
            ProviderBrokeOff: From the iterator: the body broke off, or `close` was called.
            ProviderIdle: From the iterator: nothing came for `idle_timeout_s`.
        """
        return self

    def __aiter__(self) -> "UpstreamAnswer":
        return self

    async def __anext__(self) -> bytes:
        """Return the next bytes; see `chunks`."""
        while True:
            if self._closed:
                raise ProviderBrokeOff("the answer was closed here")
            if self.parts:
                return self._take_parts()
            if self._complete:
                raise StopAsyncIteration
            if self._failure is not None:
                raise type(self._failure)(*self._failure.args)
            if self._idle_timeout_s is not None:
                self._waiting_since = self._loop.time()
                if self._watch is None:
                    self._watch = self._loop.call_later(self._idle_timeout_s, self._look)
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = self._waiting_since = None

    def close(self) -> None:
        """Let go of the answer: at once, and without waiting for anything.

        An answer that has not come to its end has its connection broken off, which the provider
        notices; a complete one leaves it to the pool. Reading on raises `ProviderBrokeOff`.
        """
        if self._closed:
            return
        self._closed = True
        self.parts.clear()
        connection = self._connection
        self._end()
        if connection is not None:
            connection.abort()
        self._wake()

    # For the way to the providers ----------------------------------------------------------------

    async def arrive(self, when_over: Callable[[], None]) -> None:
        """Wait for the head.

        Args:
            when_over: Called once, as soon as no connection is needed any more; not if this
                raises.

        Raises:
            Exception: What `break_off` was given before the head was here.
        """
        if not self.status and self._failure is None:
            self._waiter = self._loop.create_future()
            await self._waiter
            self._waiter = None
        if not self.status and self._failure is not None:
            failure, self._failure = self._failure, None  # else it would hold its own traceback
            raise failure
        if self._complete:
            when_over()
        else:
            self._when_over = when_over

    # For the connection ------------------------------------------------------------------------

    def begin(self, status: int, headers: list[tuple[bytes, bytes]], *, framed: bool) -> None:
        """Take the head; `framed` says that it tells where the body ends."""
        self.status = status
        self.headers = headers
        self.bodiless = self.is_to_head or status in _STATUSES_WITHOUT_BODY
        if not self.bodiless and framed:
            self.bodiless = any(
                value == b"0" and name.lower() == b"content-length" for name, value in headers
            )
        self.end_is_known = self.bodiless or framed

    def handed_over(self, byte_count: int) -> bool:
        """Tell the reader of what has come into `parts`; return whether it is enough for now."""
        self._size += byte_count
        self._wake()
        return self._size > READ_AHEAD_BYTES

    def complete(self) -> None:
        """All of the answer is here, be it read or not; its connection is not needed any more."""
        self._complete = True
        self._end()
        self._wake()

    def break_off(self, failure: Exception) -> None:
        """No more will come, because of `failure`; the first one counts.

        The connection is somebody else's to close.
        """
        if self._failure is None and not self._complete:
            self._failure = failure
            self._wake()

    @property
    def is_uploading(self) -> bool:
        """Whether the request's body is still going out."""
        return self.upload is not None and not self.upload.is_over

    # Inside ------------------------------------------------------------------------------------

    def _take_parts(self) -> bytes:
        taken = b"".join(self.parts)
        self.parts.clear()
        if self._size > READ_AHEAD_BYTES and self._connection is not None:
            self._connection.resume_reading()
        self._size = 0
        return taken

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _look(self) -> None:
        """Break off if bytes have been waited for too long, else look again when that may be."""
        assert self._idle_timeout_s is not None
        since = self._waiting_since
        due = (self._loop.time() if since is None else since) + self._idle_timeout_s
        if due > self._loop.time():
            self._watch = self._loop.call_at(due, self._look)
            return
        self.break_off(ProviderIdle(f"nothing came for {self._idle_timeout_s:g} s"))
        if self._connection is not None:
            self._connection.abort()

    def _end(self) -> None:
        self._connection = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self.upload is not None:
            self.upload.stop()
            self.upload = None
        if self._when_over is not None:
            when_over, self._when_over = self._when_over, None
            when_over()
