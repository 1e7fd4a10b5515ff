"""The page's DOM, and the one door to it: no other file of `ui` sees a JavaScript value.

A node that leaves this file is a handle: callers give it back to these functions and never look
inside. Whatever registers a listener returns its undo, which also frees the proxy behind it.
"""

import js

try:
    from pyodide.ffi import JsException, create_proxy
except ImportError:  # MicroPython
    from jsffi import JsException, create_proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# How far from its end a scroller may stand, in CSS pixels, and still follow what is added.
NEAR_END_PX = 48

# What `keyCode` says while an input method composes; Safari tells it in no other way.
_COMPOSING_KEY_CODE = 229


def by_id(node_id: str) -> "Any":
    """Return the element with this id.

    Raises:
        LookupError: The page has no such element.
    """
    js_node = js.document.getElementById(node_id)
    if not js_node:
        raise LookupError(f"the page has no element with the id {node_id!r}")
    return js_node


def part(node: "Any", name: str) -> "Any":
    """Return the element inside `node` that is marked `data-part="name"`.

    Raises:
        LookupError: There is none.
    """
    js_node = node.querySelector(f'[data-part="{name}"]')
    if not js_node:
        raise LookupError(f"the element has no part {name!r}")
    return js_node


def meta(name: str, default: str = "") -> str:
    """Return the content of `<meta name="…">`, or `default` where it is missing or empty."""
    js_node = js.document.querySelector(f'meta[name="{name}"]')
    return (js_node.getAttribute("content") or default) if js_node else default


def page_origin() -> str:
    """Return the origin that the page came from, such as `https://example.com`."""
    return str(js.location.origin)


def clone(template_id: str) -> "Any":
    """Return a copy of the one element that `<template id="…">` holds, not yet on the page."""
    return by_id(template_id).content.firstElementChild.cloneNode(True)


def append(parent: "Any", child: "Any") -> None:
    """Put `child` at the end of `parent`."""
    parent.appendChild(child)


def remove(node: "Any") -> None:
    """Take `node` off the page."""
    node.remove()


def set_text(node: "Any", text: str) -> None:
    """Make `text` all that `node` holds."""
    node.textContent = text


def set_words(node: "Any", text: str) -> None:
    """Make `text` all that `node` holds, each word in a `<span class="word">` of its own."""
    node.textContent = ""
    for index, word in enumerate(text.split(" ")):
        if index:
            node.append(" ")
        js_word = js.document.createElement("span")
        js_word.className = "word"
        js_word.textContent = word
        node.appendChild(js_word)


def append_text(node: "Any", text: str) -> None:
    """Add `text` at the end of `node`, without writing what stands there anew."""
    js_last = node.lastChild
    if js_last and js_last.nodeType == 3:  # a text node
        js_last.appendData(text)
    else:
        node.append(text)


def set_attribute(node: "Any", name: str, value: str) -> None:
    """Set an attribute; states live in `data-state`, where the stylesheet finds them."""
    node.setAttribute(name, value)


def set_page_state(state: str) -> None:
    """Set `data-state` on the page itself: `starting`, `ready` or `failed`."""
    js.document.documentElement.setAttribute("data-state", state)


def show(node: "Any", visible: bool = True) -> None:
    """Show `node`, or hide it from everybody."""
    node.hidden = not visible


def enable(node: "Any", enabled: bool = True) -> None:
    """Let a control be used, or not."""
    node.disabled = not enabled


def value_of(node: "Any") -> str:
    """Return what stands in a text field or is chosen in a select."""
    return str(node.value)


def set_value(node: "Any", value: str) -> None:
    """Write into a text field."""
    node.value = value


def focus(node: "Any") -> None:
    """Move the keyboard to `node`."""
    node.focus()


def has_focus(node: "Any") -> bool:
    """Return whether the keyboard is at `node` or at something inside it."""
    return bool(node.contains(js.document.activeElement))


def is_near_end(node: "Any") -> bool:
    """Return whether a scroller shows its end, give or take `NEAR_END_PX`."""
    return bool(node.scrollHeight - node.scrollTop - node.clientHeight <= NEAR_END_PX)


def scroll_to_end(node: "Any") -> None:
    """Scroll to the end at once."""
    node.scrollTop = node.scrollHeight


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

    return _listen(node, event, heard)


def on_press(node: "Any", handler: "Callable[[], None]") -> "Callable[[], None]":
    """Call `handler()` when a button is pressed, once for a double click; returns the undo.

    A double click on Send would otherwise press Stop, which appears in its place.
    """

    def pressed(js_event: "Any") -> None:
        if js_event.detail <= 1:  # 0 from the keyboard
            handler()

    return _listen(node, "click", pressed)


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

    return _listen(node, "keydown", pressed)


def on_page_key(key: str, handler: "Callable[[], bool]") -> "Callable[[], None]":
    """Do as `on_key`, wherever on the page the keyboard is."""
    return on_key(js.document, key, handler)


def on_return(handler: "Callable[[], None]") -> "Callable[[], None]":
    """Call `handler()` when the person comes back to this window; returns the undo."""
    return on(js.window, "focus", handler)


def bind_text(signal: "Any", node: "Any") -> "Callable[[], None]":
    """Keep the text of `node` equal to `signal`, from now on; returns the undo."""

    def write(value: object) -> None:
        node.textContent = str(value)

    write(signal.get())
    off: Callable[[], None] = signal.subscribe(write)
    return off


async def copy_text(text: str, node: "Any") -> bool:
    """Copy `text`, which `node` shows, to the clipboard.

    Returns:
        False where the browser refused, as it does on plain http; the text in `node` is then
        selected, so that the person can copy it.
    """
    js_clipboard = getattr(js.navigator, "clipboard", None)
    if js_clipboard:
        try:
            await js_clipboard.writeText(text)
            return True
        except JsException:
            pass  # the person, or the page around us, does not let us: select it instead
    js.window.getSelection().selectAllChildren(node)
    return False


def _listen(node: "Any", event: str, heard: "Callable[[Any], None]") -> "Callable[[], None]":
    proxies = [create_proxy(heard)]
    node.addEventListener(event, proxies[0])

    def undo() -> None:
        if proxies:
            js_proxy = proxies.pop()
            node.removeEventListener(event, js_proxy)
            if hasattr(js_proxy, "destroy"):  # MicroPython's go with their last user
                js_proxy.destroy()

    return undo
