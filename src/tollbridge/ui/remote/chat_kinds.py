"""What views may ask of the conversation that they show, and what they are told of it."""

from tollbridge.sdk import ConfigError
from tollbridge.sdk.remote import Kind
from tollbridge.ui.answerer import Answerer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.remote import Server
    from tollbridge.ui.blocked import Blocked
    from tollbridge.ui.conversation import Conversation
    from tollbridge.ui.history import History
    from tollbridge.ui.remote.publisher import Publisher
    from tollbridge.ui.remote.saved_chat import SavedChat
    from tollbridge.ui.transcript import Turn


class ChatKinds:
    """A conversation with its history, for everybody at the other ends."""

    def __init__(
        self,
        conversation: "Conversation",
        history: "History",
        *,
        publisher: "Publisher",
        saved: "SavedChat",
    ) -> None:
        """Take the parts, of which `publisher` is the conversation's view."""
        self._conversation = conversation
        self._history = history
        self._publisher = publisher
        self._saved = saved
        self._undo: list[Callable[[], None]] = []

    def kinds(self) -> "dict[str, Kind]":
        """Return what may be asked. What sends a message is answered when its answer has ended."""
        return {
            "chat.send": Kind(self._send, text=str, to=dict),
            "chat.resend": Kind(self._resend, name=str, to=dict),
            "chat.retry": Kind(self._retry, name=str, to=dict),
            "chat.resume": Kind(self._conversation.resume),
            "chat.wait": Kind(self._wait, name=str, text=str),
            "chat.give_up": Kind(self._give_up, name=str),
            "chat.stop": Kind(_plain(self._conversation.stop)),
            "chat.unblock": Kind(_plain(self._conversation.unblock)),
            "chat.show": Kind(self._show, name=str, index=int),
            "chat.delete": Kind(self._delete, name=str),
            "chat.cut": Kind(self._cut, name=str),
            "chat.clear": Kind(_plain(self._history.clear)),
            "chat.take_back": Kind(_plain(self._history.take_back)),
            "chat.draft": Kind(self._draft, text=str),
            "chat.choice": Kind(self._choice, value=str),
        }

    def follow(self, server: "Server") -> None:
        """Tell every line of `server` what changes from now on, beside the turns."""
        self._undo = [
            self._conversation.busy.subscribe(
                lambda busy: server.tell("chat.busy", {"busy": busy, "spent": self._spent()})
            ),
            self._history.undoable.subscribe(
                lambda what: server.tell("chat.undoable", {"what": what})
            ),
        ]

    def state(self) -> "dict[str, Any]":
        """Return how everything is, for a view that has just come."""
        self._publisher.flush()
        return {
            "turns": [self._publisher.told(turn) for turn in self._conversation.transcript.turns],
            "spent": self._spent(),
            "busy": self._conversation.busy.get(),
            "blocked": blocked_text(self._conversation.blocked),
            "undoable": self._history.undoable.get(),
            "draft": self._saved.draft,
            "choice": self._saved.choice,
        }

    def close(self) -> None:
        """Follow nothing any more."""
        while self._undo:
            self._undo.pop()()

    def _spent(self) -> int:
        return self._conversation.transcript.spent

    async def _send(self, *, text: str, to: "dict[str, Any]") -> None:
        await self._conversation.send(text, to=_answerer(to))

    async def _resend(self, *, name: str, to: "dict[str, Any]") -> None:
        answerer, turn = _answerer(to), self._publisher.turn(name)
        if turn is not None:
            await self._conversation.resend(turn, to=answerer)

    async def _retry(self, *, name: str, to: "dict[str, Any]") -> None:
        answerer, turn = _answerer(to), self._publisher.turn(name)
        if turn is not None:
            await self._conversation.retry(turn, to=answerer)

    async def _wait(self, *, name: str, text: str) -> None:
        self._publisher.name_next(name)
        self._conversation.add_waiting(text)

    async def _give_up(self, *, name: str) -> None:
        self._with(name, self._conversation.give_up_waiting)

    async def _show(self, *, name: str, index: int) -> None:
        self._with(name, lambda turn: self._conversation.show_version(turn, index))

    async def _delete(self, *, name: str) -> None:
        self._with(name, self._history.delete)

    async def _cut(self, *, name: str) -> None:
        self._with(name, self._history.cut)

    async def _draft(self, *, text: str) -> None:
        self._saved.keep_draft(text)

    async def _choice(self, *, value: str) -> None:
        self._saved.keep_choice(value)

    def _with(self, name: str, act: "Callable[[Turn], object]") -> None:
        turn = self._publisher.turn(name)
        if turn is not None:
            act(turn)


def blocked_text(blocked: "Blocked | None") -> str:
    """Return the message that waits for credits as text; "" where none does."""
    return "" if blocked is None else blocked.to_text()


def _plain(act: "Callable[[], object]") -> "Callable[[], Any]":
    """Make what is done at once something to await; what it returns is nobody's business."""

    async def run() -> None:
        act()

    return run


def _answerer(value: "dict[str, Any]") -> Answerer:
    try:
        return Answerer.from_json(value)
    except ValueError as error:
        raise ConfigError("invalid_argument", f"{error}")
