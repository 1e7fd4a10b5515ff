"""HTTP for CPython: servers, scripts and tests. A page never loads this file."""

import asyncio
import importlib
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, TypeVar

from tollbridge.sdk.abort import AbortController, AbortSignal
from tollbridge.sdk.errors import AbortedError, ConfigError, NetworkError, PaywallError
from tollbridge.sdk.transport import Request

T = TypeVar("T")


class HttpTransport:
    """Sends requests over a pool of connections of its own, without a deadline.

    It belongs to one event loop: open and close it in the same one.
    """

    def __init__(self) -> None:
        """Make an empty pool.

        Raises:
            ConfigError: `invalid_config`: the package `httpx2` is not installed.
        """
        try:
            self._httpx: Any = importlib.import_module("httpx2")
        except ImportError as error:
            raise ConfigError(
                "invalid_config",
                "outside a page the SDK sends over the package httpx2: pip install "
                "'tollbridge[http]', or give a transport of your own",
            ) from error
        self._client: Any = self._httpx.AsyncClient(
            timeout=None,  # a model may think for minutes; only the caller knows how long to wait
            follow_redirects=False,
            limits=self._httpx.Limits(max_connections=None, max_keepalive_connections=20),
        )

    async def __call__(self, request: Request) -> "HttpReply":
        """Send a request and return the reply once its headers are here.

        Raises:
            AbortedError: The request's signal was aborted.
            NetworkError: No answer came.

        If the caller is cancelled in here, the connection is closed.
        """
        stop = AbortController()
        undo = request.signal.subscribe(stop.abort) if request.signal else _nothing
        opened: list[Any] = []
        try:
            await unless_aborted(self._open(request, opened), stop.signal)
        except self._httpx.RequestError as error:
            undo()
            raise NetworkError(f"The gateway could not be reached: {_what(error)}.") from error
        except BaseException:
            undo()
            for response in opened:  # the answer came in the moment of leaving
                await response.aclose()
            raise
        return HttpReply(opened[0], stop, undo, self._httpx.RequestError)

    async def aclose(self) -> None:
        """Close the pool; replies that still run break off."""
        await self._client.aclose()

    async def _open(self, request: Request, opened: list[Any]) -> None:
        body = request.body
        built = self._client.build_request(
            request.method,
            request.url,
            headers=request.headers,
            content=body.encode() if isinstance(body, str) else body,
        )
        opened.append(await self._client.send(built, stream=True))


class HttpReply:
    """An answer over HTTP; see `transport.Reply`."""

    js = None

    def __init__(self, response: Any, stop: AbortController, undo: Any, lost: Any) -> None:
        """Take over a response.

        Args:
            response: The `httpx2` response, its body unread.
            stop: What `abort` aborts; the request's signal aborts it too.
            undo: Lets go of the request's signal.
            lost: The exception class that means a broken connection.
        """
        self.status: int = response.status_code
        self.headers: list[tuple[str, str]] = list(response.headers.multi_items())
        self._response = response
        self._chunks: AsyncGenerator[bytes, None] = response.aiter_bytes()
        self._stop = stop
        self._undo = undo
        self._lost = lost
        self._reading = False
        self._ended = False
        self._error: PaywallError | None = None
        self._closing: asyncio.Task[None] | None = None
        stop.signal.subscribe(self._start_release)

    async def read(self) -> bytes | None:
        """Return the next bytes, None at the end; see `transport.Reply`.

        Raises:
            NetworkError: The connection broke off.
            AbortedError: It was aborted.
        """
        if self._error is not None:
            raise self._error
        if self._ended:
            return None
        try:
            chunk = await unless_aborted(self._next(), self._stop.signal)
        except self._lost as error:
            self._error = NetworkError(f"The answer broke off: {_what(error)}.")
            await self._release()
            raise self._error from error
        except AbortedError as error:
            self._error = error
            await self._release()
            raise
        except asyncio.CancelledError:
            await self.close()
            raise
        if chunk is None:
            self._ended = True
            await self._release()
        return chunk

    def abort(self) -> None:
        """End the request; see `transport.Reply`."""
        if not self._ended:
            self._error = self._error or AbortedError()
        self._stop.abort()
        self._start_release()

    async def close(self) -> None:
        """End the request and give the connection back; see `transport.Reply`."""
        self.abort()
        await self._release()

    async def _next(self) -> bytes | None:
        self._reading = True
        try:
            return await anext(self._chunks, None)
        finally:
            self._reading = False

    async def _release(self) -> None:
        await asyncio.shield(self._start_release())

    def _start_release(self) -> asyncio.Task[None]:
        if self._closing is None:
            self._undo()
            self._closing = asyncio.get_running_loop().create_task(self._give_back())
        return self._closing

    async def _give_back(self) -> None:
        await self._response.aclose()
        if not self._reading:  # a reading that was interrupted unwinds by itself
            await self._chunks.aclose()


async def unless_aborted(work: Coroutine[Any, Any, T], signal: AbortSignal) -> T:
    """Return what `work` returns, unless `signal` aborts first.

    Raises:
        AbortedError: The signal aborted; `work` was cancelled and has ended.
        asyncio.CancelledError: The caller was cancelled; `work` was cancelled and has ended.
    """
    too_late = signal.aborted
    if too_late:
        work.close()
        raise AbortedError
    task = asyncio.ensure_future(work)
    undo = signal.subscribe(task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        caller = asyncio.current_task()
        if signal.aborted and not (caller and caller.cancelling()):
            raise AbortedError from None
        raise
    finally:
        undo()


def _what(error: Exception) -> str:
    return str(error) or type(error).__name__


def _nothing() -> None:
    """Undo nothing."""
