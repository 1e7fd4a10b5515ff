"""Binding signals to nodes: what is shown follows the value until the undo."""

from tollbridge.ui.dom.nodes import insert_before, remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def bind_text(signal: "Any", node: "Any") -> "Callable[[], None]":
    """Keep the text of `node` equal to `signal`, from now on; returns the undo."""

    def write(value: object) -> None:
        node.textContent = str(value)

    write(signal.get())
    off: Callable[[], None] = signal.subscribe(write)
    return off


def bind_attr(signal: "Any", node: "Any", name: str) -> "Callable[[], None]":
    """Keep an attribute of `node` equal to `signal`, from now on; returns the undo.

    None takes the attribute away, True sets it without a value, False takes it away too.
    """

    def write(value: object) -> None:
        if value is None or value is False:
            node.removeAttribute(name)
        else:
            node.setAttribute(name, "" if value is True else str(value))

    write(signal.get())
    off: Callable[[], None] = signal.subscribe(write)
    return off


def bind_list(
    signal: "Any",
    parent: "Any",
    *,
    key: "Callable[[Any], Any]",
    make: "Callable[[Any], Any]",
) -> "Callable[[], None]":
    """Keep the children of `parent` in step with a signal's list; returns the undo.

    A row is made once per key and moved, updated or closed as the list changes; rows that stay
    in place are not touched in the page but for their own `update`.

    Args:
        signal: Holds the list.
        parent: Has no other children.
        key: Returns what tells one item from the others: unique in the list, and hashable.
        make: Returns the row of an item: an object with `node`, `update(item)`, `close()`.

    Returns:
        The undo: it closes every row and takes it off the page. Calling it twice is harmless.
    """
    rows = _Rows(parent, key, make)
    rows.show(signal.get())
    off = signal.subscribe(rows.show)

    def undo() -> None:
        off()
        rows.show([])

    return undo


class _Rows:
    """The rows of one list, by key and in order."""

    def __init__(
        self, parent: "Any", key: "Callable[[Any], Any]", make: "Callable[[Any], Any]"
    ) -> None:
        self._parent = parent
        self._key = key
        self._make = make
        self._rows: dict[Any, Any] = {}
        self._order: list[Any] = []

    def show(self, items: "list[Any]") -> None:
        wanted = [self._key(item) for item in items]
        kept = set(wanted)
        for gone in [known for known in self._order if known not in kept]:
            row = self._rows.pop(gone)
            self._order.remove(gone)
            row.close()
            remove(row.node)
        for place, item in enumerate(items):
            row = self._rows.get(wanted[place])
            if row is None:
                row = self._rows[wanted[place]] = self._make(item)
            else:
                row.update(item)
            self._place(row, wanted[place], place)

    def _place(self, row: "Any", row_key: "Any", place: int) -> None:
        """Move a row only where another one stands in its place."""
        if place < len(self._order) and self._order[place] == row_key:
            return
        if row_key in self._order:
            self._order.remove(row_key)
        later = self._rows[self._order[place]].node if place < len(self._order) else None
        insert_before(self._parent, row.node, later)
        self._order.insert(place, row_key)
