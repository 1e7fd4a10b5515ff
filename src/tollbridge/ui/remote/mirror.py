"""A conversation that runs elsewhere, as one view has it."""

import asyncio

from tollbridge.sdk import PaywallError, Signal, platform
from tollbridge.ui.blocked import Blocked
from tollbridge.ui.transcript import USER, Transcript, Turn, Version
from tollbridge.ui.transcript_text import turn_from_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.remote import Caller
    from tollbridge.ui.answerer import Answerer
    from tollbridge.ui.failure import Failure
    from tollbridge.ui.view import View

_NAME_BYTES = 8


class Mirror:
    """The attributes and methods of a `Conversation`; what changes it, is asked of the other end.

    Attributes:
        transcript: What was said, as the other end told it.
        busy: A signal, True while an answer is on its way.
        blocked: The message that waits for credits, or None.
    """

    def __init__(
        self,
        caller: "Caller",
        view: "View",
        state: "dict[str, Any]",
        *,
        on_change: "Callable[[], None]",
    ) -> None:
        """Follow the other end; `take_over` shows how everything was.

        Args:
            caller: Asks the other end.
            view: Is told of every change.
            state: What the other end said when this view came.
            on_change: Called after every change, words included.
        """
        self.transcript = Transcript()
        self.busy = Signal(False)
        self.blocked: Blocked | None = None
        self._caller = caller
        self._view = view
        self._state = state
        self._on_change = on_change
        self._names: list[tuple[str, Turn]] = []
        self._undo = [
            caller.on("chat.added", self._added),
            caller.on("chat.grew", self._grew),
            caller.on("chat.changed", self._changed),
            caller.on("chat.removed", self._removed),
            caller.on("chat.busy", self._busy_changed),
            caller.on("chat.blocked", self._blocked_changed),
        ]

    def take_over(self, transcript: Transcript, blocked: "Blocked | None") -> None:
        """Show what the other end said; what this context kept itself is not asked for."""
        self.reset(self._state)

    def reset(self, state: "dict[str, Any]") -> None:
        """Show how everything is now, in place of how it was."""
        for turn in list(self.transcript.turns):
            self.take_out(turn)
        self.transcript.spent = state["spent"]
        for told in state["turns"]:
            self._added({"name": told["name"], "turn": told["turn"], "before": ""})
        self.blocked = Blocked.from_text(state["blocked"])
        self.busy.set(state["busy"])

    async def send(self, text: str, *, to: "Answerer") -> None:
        """See `Conversation`."""
        await self._ask("chat.send", text=text, to=to.to_json())

    async def resend(self, question: Turn, *, to: "Answerer") -> None:
        """See `Conversation`."""
        await self._ask("chat.resend", name=self.name(question), to=to.to_json())

    async def retry(self, turn: Turn, *, to: "Answerer") -> None:
        """See `Conversation`."""
        await self._ask("chat.retry", name=self.name(turn), to=to.to_json())

    async def resume(self) -> None:
        """See `Conversation`."""
        await self._ask("chat.resume")

    def add_waiting(self, text: str) -> Turn:
        """Add a message that is sent later; it stands here before the other end has it."""
        turn = Turn(USER, Version(text, "waiting"))
        name = platform.random_hex(_NAME_BYTES)
        self._insert(name, turn, None)
        self._caller.tell("chat.wait", name=name, text=text)
        return turn

    def give_up_waiting(self, question: Turn) -> None:
        """See `Conversation`."""
        self._caller.tell("chat.give_up", name=self.name(question))

    async def idle(self) -> None:
        """Return once no answer is on its way."""
        if not self.busy.get():
            return
        ended = asyncio.Event()
        undo = self.busy.subscribe(lambda busy: ended.set())
        await ended.wait()
        undo()

    def can_resume(self) -> bool:
        """See `Conversation`, which decides it once more."""
        blocked = self.blocked
        return blocked is not None and not self.busy.get() and blocked.is_fresh(platform.now_s())

    def stop(self) -> None:
        """See `Conversation`."""
        self._caller.tell("chat.stop")

    def show_version(self, turn: Turn, index: int) -> None:
        """See `Conversation`."""
        self._caller.tell("chat.show", name=self.name(turn), index=index)

    def unblock(self) -> None:
        """See `Conversation`."""
        self.blocked = None
        self._caller.tell("chat.unblock")

    def name(self, turn: Turn) -> str:
        """Return the name of a turn; "" of one that is gone."""
        for name, known in self._names:
            if known is turn:
                return name
        return ""

    def take_out(self, turn: Turn) -> None:
        """Take a turn out here; the other end says so too, and is not heard then."""
        if turn in self.transcript.turns:
            self.transcript.turns.remove(turn)
            self._names = [known for known in self._names if known[1] is not turn]
            self._view.turn_removed(turn)
            self._on_change()

    def close(self) -> None:
        """Follow nothing any more."""
        while self._undo:
            self._undo.pop()()

    async def _ask(self, kind: str, **params: "Any") -> None:
        try:
            await self._caller.ask(kind, **params)
        except PaywallError as error:
            if error.code != "network_error":
                raise
            # The other end is gone; when it is back, the transcript says what became of it.

    def _insert(self, name: str, turn: Turn, before: "Turn | None") -> None:
        turns = self.transcript.turns
        turns.insert(len(turns) if before is None else turns.index(before), turn)
        self._names.append((name, turn))
        self._view.turn_added(turn, before)
        self._on_change()

    def _turn(self, name: str) -> "Turn | None":
        for known, turn in self._names:
            if known == name:
                return turn
        return None

    def _added(self, told: "dict[str, Any]") -> None:
        turn = self._turn(told["name"])
        if turn is not None:
            self._update(turn, told["turn"])  # it was shown here first
        else:
            turn = turn_from_json(told["turn"], is_live=True)
            self._insert(told["name"], turn, self._turn(told["before"]))

    def _grew(self, told: "dict[str, Any]") -> None:
        turn = self._turn(told["name"])
        if turn is not None:
            turn.version.text += told["words"]
            self._view.turn_grew(turn, told["words"])
            self._on_change()

    def _changed(self, told: "dict[str, Any]") -> None:
        turn = self._turn(told["name"])
        if turn is not None:
            self._update(turn, told["turn"])

    def _removed(self, told: "dict[str, Any]") -> None:
        turn = self._turn(told["name"])
        if turn is not None:
            self.take_out(turn)

    def _busy_changed(self, told: "dict[str, Any]") -> None:
        self.transcript.spent = told["spent"]
        self.busy.set(told["busy"])

    def _blocked_changed(self, told: "dict[str, Any]") -> None:
        self.blocked = Blocked.from_text(told["blocked"])

    def _update(self, turn: Turn, fields: "dict[str, Any]") -> None:
        """Write what was told into a turn. A bubble writes words anew only in another version."""
        new = turn_from_json(fields, is_live=True)
        for index, version in enumerate(new.versions):
            old = turn.versions[index] if index < len(turn.versions) else None
            if old is not None and old.text == version.text:
                old.state, old.slow = version.state, version.slow
                old.facts = version.facts
                old.failure = _same_failure(old.failure, version.failure)
                new.versions[index] = old
        turn.versions, turn.shown = new.versions, new.shown
        turn.key, turn.fingerprint = new.key, new.fingerprint
        self._view.turn_changed(turn)
        self._on_change()


def _same_failure(old: "Failure | None", new: "Failure | None") -> "Failure | None":
    """Return the new one; the old one with its words where a bubble counts it down already."""
    if old is None or new is None or (old.code, old.request_id) != (new.code, new.request_id):
        return new
    old.cause, old.charged = new.cause, new.charged
    return old
