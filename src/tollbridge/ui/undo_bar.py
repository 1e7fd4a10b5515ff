"""The line that says what was deleted, and brings it back."""

from tollbridge.ui import dom
from tollbridge.ui.history import CLEARED, DELETED
from tollbridge.ui.strings.chat import CLEARED as CLEARED_TEXT
from tollbridge.ui.strings.chat import DELETED as DELETED_TEXT
from tollbridge.ui.strings.chat import RESTORED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.ui.history import History

_TEXTS = {DELETED: DELETED_TEXT, CLEARED: CLEARED_TEXT}


class UndoBar:
    """Stands above the composer while something can be taken back."""

    def __init__(
        self,
        history: "History",
        *,
        say: "Callable[[str], None]",
        give_focus_back: "Callable[[], None]",
    ) -> None:
        """Follow `history`.

        Args:
            history: What deletes and takes back.
            say: Says a sentence to those who listen to the page.
            give_focus_back: Called when the bar goes while the keyboard is in it.
        """
        self._history = history
        self._say = say
        self._give_focus_back = give_focus_back
        self._node = dom.by_id("undo")
        self._button = dom.part(self._node, "undo")
        self._off = [
            history.undoable.subscribe(self._show),
            dom.on_press(self._button, self._take_back),
        ]

    def focus(self) -> None:
        """Move the keyboard here, from what was deleted."""
        dom.focus(self._button)

    def close(self) -> None:
        """Let go of the page."""
        for off in self._off:
            off()
        dom.show(self._node, False)

    def _show(self, what: str) -> None:
        held_focus = dom.has_focus(self._node)
        text = _TEXTS.get(what, "")
        dom.set_text(dom.part(self._node, "what"), text)
        dom.show(self._node, bool(what))
        if what:
            self._say(text)
        elif held_focus:
            self._give_focus_back()

    def _take_back(self) -> None:
        self._history.take_back()
        self._say(RESTORED)
