"""Modal dialogs: the browser's own, with its focus, its inert page behind and its Escape."""

import js

from tollbridge.ui.dom.events import listen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def page_body() -> "Any":
    """Return the page's body."""
    return js.document.body


def has_modal() -> bool:
    """Return whether a modal dialog stands on the page."""
    return bool(js.document.querySelector("dialog:modal"))


def open_modal(dialog: "Any") -> None:
    """Open a dialog over everything else; it must be on the page, and closed."""
    dialog.showModal()


def close_modal(dialog: "Any") -> None:
    """Close a dialog; the keyboard goes back to where it was. Harmless when it is closed."""
    dialog.close()


def on_dismiss(dialog: "Any", handler: "Callable[[], None]") -> "Callable[[], None]":
    """Call `handler()` when the person wants a modal dialog gone; returns the undo.

    That is Escape (or a phone's gesture for it) and a press beside it. A drag that begins inside,
    as when text is selected, and ends beside it, is none.
    """
    pressed_beside = [False]

    def cancelled(js_event: "Any") -> None:
        js_event.preventDefault()
        handler()

    def pressed(js_event: "Any") -> None:
        # All that is inside has an element of its own, so the dialog itself is its backdrop.
        pressed_beside[0] = bool(dialog.isSameNode(js_event.target))

    def released(js_event: "Any") -> None:
        if pressed_beside[0] and dialog.isSameNode(js_event.target):
            handler()

    undos = [
        listen(dialog, "cancel", cancelled),
        # A browser may close it without asking, at a second Escape.
        listen(dialog, "close", lambda js_event: handler()),
        listen(dialog, "pointerdown", pressed),
        listen(dialog, "click", released),
    ]

    def undo() -> None:
        for step in undos:
            step()

    return undo
