"""The body on its way to a provider: in one piece, in slices, or as the page sends it."""

import asyncio
from collections.abc import AsyncIterator

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.connections import Passage

# A gathered body above this goes out in slices, so that the loop is never busy for long.
SLICE_BYTES = 256 * 1024


class Patience:
    """The time until the provider's headers must be here.

    It stands still while the page is waited for: a slow page is no fault of the provider's.
    """

    def __init__(self, timeout: asyncio.Timeout, seconds: float | None) -> None:
        """Govern a running `timeout` of so many seconds; None never ends."""
        self._timeout = timeout
        self._seconds = seconds
        self._over = False

    def pause(self) -> None:
        """Wait for the page."""
        if not self._is_over():
            self._timeout.reschedule(None)

    def restart(self) -> None:
        """Wait for the provider, from now on."""
        if self._seconds is not None and not self._is_over():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self._seconds)

    def end(self) -> None:
        """The headers are here, or will not come; nothing more is governed."""
        self._over = True

    def _is_over(self) -> bool:
        return self._over or self._timeout.expired()


class Upload:
    """A streamed body; the provider sets the pace, part by part.

    Attributes:
        error: What its source raised, or None. It stopped the request.
    """

    def __init__(
        self,
        parts: AsyncIterator[bytes],
        length: int | None,
        *,
        passage: Passage,
        patience: Patience,
    ) -> None:
        """Take the parts from the page; `length` is what it announced, or None."""
        self._parts = parts
        self._missing = length
        self._passage = passage
        self._patience = patience
        self.error: Exception | None = None

    def __aiter__(self) -> "Upload":
        return self

    async def __anext__(self) -> bytes:
        """Return the next part.

        Raises:
            Exception: Whatever the source raised, or a refusal if it ended before its announced
                length. The connection is broken off: a half body must not look like a whole one.
        """
        self._patience.pause()
        try:
            part = await anext(self._parts)
            if self._missing is not None:
                self._missing -= len(part)
        except StopAsyncIteration:
            if not self._missing:
                raise
            short = Refusal("invalid_request", "The body is shorter than its Content-Length.")
            self._stop(short)
            raise short from None
        except Exception as error:
            self._stop(error)
            raise
        finally:
            self._patience.restart()
        return part

    def _stop(self, error: Exception) -> None:
        self.error = error
        self._passage.abort()


async def slices(body: bytes) -> AsyncIterator[bytes]:
    """Yield a gathered body piece by piece."""
    for start in range(0, len(body), SLICE_BYTES):
        yield body[start : start + SLICE_BYTES]
