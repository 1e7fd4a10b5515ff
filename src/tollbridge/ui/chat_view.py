"""The transcript and the composer: shows what a conversation holds, tells it what was pressed."""

from tollbridge.ui import dom
from tollbridge.ui.strings import (
    ASSISTANT,
    CODE,
    COMPLETE,
    GENERATING,
    MARKS,
    NO_CHARGE,
    READY,
    REQUEST,
    SEND,
    STOPPED,
    YOU,
)
from tollbridge.ui.transcript import USER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.ui.conversation import Conversation
    from tollbridge.ui.tasks import Tasks
    from tollbridge.ui.transcript import Failure, Turn


class ChatView:
    """Takes the painted skeleton over; what the visitor typed before stays where it is."""

    def __init__(self, *, tasks: "Tasks") -> None:
        """Find the skeleton's parts; nothing on the page changes yet. `tasks` runs the answers."""
        self._tasks = tasks
        self._conversation: Conversation | None = None
        self._bubbles: list[Bubble] = []
        self._scroller = dom.by_id("scroller")
        self._log = dom.by_id("log")
        self._welcome = dom.by_id("welcome")
        self._form = dom.by_id("composer")
        self._draft = dom.by_id("draft")
        self._model = dom.by_id("model")
        self._send = dom.by_id("send")
        self._stop = dom.by_id("stop")
        self._status = dom.by_id("status")
        self._alert = dom.by_id("alert")

    def attach(self, conversation: "Conversation") -> None:
        """Let the composer speak to `conversation`, and say that the page is ready."""
        self._conversation = conversation
        conversation.busy.subscribe(self._show_busy)
        dom.on(self._form, "submit", self._submit, prevent=True)
        dom.on_key(self._draft, "Enter", self._enter)
        dom.on_press(self._stop, conversation.stop)
        dom.on_page_key("Escape", self._escape)
        dom.set_text(self._send, SEND)
        dom.enable(self._send)
        dom.set_page_state("ready")
        dom.set_text(self._status, READY)

    def put_back(self, text: str) -> bool:
        """Put an unsent message back into the composer; False where newer words stand there."""
        if dom.value_of(self._draft).strip():
            return False
        dom.set_value(self._draft, text)
        self.focus_draft()
        dom.scroll_to_end(self._scroller)  # what has opened above the composer took room
        return True

    def focus_draft(self) -> None:
        """Move the keyboard to the composer."""
        dom.focus(self._draft)

    def turn_added(self, turn: "Turn") -> None:
        """Show a new turn at the end."""
        dom.show(self._welcome, False)
        bubble = Bubble(turn, retry=lambda: self._retry(turn))
        self._bubbles.append(bubble)
        dom.append(self._log, bubble.node)
        bubble.update()
        dom.scroll_to_end(self._scroller)
        if turn.state == "streaming":
            dom.set_text(self._status, GENERATING)

    def turn_grew(self, turn: "Turn", words: str) -> None:
        """Add `words` to a turn; the page follows only if it stood at the end."""
        bubble = self._bubble_of(turn)
        follow = dom.is_near_end(self._scroller)
        bubble.add_words(words)
        if follow:
            dom.scroll_to_end(self._scroller)

    def turn_changed(self, turn: "Turn") -> None:
        """Show a turn's new state, and say it to those who listen to the page."""
        follow = dom.is_near_end(self._scroller)
        self._bubble_of(turn).update()
        if follow:
            dom.scroll_to_end(self._scroller)
        if turn.failure is not None:
            self.alert(turn.failure.cause)
        elif turn.state == "done":
            dom.set_text(self._status, COMPLETE)
        elif turn.state == "stopped":
            dom.set_text(self._status, STOPPED)

    def turn_removed(self, turn: "Turn") -> None:
        """Take a turn off the page."""
        bubble = self._bubble_of(turn)
        self._bubbles.remove(bubble)
        bubble.close()
        dom.show(self._welcome, not self._bubbles)

    def alert(self, text: str) -> None:
        """Say `text` at once to those who listen to the page; it is not shown."""
        dom.set_text(self._alert, text)

    def _bubble_of(self, turn: "Turn") -> "Bubble":
        for bubble in self._bubbles:
            if bubble.turn is turn:
                return bubble
        raise LookupError("this turn is not on the page")

    def _submit(self) -> None:
        conversation, text = self._conversation, dom.value_of(self._draft)
        if conversation is None or conversation.busy.get():
            return
        if not text.strip():
            self.focus_draft()
            return
        dom.set_value(self._draft, "")
        self._tasks.start(conversation.send(text.strip(), model=dom.value_of(self._model)))

    def _enter(self) -> bool:
        self._submit()
        return True

    def _escape(self) -> bool:
        conversation = self._conversation
        if conversation is None or not conversation.busy.get():
            return False
        conversation.stop()
        return True

    def _retry(self, turn: "Turn") -> None:
        if self._conversation is not None:
            self._tasks.start(self._conversation.retry(turn, model=dom.value_of(self._model)))

    def _show_busy(self, busy: bool) -> None:
        shown, hidden = (self._stop, self._send) if busy else (self._send, self._stop)
        held_focus = dom.has_focus(hidden)
        dom.show(shown)
        dom.show(hidden, False)
        dom.set_attribute(self._log, "aria-busy", "true" if busy else "false")
        if held_focus:
            dom.focus(shown)


class Bubble:
    """One turn on the page.

    Attributes:
        turn: What it shows.
        node: The handle of its element.
    """

    def __init__(self, turn: "Turn", *, retry: "Callable[[], None]") -> None:
        """Build the element from its template, with the words that `turn` has."""
        self.turn = turn
        self.node: Any = dom.clone("turn")
        self._words = dom.part(self.node, "words")
        self._off = dom.on_press(dom.part(self.node, "retry"), retry)
        dom.set_attribute(self.node, "data-role", turn.role)
        dom.set_text(dom.part(self.node, "who"), YOU if turn.role == USER else ASSISTANT)
        dom.set_text(self._words, turn.text)

    def add_words(self, words: str) -> None:
        """Add words at the end."""
        dom.append_text(self._words, words)

    def update(self) -> None:
        """Show the turn's state: its mark, its failure, its Retry."""
        turn = self.turn
        mark = MARKS.get(turn.state, "")
        dom.set_attribute(self.node, "data-state", turn.state)
        dom.set_text(dom.part(self.node, "mark"), mark)
        dom.show(dom.part(self.node, "mark"), bool(mark))
        dom.show(dom.part(self.node, "failure"), turn.failure is not None)
        dom.show(dom.part(self.node, "retry"), turn.state in ("broken", "failed", "not_sent"))
        if turn.failure is not None:
            dom.set_text(dom.part(self.node, "cause"), cause_line(turn.failure))
            dom.set_text(dom.part(self.node, "codes"), code_line(turn.failure))

    def close(self) -> None:
        """Take it off the page and free what it listens with."""
        self._off()
        dom.remove(self.node)


def cause_line(failure: "Failure") -> str:
    """Return what went wrong, and that it cost nothing where that is sure. Pure."""
    return f"{failure.cause} {NO_CHARGE}" if failure.free else failure.cause


def code_line(failure: "Failure") -> str:
    """Return the line for whoever reads the gateway's log. Pure."""
    line = f"{CODE} {failure.code}"
    return f"{line} · {REQUEST} {failure.request_id}" if failure.request_id else line
