"""A table on the page, in a box of its own that scrolls."""

from tollbridge.ui import dom
from tollbridge.ui.markdown.lines import cells
from tollbridge.ui.markdown.prose import Prose
from tollbridge.ui.strings.prose import TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.ui.markdown.blocks import Block


class Table:
    """Shows a table, which grows row by row.

    Attributes:
        node: What holds it.
    """

    def __init__(self, block: "Block") -> None:
        """Make the nodes, still without rows."""
        self._columns = block.detail.split(" ")
        self.node: Any = dom.create("div", "table-box")
        dom.set_attribute(self.node, "tabindex", "0")  # or no keyboard could scroll it
        dom.set_attribute(self.node, "role", "group")
        dom.set_attribute(self.node, "aria-label", TABLE)
        self._table = dom.add(self.node, "table")
        self._body: Any = None
        self._count = 0  # rows on the page
        self._last: _Row | None = None

    def show(self, block: "Block") -> None:
        """Make it say what `block` says now."""
        rows = block.pieces
        if self._last is not None and self._count > len(rows):
            dom.remove(self._last.node)  # its line was not complete, and is another one
            self._last = None
            self._count = len(rows)
        if self._last is not None:
            whole = block.is_closed or self._count < len(rows)
            self._last.show(rows[self._count - 1], whole=whole)
        while self._count < len(rows):
            self._last = self._add_row()
            self._count += 1
            whole = block.is_closed or self._count < len(rows)
            self._last.show(rows[self._count - 1], whole=whole)

    def close(self) -> None:
        """Nothing listens here."""

    def _add_row(self) -> "_Row":
        if self._count == 0:
            return _Row(dom.add(dom.add(self._table, "thead"), "tr"), "th", self._columns)
        if self._body is None:
            self._body = dom.add(self._table, "tbody")
        return _Row(dom.add(self._body, "tr"), "td", self._columns)


class _Row:
    """One row; cells that its table has no column for are left out."""

    def __init__(self, node: "Any", tag: str, columns: list[str]) -> None:
        self.node = node
        self._tag = tag
        self._columns = columns
        self._cells: list[tuple[Prose, Any]] = []

    def show(self, line: str, *, whole: bool) -> None:
        texts = cells(line)[: len(self._columns)]
        while len(self._cells) > len(texts):
            dom.remove(self._cells.pop()[1])
        for index in range(len(texts)):
            if index == len(self._cells):
                node = dom.add(self.node, self._tag, f"align-{self._columns[index]}")
                dom.set_attribute(node, "dir", "auto")
                self._cells.append((Prose(node), node))
            self._cells[index][0].show([texts[index]], whole=whole or index < len(texts) - 1)
