"""The shape of a transport: an async callable that takes a `Request` and returns a `Reply`.

`transport.fetch` is the browser's, `transport.http` CPython's. Whoever writes another one keeps
what stands at `Reply`, and passes a cancellation on after telling the far end.
"""

from tollbridge.sdk import platform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, Protocol

    class Reply(Protocol):
        """An answer whose headers are here and whose body is still on its way.

        A reply may also have `read_batch()`: `read`, but for all that came since the last time.

        Attributes:
            status: The HTTP status.
            headers: (name, value) pairs.
            js: The browser's own `Response`, None elsewhere.
        """

        status: int
        headers: list[tuple[str, str]]
        js: Any

        async def read(self) -> "bytes | None":
            """Return the next bytes as soon as there are some; None at the proper end only.

            Raises:
                NetworkError: The connection broke off; so does every further read.
                AbortedError: It was aborted, here or through the request's signal.

            A cancelled read ends the request; the far end is told.
            """
            ...

        def abort(self) -> None:
            """End the request if it still runs; a read that waits raises `AbortedError`."""
            ...

        async def close(self) -> None:
            """Abort, and return when everything is given back. Any number of times."""
            ...

    Transport = Callable[["Request"], Awaitable[Reply]]


class Request:
    """What a transport sends.

    Attributes:
        method: `GET` or `POST`.
        url: The whole address.
        headers: Values by name in lower case.
        body: None, bytes, str, a JavaScript value that `fetch` takes, or, on CPython, an async
            iterable of bytes.
        signal: An `AbortSignal` of ours or of the browser's, or None.
    """

    __slots__ = ("body", "headers", "method", "signal", "url")

    def __init__(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        body: "Any" = None,
        signal: "Any" = None,
    ) -> None:
        """Make a request; see the class for the fields."""
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.signal = signal

    def with_headers(self, headers: dict[str, str]) -> "Request":
        """Return the same request with these headers on top."""
        merged = dict(self.headers)
        merged.update(headers)
        return Request(self.method, self.url, headers=merged, body=self.body, signal=self.signal)


class OwnTransport:
    """The transport of one client: the one that it was given, else one of its own to close.

    Attributes:
        send: The transport.
    """

    def __init__(self, given: "Transport | None") -> None:
        """Take what the client was given.

        Raises:
            ConfigError: See `default_transport`.
        """
        self.send = default_transport() if given is None else given
        self._is_own = given is None

    async def aclose(self) -> None:
        """Give the connections back, unless the transport is somebody else's."""
        close = getattr(self.send, "aclose", None) if self._is_own else None
        if close is not None:
            await close()


def default_transport() -> "Transport":
    """Return the transport of this interpreter: `fetch` where there is JavaScript, else HTTP.

    Raises:
        ConfigError: `invalid_config`, on CPython without the package that `tollbridge[http]` adds.
    """
    if platform.HAS_JS:
        from tollbridge.sdk.transport.fetch import send

        return send
    from tollbridge.sdk.transport.http import HttpTransport

    return HttpTransport()
