"""How texts travel in an extension: by a view's port, by the lines of Python's worker."""

import js

from tollbridge.sdk import platform

try:
    from pyodide.ffi import create_proxy
except ImportError:  # MicroPython
    from jsffi import create_proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


async def open_port(
    place: str, *, heard: "Callable[[str], object]", gone: "Callable[[], object]"
) -> "Callable[[str], None]":
    """Have the service worker open the offscreen document, and connect this view to it.

    Args:
        place: Which view this is.
        heard: Called with every text that comes.
        gone: Called once, when the other end has closed, or was closed.

    Returns:
        What sends a text.

    Raises:
        JsException: The document cannot be opened.
    """
    js_runtime = js.chrome.runtime
    js_answer = await platform.call_js(js_runtime.sendMessage, js_runtime, _js_object(kind="open"))
    if platform.is_nullish(js_answer) or not js_answer.ok:
        await platform.call_js(js.Promise.reject, js.Promise, js.Error.new("no offscreen document"))
    js_port = await platform.call_js(js_runtime.connect, js_runtime, _js_object(name=place))
    # As long as the view: when that goes, everything of it does.
    js_port.onMessage.addListener(create_proxy(lambda text, *others: heard(str(text))))
    js_port.onDisconnect.addListener(create_proxy(lambda *others: gone()))
    return lambda text: js_port.postMessage(text)


def open_line(
    js_line: "Any", *, heard: "Callable[[str], object]", gone: "Callable[[], object]"
) -> "Callable[[str], None]":
    """Take over a `MessagePort` of the worker's; `null` over it says that the other end is gone.

    Returns:
        What sends a text.
    """
    undo: list[Callable[[], None]] = []

    def come(js_event: "Any") -> None:
        if isinstance(js_event.data, str):
            platform.call_listener(heard, js_event.data)
            return
        while undo:
            undo.pop()()
        js_line.close()
        platform.call_listener(gone)

    undo.append(platform.on_js_event(js_line, "message", come))
    js_line.start()
    return lambda text: js_line.postMessage(text)


def now_ms() -> float:
    """Return milliseconds that never go back."""
    return float(js.performance.now())


def is_online() -> bool:
    """Return what the browser believes; True does not promise that anything is reached."""
    return js.navigator.onLine is not False


def _js_object(**fields: str) -> "Any":
    js_fields = js.Object.new()
    for name in fields:
        setattr(js_fields, name, fields[name])
    return js_fields
