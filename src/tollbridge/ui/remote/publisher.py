"""Tells every view what changes in the conversation: the methods of a `View`, as events."""

import asyncio

from tollbridge.ui.transcript_text import turn_to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.remote import Server
    from tollbridge.ui.tasks import Tasks
    from tollbridge.ui.transcript import Turn

# Words are told this often. A view writes once per frame; more would only be more messages.
PAUSE_S = 1 / 30


class Publisher:
    """Follows a conversation as its view, and knows its turns by name."""

    def __init__(self, server: "Server", tasks: "Tasks") -> None:
        """Take who is told, and what runs the telling of words."""
        self._server = server
        self._tasks = tasks
        self._names: list[tuple[str, Turn]] = []
        self._last = 0
        self._next_name = ""
        self._due: list[tuple[Turn, list[str]]] = []

    def turn(self, name: str) -> "Turn | None":
        """Return the turn of that name, None where it is gone."""
        for known, turn in self._names:
            if known == name:
                return turn
        return None

    def name_next(self, name: str) -> None:
        """Give the turn that is added next the name under which a view shows it already."""
        self._next_name = "" if self.turn(name) is not None else name

    def told(self, turn: "Turn") -> "dict[str, Any]":
        """Return a turn as views are told it."""
        return {"name": self._name(turn), "turn": turn_to_json(turn)}

    def turn_added(self, turn: "Turn", before: "Turn | None" = None) -> None:
        """See `View`."""
        self._last += 1
        name, self._next_name = self._next_name or f"turn-{self._last}", ""
        self._names.append((name, turn))
        told = self.told(turn)
        told["before"] = "" if before is None else self._name(before)
        self._server.tell("chat.added", told)

    def turn_grew(self, turn: "Turn", words: str) -> None:
        """See `View`; told together with what comes within `PAUSE_S`."""
        if not self._due:
            self._tasks.start(self._tell_soon())
        for due, parts in self._due:
            if due is turn:
                parts.append(words)
                return
        self._due.append((turn, [words]))

    def turn_changed(self, turn: "Turn") -> None:
        """See `View`."""
        self._tell_words()
        self._server.tell("chat.changed", self.told(turn))

    def turn_removed(self, turn: "Turn") -> None:
        """See `View`."""
        self._tell_words()
        name = self._name(turn)
        self._names = [known for known in self._names if known[1] is not turn]
        self._server.tell("chat.removed", {"name": name})

    def flush(self) -> None:
        """Tell the words that are due, before somebody is told how everything is."""
        self._tell_words()

    async def _tell_soon(self) -> None:
        await asyncio.sleep(PAUSE_S)
        self._tell_words()

    def _tell_words(self) -> None:
        due, self._due = self._due, []
        for turn, parts in due:
            self._server.tell("chat.grew", {"name": self._name(turn), "words": "".join(parts)})

    def _name(self, turn: "Turn") -> str:
        for name, known in self._names:
            if known is turn:
                return name
        return ""
