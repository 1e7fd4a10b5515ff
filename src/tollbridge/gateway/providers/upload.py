"""The body on its way to a provider, where it does not go out in one piece with the head."""

import asyncio
from collections.abc import AsyncIterator

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.answer import ProviderBrokeOff, UpstreamAnswer
from tollbridge.gateway.providers.connection import ProviderConnection
from tollbridge.gateway.providers.failures import no_answer_in_time

# A gathered body above this goes out in slices, so that the loop is never busy for long.
SLICE_BYTES = 256 * 1024


class Patience:
    """The time until the answer's head must be here; breaks off when it is not.

    It stands still while the page is waited for: a slow page is no fault of the provider's.
    """

    __slots__ = ("_answer", "_connection", "_handle", "_loop", "_over", "_seconds")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        seconds: float | None,
        answer: UpstreamAnswer,
        connection: ProviderConnection,
    ) -> None:
        """Wait so many seconds from now on; None never ends."""
        self._loop = loop
        self._seconds = seconds
        self._answer = answer
        self._connection = connection
        self._over = False
        self._handle: asyncio.TimerHandle | None = None
        self.restart()

    def pause(self) -> None:
        """Wait for the page."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def restart(self) -> None:
        """Wait for the provider, from now on."""
        self.pause()
        if self._seconds is not None and not self._over:
            self._handle = self._loop.call_later(self._seconds, self._expire)

    def end(self) -> None:
        """The headers are here, or will not come; nothing more is governed."""
        self._over = True
        self.pause()

    def _expire(self) -> None:
        assert self._seconds is not None
        self._answer.break_off(no_answer_in_time(self._seconds))
        self._connection.abort()


class Upload:
    """A body that goes out part by part, at the provider's pace."""

    def __init__(
        self,
        parts: AsyncIterator[bytes],
        length: int | None,
        *,
        answer: UpstreamAnswer,
        connection: ProviderConnection,
        patience: Patience,
    ) -> None:
        """Begin to send the parts; `length` is what was announced, None sends them chunked."""
        self._parts = parts
        self._missing = length
        self._answer = answer
        self._connection = connection
        self._patience = patience
        self._task = asyncio.create_task(self._run())

    @property
    def is_over(self) -> bool:
        """Whether all of it went out, or no more will."""
        return self._task.done()

    def stop(self) -> None:
        """Send no more; nothing is said to whoever sends the parts."""
        self._task.cancel()

    async def _run(self) -> None:
        try:
            await self._send()
        except ProviderBrokeOff:
            pass  # the answer has been told
        except Exception as error:
            # A half body must not look like a whole one.
            self._answer.break_off(
                ProviderBrokeOff("the upload failed") if self._answer.status else error
            )
            self._connection.abort()

    async def _send(self) -> None:
        chunked = self._missing is None
        while (part := await self._next()) is not None:
            if not part:
                continue  # in chunks it would be the end
            if self._missing is not None:
                self._missing -= len(part)
                if self._missing < 0:
                    raise Refusal("invalid_request", "The body is longer than its Content-Length.")
            if chunked:
                await self._connection.write(b"%x\r\n" % len(part), part, b"\r\n")
            else:
                await self._connection.write(part)
        if self._missing:
            raise Refusal("invalid_request", "The body is shorter than its Content-Length.")
        if chunked:
            await self._connection.write(b"0\r\n\r\n")

    async def _next(self) -> bytes | None:
        self._patience.pause()
        try:
            return await anext(self._parts, None)
        finally:
            self._patience.restart()


async def slices(body: bytes) -> AsyncIterator[bytes]:
    """Yield a gathered body piece by piece."""
    for start in range(0, len(body), SLICE_BYTES):
        yield body[start : start + SLICE_BYTES]
