"""What a `Chat` needs where its conversation runs in another context."""

from tollbridge.ui.chat_kept import Kept
from tollbridge.ui.remote.mirror import Mirror
from tollbridge.ui.remote.mirrored_history import MirroredHistory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.remote import Caller
    from tollbridge.ui.view import View


class RemoteChat:
    """Gives a chat a mirror of the conversation, and has the other end keep what is to be kept."""

    def __init__(self, caller: "Caller", state: "dict[str, Any]") -> None:
        """Take who asks the other end, and what that said when this view came."""
        self._caller = caller
        self._state = state
        self._mirror: Mirror | None = None

    def kept(self) -> Kept:
        """Return what the other end kept of the composer."""
        return Kept(draft=self._state["draft"], choice=self._state["choice"])

    def converse(self, view: "View", on_change: "Callable[[], None]") -> "tuple[Any, Any]":
        """Return (conversation, history); see `Conversation` for what they tell."""
        self._mirror = Mirror(self._caller, view, self._state, on_change=on_change)
        return self._mirror, MirroredHistory(self._caller, self._mirror)

    def keeper(self, *, draft: "Callable[[], str]", choice: "Callable[[], str]") -> "RemoteKeeper":
        """Return what keeps the chat."""
        return RemoteKeeper(self._caller, draft=draft, choice=choice)

    def reset(self, state: "dict[str, Any]") -> None:
        """Show how everything is: the line was gone, and is there again."""
        if self._mirror is not None:
            self._mirror.reset(state)


class RemoteKeeper:
    """The attributes of a `ChatKeeper`. What was said is the other end's to keep."""

    def __init__(
        self, caller: "Caller", *, draft: "Callable[[], str]", choice: "Callable[[], str]"
    ) -> None:
        """Take what returns the texts that only this view knows."""
        self.transcript = self.blocked = _Touched(lambda: None)
        self.draft = _Touched(lambda: caller.tell("chat.draft", text=draft()))
        self.choice = _Touched(lambda: caller.tell("chat.choice", value=choice()))

    async def close(self) -> None:
        """Do nothing: there is nothing here that is not there."""


class _Touched:
    """Says what has changed, as soon as it has."""

    def __init__(self, tell: "Callable[[], None]") -> None:
        self._tell = tell

    def touch(self) -> None:
        """Say that the text has changed."""
        self._tell()
