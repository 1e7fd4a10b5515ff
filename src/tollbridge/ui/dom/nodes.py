"""Finding, making and writing nodes."""

import js

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


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


def has_part(node: "Any", name: str) -> bool:
    """Return whether an element inside `node` is marked `data-part="name"`."""
    return bool(node.querySelector(f'[data-part="{name}"]'))


def clone(template_id: str) -> "Any":
    """Return a copy of the one element that `<template id="…">` holds, not yet on the page."""
    return by_id(template_id).content.firstElementChild.cloneNode(True)


def create(tag: str, class_name: str = "") -> "Any":
    """Return a new element, not yet on the page."""
    js_node = js.document.createElement(tag)
    if class_name:
        js_node.className = class_name
    return js_node


def create_text(text: str) -> "Any":
    """Return a new text node, for who adds to it later without writing it anew."""
    return js.document.createTextNode(text)


def append(parent: "Any", child: "Any") -> None:
    """Put `child` at the end of `parent`."""
    parent.appendChild(child)


def add(parent: "Any", tag: str, class_name: str = "", text: str = "") -> "Any":
    """Make an element with this text at the end of `parent`, and return it."""
    js_node = create(tag, class_name)
    if text:
        js_node.textContent = text
    parent.appendChild(js_node)
    return js_node


def insert_before(parent: "Any", child: "Any", later: "Any | None") -> None:
    """Put `child` into `parent` before `later`, or at the end where that is None."""
    if later is None:
        parent.appendChild(child)
    else:
        parent.insertBefore(child, later)


def remove(node: "Any") -> None:
    """Take `node` off the page."""
    node.remove()


def clear(node: "Any") -> None:
    """Take everything out of `node`."""
    node.textContent = ""


def set_text(node: "Any", text: str) -> None:
    """Make `text` all that `node` holds."""
    node.textContent = text


def text_of(node: "Any") -> str:
    """Return the text that `node` shows, as it was written."""
    return str(node.textContent)


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


def extend(text_node: "Any", text: str) -> None:
    """Add `text` at the end of a text node, without writing what stands there anew."""
    text_node.appendData(text)


def set_attribute(node: "Any", name: str, value: str) -> None:
    """Set an attribute; states live in `data-state`, where the stylesheet finds them."""
    node.setAttribute(name, value)


def remove_attribute(node: "Any", name: str) -> None:
    """Take an attribute away; nothing happens if it is not there."""
    node.removeAttribute(name)


def attribute(node: "Any", name: str) -> str:
    """Return an attribute, "" where it is missing."""
    return str(node.getAttribute(name) or "")


def set_page_state(state: str) -> None:
    """Set `data-state` on the page itself: `starting`, `ready` or `failed`."""
    js.document.documentElement.setAttribute("data-state", state)


def mark_page(name: str, marked: bool = True) -> None:
    """Set `data-NAME` on the page itself, where stylesheets find it, or take it away."""
    js_root = js.document.documentElement
    if marked:
        js_root.setAttribute(f"data-{name}", "")
    else:
        js_root.removeAttribute(f"data-{name}")


def set_page_language(tag: str) -> None:
    """Say in which language the page is, such as `en`."""
    js.document.documentElement.setAttribute("lang", tag)


def show(node: "Any", visible: bool = True) -> None:
    """Show `node`, or hide it from everybody."""
    node.hidden = not visible


def is_shown(node: "Any") -> bool:
    """Return whether `show` left it visible."""
    return not node.hidden


def enable(node: "Any", enabled: bool = True) -> None:
    """Let a control be used, or not."""
    node.disabled = not enabled


def value_of(node: "Any") -> str:
    """Return what stands in a text field or is chosen in a select."""
    return str(node.value)


def set_value(node: "Any", value: str) -> None:
    """Write into a text field."""
    node.value = value


def choose(node: "Any", value: str) -> bool:
    """Choose `value` in a select; False, and nothing changes, where it is not among its options."""
    before = node.value
    node.value = value
    if node.value == value:
        return True
    node.value = before
    return False


def caret_to_end(node: "Any") -> None:
    """Put the caret behind the last character of a text field."""
    node.setSelectionRange(len(str(node.value)), len(str(node.value)))


def select_text(node: "Any") -> None:
    """Select all that stands in a text field."""
    node.select()


def focus(node: "Any") -> None:
    """Move the keyboard to `node`."""
    node.focus()


def has_focus(node: "Any") -> bool:
    """Return whether the keyboard is at `node` or at something inside it."""
    return bool(node.contains(js.document.activeElement))


def press(node: "Any") -> None:
    """Press a button, as a person would."""
    node.click()


def hide_menu(node: "Any") -> None:
    """Close a menu that the browser opened (`popover`); harmless when it is closed."""
    if hasattr(node, "hidePopover"):
        node.hidePopover()
