"""What can be done to what was said: delete, edit, begin anew, and take that back."""

from tollbridge.sdk import Signal
from tollbridge.ui.transcript import USER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.ui.conversation import Conversation
    from tollbridge.ui.transcript import Turn
    from tollbridge.ui.view import View

DELETED = "deleted"
CLEARED = "cleared"


class History:
    """Takes turns out of a conversation, and puts them back.

    Attributes:
        undoable: A signal: `DELETED` or `CLEARED` while that can be taken back, else "". Whoever
            sends a message goes on from there, and it cannot any more.
    """

    def __init__(
        self, conversation: "Conversation", *, view: "View", on_change: "Callable[[], None]"
    ) -> None:
        """Work on `conversation`; `view` and `on_change` are its own."""
        self.undoable = Signal("")
        self._conversation = conversation
        self._view = view
        self._on_change = on_change
        self._before: list[Turn] = []
        self._spent_before = 0
        self._undo = conversation.busy.subscribe(self._busy_changed)

    def delete(self, turn: "Turn") -> bool:
        """Take a message out with its answer; False while the answer streams in."""
        pair = self._conversation.transcript.pair_of(turn)
        if not pair or any(one.state == "streaming" for one in pair):
            return False
        self._remember(DELETED)
        self._take_out(pair)
        return True

    def clear(self) -> bool:
        """Begin a new conversation; False if nothing was said. An answer on its way is stopped."""
        transcript = self._conversation.transcript
        if not transcript.turns:
            return False
        for turn in transcript.turns:
            if turn.state == "streaming":
                turn.version.state = "stopped"
        self._conversation.stop()
        self._remember(CLEARED)
        self._take_out(list(transcript.turns))
        transcript.spent = 0
        self._on_change()
        return True

    def take_back(self) -> None:
        """Put back what was deleted or cleared last."""
        if not self.undoable.get():
            return
        transcript = self._conversation.transcript
        for turn in list(transcript.turns):
            self._view.turn_removed(turn)
        transcript.turns = self._before
        transcript.spent = self._spent_before
        for turn in transcript.turns:
            self._view.turn_added(turn, None)
        self.undoable.set("")
        self._on_change()

    def cut(self, question: "Turn") -> None:
        """Take out a message and everything after it, to ask it in other words."""
        if question.role == USER and question in self._conversation.transcript.turns:
            self._take_out(self._conversation.transcript.from_on(question))

    def close(self) -> None:
        """Let go of the conversation."""
        self._undo()

    def _remember(self, what: str) -> None:
        transcript = self._conversation.transcript
        self._before = list(transcript.turns)
        self._spent_before = transcript.spent
        self.undoable.set("")  # so that the same thing twice is told twice
        self.undoable.set(what)

    def _take_out(self, turns: "list[Turn]") -> None:
        blocked = self._conversation.blocked
        for turn in turns:
            self._conversation.transcript.turns.remove(turn)
            self._view.turn_removed(turn)
            if blocked is not None and turn.key == blocked.key:
                self._conversation.unblock()
        self._on_change()

    def _busy_changed(self, busy: bool) -> None:
        if busy:
            self.undoable.set("")
            self._before = []
