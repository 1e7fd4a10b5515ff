"""Listening. Who registers a listener gets its undo, which also frees the proxy behind it."""

import js

try:
    from pyodide.ffi import create_proxy
except ImportError:  # MicroPython
    from jsffi import create_proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# What `keyCode` says while an input method composes; Safari tells it in no other way.
_COMPOSING_KEY_CODE = 229


def on(
    node: "Any", event: str, handler: "Callable[[], None]", *, prevent: bool = False
) -> "Callable[[], None]":
    """Call `handler()` at every `event`; `prevent` keeps the browser from acting on it too.

    Returns:
        The undo. Calling it twice is harmless.
    """

    def heard(js_event: "Any") -> None:
        if prevent:
            js_event.preventDefault()
        handler()

    return listen(node, event, heard)


def on_press(node: "Any", handler: "Callable[[], None]") -> "Callable[[], None]":
    """Call `handler()` when a button is pressed, once for a double click; returns the undo.

    A double click on Send would otherwise press Stop, which appears in its place.
    """

    def pressed(js_event: "Any") -> None:
        if js_event.detail <= 1:  # 0 from the keyboard
            handler()

    return listen(node, "click", pressed)


def on_key(node: "Any", key: str, handler: "Callable[[], bool]") -> "Callable[[], None]":
    """Call `handler()` when `key` is pressed alone; returns the undo.

    With Shift, Control, Alt or Meta, and while an input method composes, the key stays the
    browser's. It does too where `handler` returns False.
    """

    def pressed(js_event: "Any") -> None:
        if (
            js_event.key == key
            and not (js_event.shiftKey or js_event.ctrlKey or js_event.altKey or js_event.metaKey)
            and not js_event.isComposing
            and js_event.keyCode != _COMPOSING_KEY_CODE
            and handler()
        ):
            js_event.preventDefault()

    return listen(node, "keydown", pressed)


def on_page_key(key: str, handler: "Callable[[], bool]") -> "Callable[[], None]":
    """Do as `on_key`, wherever on the page the keyboard is."""
    return on_key(js.document, key, handler)


def on_return(handler: "Callable[[], None]") -> "Callable[[], None]":
    """Call `handler()` when the person comes back to this window; returns the undo."""
    return on(js.window, "focus", handler)


def on_leave(handler: "Callable[[], None]") -> "Callable[[], None]":
    """Call `handler()` when the page is hidden, shown again or left; returns the undo.

    When it is left that is the last moment to keep anything.
    """
    undos = [on(js.document, "visibilitychange", handler), on(js.window, "pagehide", handler)]

    def undo() -> None:
        for off in undos:
            off()

    return undo


def listen(node: "Any", event: str, heard: "Callable[[Any], None]") -> "Callable[[], None]":
    """Call `heard(js_event)` at every `event`; returns the undo. For the files of this package."""
    proxies = [create_proxy(heard)]
    node.addEventListener(event, proxies[0])

    def undo() -> None:
        if proxies:
            js_proxy = proxies.pop()
            node.removeEventListener(event, js_proxy)
            if hasattr(js_proxy, "destroy"):  # MicroPython's go with their last user
                js_proxy.destroy()

    return undo
