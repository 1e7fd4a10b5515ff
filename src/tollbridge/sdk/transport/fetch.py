"""The browser's `fetch` as a transport, on Pyodide and on MicroPython.

Nothing here may throw synchronously on the JavaScript side (see `platform`): headers are checked
before they come here, and `fetch` and `read` reject instead of throwing. No Python function is
handed to JavaScript, so there is no proxy to free.
"""

import asyncio

import js

try:
    import tollbridge_pump  # `static/sse_pump.mjs`, where the host of this page registered it
except ImportError:
    tollbridge_pump = None

from tollbridge.sdk import platform
from tollbridge.sdk.errors import AbortedError, ConfigError, NetworkError, PaywallError
from tollbridge.sdk.platform import JsException, is_nullish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.transport import Request


async def send(request: "Request") -> "FetchReply":
    """Send a request and return the reply once its headers are here.

    Raises:
        AbortedError: The request's signal was aborted.
        NetworkError: No answer came.

    If the caller is cancelled in here, the request is aborted.
    """
    js_controller = js.AbortController.new()
    unlink = _link(js_controller, request.signal)
    try:
        js_response = await js.globalThis.fetch(request.url, _options(request, js_controller))
    except asyncio.CancelledError:
        unlink()
        js_controller.abort()
        raise
    except JsException as error:
        unlink()
        raise _failure(error, js_controller, "The gateway could not be reached")
    return FetchReply(js_response, js_controller, unlink, request.signal)


class FetchReply:
    """An answer of `fetch`; see `transport.Reply`.

    Attributes:
        status: The HTTP status.
        headers: (name, value) pairs.
        js: The browser's own `Response`. Nothing of it is read before the first `read()`.
    """

    def __init__(
        self,
        js_response: "Any",
        js_controller: "Any",
        unlink: "Callable[[], None]",
        signal: "Any",
    ) -> None:
        """Take over a response; `unlink` lets go of `signal`, the caller's."""
        self.js = js_response
        self.status = int(js_response.status)
        self.headers = _pairs(js_response.headers)
        self._js_controller = js_controller
        self._undos = [unlink]
        self._signal = signal
        self._js_reader: Any = None
        self._ended = False
        self._error: PaywallError | None = None

    async def read(self) -> "bytes | None":
        """Return the next bytes, None at the end; see `transport.Reply`.

        Raises:
            NetworkError: The connection broke off.
            AbortedError: It was aborted.
            ConfigError: `body_used`: the body was read through `js`.
        """
        return await self._read(ahead=False)

    async def read_batch(self) -> "bytes | None":
        """Return all that has come since the last time; see `transport.Reply`.

        It reads a bounded number of bytes ahead where the page has the pump for it, else it is
        `read`. An answer is read in one of the two ways, the one that it was first read in.

        Raises:
            PaywallError: As `read` does.
        """
        return await self._read(ahead=tollbridge_pump is not None)

    async def _read(self, *, ahead: bool) -> "bytes | None":
        if self._error is not None:
            raise self._error
        if self._ended or not self._open(ahead=ahead):
            return None
        try:
            js_chunk = await self._js_reader.read()
        except asyncio.CancelledError:
            self.abort()
            raise
        except JsException as error:
            self._unlink()
            self._error = _failure(error, self._js_controller, "The answer broke off")
            raise self._error
        if js_chunk.done or ahead:
            self._refuse_aborted()
        if js_chunk.done:
            self._unlink()
            self._ended = True
            return None
        return platform.from_js_bytes(js_chunk.value)

    def abort(self) -> None:
        """End the request; see `transport.Reply`."""
        self._unlink()
        if not self._ended:
            self._error = self._error or AbortedError()
            self._js_controller.abort()
            if self._js_reader is not None:
                self._let_go()

    async def close(self) -> None:
        """End the request; see `transport.Reply`."""
        self.abort()

    def _refuse_aborted(self) -> None:
        """Raise where what was read came from an answer that was aborted meanwhile."""
        if self._js_controller.signal.aborted:
            self._unlink()
            self._let_go()
            self._error = self._error or AbortedError()
            raise self._error

    def _open(self, *, ahead: bool) -> bool:
        """Take the reader before the first read; False where the answer has no body."""
        if self._js_reader is not None:
            return True
        js_body = self.js.body
        if is_nullish(js_body):
            self._ended = True
            return False
        if self.js.bodyUsed or js_body.locked:
            raise ConfigError("body_used", "the body of this answer was read through `js` already")
        self._js_reader = tollbridge_pump.readAhead(js_body) if ahead else js_body.getReader()
        if self._signal is not None and platform.js_kind(self._signal) != "signal":
            self._undos.append(self._signal.subscribe(self._let_go))
        return True

    def _unlink(self) -> None:
        while self._undos:
            self._undos.pop()()

    def _let_go(self) -> None:
        """End a reading that waits, after an abort.

        Node's `fetch` never does it itself when the abort comes in the moment of the end.
        """
        self._js_reader.cancel().catch(js.Boolean)  # nobody waits for it, and it may reject


def _options(request: "Request", js_controller: "Any") -> "Any":
    js_headers = js.Headers.new()
    for name, value in request.headers.items():
        js_headers.set(name, value)
    js_options = js.Object.new()
    js_options.method = request.method
    js_options.headers = js_headers
    js_options.signal = js_controller.signal
    js_options.credentials = "omit"
    if request.method == "GET":
        # Of a POST nothing is kept anyway, and with this Chromium would ask the gateway's leave
        # (a preflight, one more way there and back) before each call, not once in two hours.
        js_options.cache = "no-store"
    body = request.body
    if body is not None:
        js_options.body = platform.to_js_bytes(body) if isinstance(body, bytes) else body
    return js_options


def _link(js_controller: "Any", signal: "Any") -> "Callable[[], None]":
    """Have `signal` abort the controller from now on; returns the undo."""
    if signal is None:
        return _nothing
    if platform.js_kind(signal) != "signal":
        undo: Callable[[], None] = signal.subscribe(lambda: js_controller.abort())
        return undo
    if signal.aborted:
        js_controller.abort()
        return _nothing
    # Bound in JavaScript, with the reason that `fetch` itself would give.
    js_reason = js.DOMException.new("The call was stopped.", "AbortError")
    js_listener = js_controller.abort.bind(js_controller, js_reason)
    signal.addEventListener("abort", js_listener)
    return lambda: signal.removeEventListener("abort", js_listener)


def _nothing() -> None:
    """Undo nothing."""


def _pairs(js_headers: "Any") -> list[tuple[str, str]]:
    return [(str(js_pair[0]), str(js_pair[1])) for js_pair in js_headers.entries()]


def _failure(error: JsException, js_controller: "Any", what: str) -> PaywallError:
    """Map a rejected promise: our own abort is one, everything else is the network.

    The controller is asked and not the error's name, which is the browser's choice.
    """
    if js_controller.signal.aborted:
        return AbortedError()
    name, message = platform.js_failure(error)
    return NetworkError(f"{what}: {message} ({name}).")
