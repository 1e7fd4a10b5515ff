"""Keys that mean something wherever the keyboard is, and what a page knows of its person."""

import js

from tollbridge.ui.dom.dialogs import has_modal
from tollbridge.ui.dom.events import listen, on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_FIELDS = ("INPUT", "TEXTAREA", "SELECT")


def on_page_sign(sign: str, handler: "Callable[[], None]") -> "Callable[[], None]":
    """Call `handler()` when a sign such as `?` is typed anywhere but into a field.

    It is a sign and no key: on some keyboards it needs Shift. Under an open dialog it stays the
    browser's.

    Returns:
        The undo. Calling it twice is harmless.
    """

    def pressed(js_event: "Any") -> None:
        if (
            js_event.key == sign
            and not (js_event.ctrlKey or js_event.altKey or js_event.metaKey)
            and not js_event.isComposing
            and not js_event.repeat
            and not _is_typing(js_event.target)
            and not has_modal()
        ):
            js_event.preventDefault()
            handler()

    return listen(js.document, "keydown", pressed)


def _is_typing(js_target: "Any") -> bool:
    return bool(js_target and (js_target.tagName in _FIELDS or js_target.isContentEditable))


def on_connection(handler: "Callable[[], None]") -> "Callable[[], None]":
    """Call `handler()` when the browser goes offline or comes back; returns the undo."""
    undos = [on(js.window, event, handler) for event in ("online", "offline")]

    def undo() -> None:
        for off in undos:
            off()

    return undo


def is_hidden() -> bool:
    """Return whether nobody can see the page: another tab is in front of it."""
    return bool(js.document.hidden)
