"""A list of listeners from which each can be taken away in constant time, also while it is walked.

Not a dict: MicroPython's do not keep their order.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Members:
    """Who listens, in the order in which they came.

    Attributes:
        cells: One-item lists; one that holds None was taken away. The list is replaced, never
            shortened, so that whoever walks along it meets nobody twice.
    """

    def __init__(self) -> None:
        """Start with nobody."""
        self.cells: list[list[Any]] = []
        self._gone = 0

    def add(self, member: "Any") -> "Callable[[], None]":
        """Add a member, who may be in it already; returns the undo, harmless twice."""
        cell = [member]
        self.cells.append(cell)

        def undo() -> None:
            if cell[0] is None:
                return
            cell[0] = None
            self._gone += 1
            if self._gone * 2 > len(self.cells):
                self.cells = [kept for kept in self.cells if kept[0] is not None]
                self._gone = 0

        return undo

    def clear(self) -> None:
        """Take everybody away."""
        for cell in self.cells:
            cell[0] = None
        self.cells = []
        self._gone = 0

    @property
    def any(self) -> bool:
        """Whether there is anybody."""
        return len(self.cells) > self._gone
