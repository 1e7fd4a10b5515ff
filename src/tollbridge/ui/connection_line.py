"""The line that says while the browser is offline."""

from tollbridge.ui import dom
from tollbridge.ui.strings.causes import OFFLINE
from tollbridge.ui.strings.chat import BACK_ONLINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class ConnectionLine:
    """Stands above the composer while the browser believes that it is offline.

    Sending is not forbidden then: the browser may be wrong, and a gateway on this very machine is
    reached without any network.
    """

    def __init__(self, *, say: "Callable[[str], None]") -> None:
        """Follow the browser; `say` says a sentence to those who listen to the page."""
        self._say = say
        self._node = dom.by_id("offline")
        self._was_online = True
        self._undo = dom.on_connection(self._changed)
        self._changed()

    def close(self) -> None:
        """Let go of the page."""
        self._undo()

    def _changed(self) -> None:
        online = dom.is_online()
        if online == self._was_online:
            return
        self._was_online = online
        dom.set_text(self._node, "" if online else OFFLINE)
        dom.show(self._node, not online)
        self._say(BACK_ONLINE if online else OFFLINE)
