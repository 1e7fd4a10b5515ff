"""What can be done to what was said, where the conversation runs elsewhere."""

from tollbridge.sdk import Signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.remote import Caller
    from tollbridge.ui.remote.mirror import Mirror
    from tollbridge.ui.transcript import Turn


class MirroredHistory:
    """The attribute and methods of a `History`, asked of the other end.

    Attributes:
        undoable: A signal: what can be taken back; see `History`.
    """

    def __init__(self, caller: "Caller", mirror: "Mirror") -> None:
        """Follow the other end."""
        self.undoable = Signal("")
        self._caller = caller
        self._mirror = mirror
        self._undo = caller.on("chat.undoable", self._heard)

    def delete(self, turn: "Turn") -> bool:
        """See `History`; the message goes at once."""
        pair = self._mirror.transcript.pair_of(turn)
        if not pair or any([one.state == "streaming" for one in pair]):
            return False
        self._caller.tell("chat.delete", name=self._mirror.name(turn))
        for one in pair:
            self._mirror.take_out(one)
        return True

    def clear(self) -> bool:
        """See `History`."""
        self._caller.tell("chat.clear")
        return bool(self._mirror.transcript.turns)

    def take_back(self) -> None:
        """See `History`."""
        self._caller.tell("chat.take_back")

    def cut(self, question: "Turn") -> None:
        """See `History`."""
        self._caller.tell("chat.cut", name=self._mirror.name(question))

    def close(self) -> None:
        """Let go of the other end."""
        self._undo()
        self._mirror.close()

    def _heard(self, told: "dict[str, Any]") -> None:
        self.undoable.set(told["what"])
