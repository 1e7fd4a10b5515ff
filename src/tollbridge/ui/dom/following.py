"""A scroller that follows what is added at its end, for a person who reads there."""

from tollbridge.ui.dom.events import on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# How far from its end a scroller may stand, in CSS pixels, and still follow what is added.
NEAR_END_PX = 48


class Following:
    """Takes a person along who reads at the end, and leaves alone who reads further up."""

    def __init__(self, scroller: "Any", *, looked: "Callable[[bool], None] | None" = None) -> None:
        """Begin to listen.

        Args:
            scroller: The element that scrolls.
            looked: Told at every look whether the person reads at the end.
        """
        self._scroller = scroller
        self._looked = looked
        self._at_end = True
        self._top = 0.0
        self.close = on(scroller, "scroll", self.look)

    def keep_up(self, *, anew: bool = False) -> None:
        """Scroll to the end if the person reads there; `anew` does so wherever they read."""
        scroller = self._scroller
        # The event of a scroll comes a frame after it: who has just gone up must not be taken back.
        if anew:
            self._at_end = True
        elif scroller.scrollTop < self._top:
            self._at_end = self._at_end and self._is_near_end()
        if self._at_end:
            scroller.scrollTop = scroller.scrollHeight
        self._note()

    def look(self) -> None:
        """Find out where the person reads now."""
        self._at_end = self._is_near_end()
        self._note()

    def _is_near_end(self) -> bool:
        scroller = self._scroller
        rest = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight
        return bool(rest <= NEAR_END_PX)

    def _note(self) -> None:
        self._top = self._scroller.scrollTop
        if self._looked is not None:
            self._looked(self._at_end)
