"""The answer of a metered call: the provider's own bytes, as they come."""

import json

from tollbridge.sdk.errors import AbortedError, ConfigError, PaywallError
from tollbridge.sdk.headers import Headers
from tollbridge.sdk.sse import Events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.transport import Reply

    Bytes = bytes  # inside the class `bytes` is a method


class Response:
    """An answer with a status of 2xx. Its body is still on its way when `call()` returns.

    Read it in one of three ways: whole, with `bytes()`, `text()` or `json()`, in any order and as
    often as you like; or, once, chunk by chunk, with `async for chunk in response`, or event by
    event, with `async for event in response.sse()`. What the provider sent arrives byte for byte,
    cut wherever the network cut it.

    Only a finished answer ends. One that breaks off raises `NetworkError`, one that is stopped
    `AbortedError`; so does every later reading. Who leaves early closes: `async with response:`,
    `aclose()` or `abort()`, or the signal given to `call()`; else the provider goes on.

    Attributes:
        status: The HTTP status.
        headers: A `Headers`.
    """

    def __init__(self, reply: "Reply", *, on_broken: "Callable[[], None] | None" = None) -> None:
        """Take over a reply.

        Args:
            reply: What the transport returned, its body unread.
            on_broken: Called once if the body breaks off or is stopped.
        """
        self.status = reply.status
        self.headers = Headers(reply.headers)
        self._reply = reply
        self._on_broken = on_broken
        self._whole: Bytes | None = None
        self._error: PaywallError | None = None
        self._iterated = False
        self._ended = False

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx; `call()` returns no other."""
        return 200 <= self.status < 300

    @property
    def js(self) -> "Any":
        """The browser's own `Response`, untouched; None outside a page.

        Read the body here or there, not both. What is read there is not watched: a cancelled task
        does not end it; `aclose()` and the signal given to `call()` do.
        """
        return self._reply.js

    async def json(self) -> "Any":
        """Return the body read as JSON.

        Raises:
            ValueError: It is no JSON; `text()` has it.
            NetworkError: It broke off.
            AbortedError: It was stopped.
        """
        return json.loads(await self.text())

    async def text(self) -> str:
        """Return the body as text; bytes that are no UTF-8 become U+FFFD.

        Raises:
            NetworkError: It broke off.
            AbortedError: It was stopped.
        """
        return (await self.bytes()).decode("utf-8", "replace")

    async def bytes(self) -> "Bytes":
        """Return the whole body.

        Raises:
            NetworkError: It broke off; what had come is lost.
            AbortedError: It was stopped.
            ConfigError: `body_used`: it was read chunk by chunk.
        """
        if self._whole is None:
            self._take("bytes(), text() or json()")
            parts = []
            while True:
                chunk = await self._read()
                if chunk is None:
                    break
                parts.append(chunk)
            self._whole = b"".join(parts)
        return self._whole

    def __aiter__(self) -> "_Chunks":
        """Return an iterator over the chunks: bytes, never empty, each as soon as it is here.

        Raises:
            ConfigError: `body_used`: the body was read, or is being read.
        """
        self._take("`async for`")
        return _Chunks(self._read)

    def sse(self) -> Events:
        """Return an iterator over the server-sent events: `Event`, each as soon as it is here.

        Raises:
            ConfigError: `body_used`: the body was read, or is being read.
        """
        self._take("`sse()`")
        return Events(self, self._read_batch)

    def abort(self) -> None:
        """Stop an answer that still comes; the gateway is told, and stops the provider.

        For plain event handlers. A reading that waits raises `AbortedError`. Credits already
        charged stay charged. On an answer that has ended nothing happens.
        """
        self._stop()
        self._reply.abort()

    async def aclose(self) -> None:
        """Do as `abort`, and return when the connection is given back. Any number of times."""
        self._stop()
        await self._reply.close()

    async def __aenter__(self) -> "Response":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<Response {self.status}>"

    def _take(self, how: str) -> None:
        if self._error is not None:
            raise self._error
        if self._iterated:
            raise ConfigError("body_used", f"the body is read already; {how} came too late")
        self._iterated = True

    async def _read_batch(self) -> "Bytes | None":
        # Not every transport can: see `transport.Reply`.
        return await self._read(getattr(self._reply, "read_batch", None))

    async def _read(self, read: "Callable[[], Any] | None" = None) -> "Bytes | None":
        read = read or self._reply.read
        try:
            chunk: Bytes | None = await read()
            while chunk is not None and not chunk:
                chunk = await read()
        except PaywallError as error:
            self._error = error
            self._broken()
            raise
        except BaseException:  # the reading task was cancelled, and the transport told the gateway
            self._error = AbortedError()
            self._broken()
            raise
        if chunk is None:
            self._ended = True
        return chunk

    def _stop(self) -> None:
        if not self._ended:
            self._error = self._error or AbortedError()
        self._broken()

    def _broken(self) -> None:
        on_broken, self._on_broken = self._on_broken, None
        if on_broken is not None and not self._ended:
            on_broken()


class _Chunks:
    """Iterates over what `read` returns until it returns None."""

    def __init__(self, read: "Callable[[], Any]") -> None:
        self._read = read

    def __aiter__(self) -> "_Chunks":
        return self

    async def __anext__(self) -> "Bytes":
        chunk: Bytes | None = await self._read()
        if chunk is None:
            raise StopAsyncIteration
        return chunk
