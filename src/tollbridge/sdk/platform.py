"""What differs between CPython, Pyodide and MicroPython. With `transport/fetch.py`, all of our JS.

Two things about MicroPython shape this file. A JavaScript function that throws while Python calls
it unwinds the interpreter, and no `except` sees it: whatever may throw is called through a promise,
whose rejection can be caught. And JavaScript's whole numbers arrive cut to 32 bits.
"""

import asyncio
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

MICROPYTHON = sys.implementation.name == "micropython"
HAS_JS = sys.platform in ("emscripten", "webassembly")

if HAS_JS:
    import js

    if MICROPYTHON:
        from jsffi import JsException as JsException
        from jsffi import JsProxy, create_proxy, to_js
    else:
        from pyodide.ffi import JsException as JsException
        from pyodide.ffi import JsProxy, create_proxy, to_js
else:
    import os

    class JsException(Exception):  # type: ignore[no-redef]
        """Never raised where there is no JavaScript."""


# A page or a worker of one, where every visitor can read what Python holds. Node is neither.
IN_PAGE = HAS_JS and (hasattr(js, "document") or hasattr(js, "WorkerGlobalScope"))

_JS_KINDS = {
    "FormData": "form",
    "Blob": "blob",
    "File": "blob",
    "ReadableStream": "stream",
    "ArrayBuffer": "bytes",
    "Uint8Array": "bytes",
    "URLSearchParams": "text",
    "AbortSignal": "signal",
}


def now_s() -> float:
    """Return seconds since 1970, UTC."""
    return time.time()


def random_hex(size: int) -> str:
    """Return `size` bytes that nobody can guess, as hexadecimal digits."""
    if not HAS_JS:
        return os.urandom(size).hex()
    return from_js_bytes(js.crypto.getRandomValues(js.Uint8Array.new(size))).hex()


def is_nullish(value: object) -> bool:
    """Return whether `value` is None, or JavaScript's `null` or `undefined`.

    Pyodide has None for `undefined`, MicroPython for `null`; the other one has a type of its own.
    """
    return value is None or type(value).__name__ in ("JsNull", "undefined")


def js_kind(value: object) -> str:
    """Return what a JavaScript value is: form, blob, stream, bytes, text, signal, or "" ."""
    if not HAS_JS or not isinstance(value, JsProxy):
        return ""
    name = str(js.Object.prototype.toString.call(value))
    return _JS_KINDS.get(name[len("[object ") : -1], "")


def js_failure(error: Exception) -> tuple[str, str]:
    """Return (name, message) of a JavaScript error, such as ("TypeError", "Failed to fetch")."""
    if MICROPYTHON:
        return str(error.args[1]), str(error.args[2])
    return str(getattr(error, "name", "Error")), str(getattr(error, "message", error))


def to_js_bytes(data: bytes) -> "Any":
    """Copy bytes into a `Uint8Array`."""
    return to_js(data)


def from_js_bytes(js_bytes: "Any") -> bytes:
    """Copy a `Uint8Array` into bytes."""
    if not MICROPYTHON:
        copied: bytes = js_bytes.to_bytes()
        return copied
    # `bytes` asks JavaScript for each byte on its own: nine times as slow.
    return bytes.fromhex(js_bytes.toHex()) if hasattr(js_bytes, "toHex") else bytes(js_bytes)


def on_js_abort(js_signal: "Any", listener: "Callable[[], object]") -> "Callable[[], None]":
    """Call `listener()` when a browser's AbortSignal is aborted; at once where it is already.

    Returns:
        The undo. It frees what JavaScript holds of the listener; calling it twice is harmless.
    """
    if js_signal.aborted:
        listener()
        return lambda: None
    return on_js_event(js_signal, "abort", lambda js_event: listener())


def on_js_event(
    js_target: "Any", event: str, listener: "Callable[[Any], object]"
) -> "Callable[[], None]":
    """Call `listener(js_event)` at every event of a JavaScript object.

    Returns:
        The undo. It frees what JavaScript holds of the listener; calling it twice is harmless.
    """
    proxies = [create_proxy(listener)]
    js_target.addEventListener(event, proxies[0])

    def undo() -> None:
        if proxies:
            js_proxy = proxies.pop()
            js_target.removeEventListener(event, js_proxy)
            if hasattr(js_proxy, "destroy"):  # MicroPython's go with their last user
                js_proxy.destroy()

    return undo


async def call_js(js_function: "Any", js_this: "Any", *args: object) -> "Any":
    """Call a JavaScript function that may throw, so that the error can be caught everywhere.

    Args:
        js_function: The function.
        js_this: What `this` is in it.
        *args: At least one. The last one travels through a promise and must not be one itself.

    Raises:
        JsException: It threw.
    """
    return await js.Promise.resolve(args[-1]).then(js_function.bind(js_this, *args[:-1]))


async def freeze_js_body(js_body: "Any") -> tuple["Any", str]:
    """Read a FormData or a ReadableStream to its end: (Blob, content type or "").

    A FormData would be written anew, under another boundary, each time it is sent; a Blob is the
    same bytes each time. A stream would need HTTP/2, and a browser refuses it on anything else.

    Raises:
        JsException: The stream failed, or was read before.
    """
    js_answer = await call_js(js.Reflect.construct, None, js.Response, js.Array.of(js_body))
    content_type = js_answer.headers.get("content-type")
    js_blob = await js_answer.blob()
    return js_blob, "" if is_nullish(content_type) else str(content_type)


async def local_storage(method: str, *args: str) -> "Any":
    """Call a method of the page's `localStorage`; see `web_storage`."""
    return await web_storage("localStorage", method, *args)


async def web_storage(area: str, method: str, *args: str) -> "Any":
    """Call a method of the page's `localStorage` or `sessionStorage`.

    Raises:
        JsException: The browser refuses: blocked cookies, a sandboxed frame, a full disk.
        LookupError: There is no such storage here.
    """
    js_area = None
    if HAS_JS:
        js_area = await call_js(js.Reflect.get, None, js.globalThis, area)
    if is_nullish(js_area):
        raise LookupError(f"there is no {area}")
    return await call_js(getattr(js_area, method), js_area, *args)


def has_local_storage() -> bool:
    """Return whether this is a page of an origin; workers, servers and sandboxes keep nothing.

    The browser may refuse all the same when it is used, such as where cookies are blocked.
    """
    if not HAS_JS or not js.Reflect.has(js.globalThis, "localStorage"):
        return False
    return IN_PAGE and str(js.globalThis.origin) != "null"


def on_local_storage(listener: "Callable[[str | None], object]") -> "Callable[[], None]":
    """Call `listener(key)` when another tab changed an item; None when it changed all of them.

    By then the change can be read, which a message of another kind may be too early for.

    Returns:
        The undo; see `on_js_event`.
    """

    def heard(js_event: "Any") -> None:
        call_listener(listener, None if is_nullish(js_event.key) else str(js_event.key))

    return on_js_event(js.globalThis, "storage", heard)


class TextChannel:
    """A named line between the pages and workers of one origin, which carries text."""

    def __init__(self, js_channel: "Any", listener: "Callable[[str], object]") -> None:
        """Take over a `BroadcastChannel`; `listener(text)` hears what others post."""
        self._js_channel = js_channel

        def heard(js_event: "Any") -> None:
            if isinstance(js_event.data, str):
                call_listener(listener, js_event.data)

        self._undo = on_js_event(js_channel, "message", heard)
        if hasattr(js_channel, "unref"):
            js_channel.unref()  # Node would otherwise run on for as long as somebody listens

    def post(self, text: str) -> None:
        """Tell every other one of this name; not after `close`."""
        self._js_channel.postMessage(text)

    def close(self) -> None:
        """Hear nothing more. Frees what JavaScript holds of the listener."""
        self._undo()
        self._js_channel.close()


async def open_channel(name: str, listener: "Callable[[str], object]") -> "TextChannel | None":
    """Open a channel; None where there are none, or where the browser refuses (blocked cookies)."""
    if not HAS_JS or not hasattr(js, "BroadcastChannel"):
        return None
    try:
        js_channel = await call_js(
            js.Reflect.construct, None, js.BroadcastChannel, js.Array.of(name)
        )
    except JsException:
        return None
    return TextChannel(js_channel, listener)


def spawn(work: "Coroutine[Any, Any, None]") -> "asyncio.Task[None] | None":
    """Start `work` beside the caller; None, with `work` closed, where no event loop runs.

    Keep the task: the event loop alone does not.
    """
    try:
        return asyncio.create_task(work)
    except RuntimeError:
        work.close()
        return None


async def notify(hook: "Callable[..., Any] | None", *args: object) -> None:
    """Call a hook, and await it where it is asynchronous. Its errors are reported, not raised.

    An answer that was paid for is not lost because a listener has a bug.
    """
    if hook is None:
        return
    try:
        result = hook(*args)
        if hasattr(result, "__await__") or hasattr(result, "send"):
            await result
    except Exception as error:
        report(error, "a hook given to the Tollbridge SDK failed")


def call_listener(listener: "Callable[..., Any]", *args: object) -> None:
    """Call a listener. What it raises is reported, not raised: see `notify`."""
    try:
        listener(*args)
    except Exception as error:
        report(error, "a listener given to the Tollbridge SDK failed")


def report(error: Exception, what: str) -> None:
    """Tell the event loop of an error that has no caller to go to; it ends in log or console."""
    context: dict[str, Any] = {"message": what, "exception": error}
    if MICROPYTHON:
        context["future"] = None
    asyncio.get_event_loop().call_exception_handler(context)
