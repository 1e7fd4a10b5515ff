"""A provider's answer: its head at once, its body as it comes, its end only if it is a real one."""

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp

from tollbridge.gateway.providers.connections import Passage

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
    """

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        passage: Passage,
        *,
        idle_timeout_s: float | None,
        when_over: Callable[[], None],
    ) -> None:
        """Watch over a response whose headers are here.

        Args:
            response: aiohttp's.
            passage: The connection that it comes on.
            idle_timeout_s: The longest wait for bytes, or None.
            when_over: Called once, as soon as no connection is needed any more.
        """
        self._response = response
        self._content = response.content
        self._passage = passage
        self._when_over: Callable[[], None] | None = when_over
        self._failure: ProviderBrokeOff | None = None
        self._closed = False
        self._was_reset = False

        self.status = response.status
        self.headers = list(response.raw_headers)
        known = {name.lower(): value for name, value in self.headers}
        self.bodiless = (
            self.status in _STATUSES_WITHOUT_BODY
            or response.method == "HEAD"
            or known.get(b"content-length") == b"0"
        )
        self.end_is_known = (
            self.bodiless or b"content-length" in known or b"transfer-encoding" in known
        )

        self._loop = asyncio.get_running_loop()
        self._idle_timeout_s = idle_timeout_s
        self._waiting_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        if passage.lost is not None:
            passage.lost.add_done_callback(self._on_lost)
        if idle_timeout_s is not None:
            self._watch = self._loop.call_later(idle_timeout_s, self._look)
        self._content.on_eof(self._on_complete)

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
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise ProviderBrokeOff("the answer was closed here")
        if self.bodiless:
            raise StopAsyncIteration
        if self._passage.lost is None or self._passage.lost.done():
            self._on_lost()
        self._waiting_since = self._loop.time()
        try:
            chunk = await self._content.readany()
        except (aiohttp.ClientError, ProviderBrokeOff) as error:
            chunk = self._break_off(error)
        finally:
            self._waiting_since = None
        if chunk:
            return chunk
        if self._was_reset and not self.end_is_known:
            raise ProviderBrokeOff("the connection was reset")
        raise StopAsyncIteration

    def close(self) -> None:
        """Let go of the answer: at once, and without waiting for anything.

        An answer that has not come to its end has its connection broken off, which the provider
        notices; a complete one leaves it to the pool. Reading on raises `ProviderBrokeOff`.
        """
        if self._closed:
            return
        self._closed = True
        if not self._content.is_eof():
            self._passage.abort()
        self._response.close()
        self._end()

    def _on_complete(self) -> None:
        """All of the answer is here, be it read or not."""
        lost = self._passage.lost
        self._was_reset = lost is not None and lost.done() and lost.exception() is not None
        if self._response.connection is not None:
            # Not given back: the request's body is still going out, and nobody will read it.
            self._passage.abort()
        self._end()

    def _on_lost(self, _: object = None) -> None:
        """The connection is gone; aiohttp has told the body so, with one exception.

        After invalid chunked coding aiohttp closes the connection and leaves the body waiting.
        """
        if not self._content.is_eof() and self._content.exception() is None:
            self._content.set_exception(aiohttp.ClientPayloadError("the connection is gone"))

    def _look(self) -> None:
        """Break off if bytes have been waited for too long, else look again when that may be."""
        assert self._idle_timeout_s is not None
        since = self._waiting_since
        due = (self._loop.time() if since is None else since) + self._idle_timeout_s
        if due > self._loop.time():
            self._watch = self._loop.call_at(due, self._look)
            return
        self._failure = ProviderIdle(f"nothing came for {self._idle_timeout_s:g} s")
        self._passage.abort()
        self._content.set_exception(self._failure)

    def _break_off(self, error: Exception) -> bytes:
        """Note why the body broke off; return what came before, or raise if that is nothing."""
        if self._closed:
            raise ProviderBrokeOff("the answer was closed here") from None
        if self._failure is None:
            self._failure = ProviderBrokeOff("the provider broke off")
        # aiohttp tells the error first and would drop what is still to be read.
        self._content.set_exception(None)  # type: ignore[arg-type]
        rest = self._content.read_nowait()
        if not rest:
            raise self._failure from error
        return rest

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._passage.lost is not None:
            self._passage.lost.remove_done_callback(self._on_lost)
        if self._when_over is not None:
            when_over, self._when_over = self._when_over, None
            when_over()
