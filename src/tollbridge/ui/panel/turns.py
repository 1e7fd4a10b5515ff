"""The transcript on the panel; a `View` of a conversation."""

from tollbridge.ui import dom
from tollbridge.ui.panel.turn import TurnView
from tollbridge.ui.strings.chat import COMPLETE, GENERATING, STOPPED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.ui.tasks import Tasks
    from tollbridge.ui.transcript import Turn


class TurnsView:
    """Shows turns. Words are written once per frame; who reads further up is left alone."""

    def __init__(self, panel: "Any", *, retry: "Callable[[Turn], None]", tasks: "Tasks") -> None:
        """Find the parts of a panel; see `TurnView` for the rest."""
        self._retry = retry
        self._tasks = tasks
        self._shown: list[TurnView] = []
        self._due: list[TurnView] = []
        self._following = dom.Following(dom.part(panel, "scroller"))
        self._log = dom.part(panel, "log")
        self._status = dom.part(panel, "status")
        self._alert = dom.part(panel, "alert")

    def turn_added(self, turn: "Turn", before: "Turn | None" = None) -> None:
        """Show a new turn above `before`, or at the end."""
        view = TurnView(turn, retry=self._retry, grew=self._following.keep_up, tasks=self._tasks)
        if before is None:
            self._shown.append(view)
            dom.append(self._log, view.node)
        else:
            later = self._view_of(before)
            self._shown.insert(self._shown.index(later), view)
            dom.insert_before(self._log, view.node, later.node)
        self._following.keep_up(anew=True)

    def turn_grew(self, turn: "Turn", words: str) -> None:
        """Add words; they stand there from the next frame on."""
        view = self._view_of(turn)
        view.add_words(words)
        if not self._due:
            dom.next_frame(self._write)
        if view not in self._due:
            self._due.append(view)

    def turn_changed(self, turn: "Turn") -> None:
        """Show a turn's new state, and say it to those who listen to the page."""
        view = self._view_of(turn)
        view.update()
        self._following.keep_up()
        if view.said != turn.state:
            view.said = turn.state
            self._say_state(turn)

    def turn_removed(self, turn: "Turn") -> None:
        """Take a turn off the panel."""
        view = self._view_of(turn)
        self._shown.remove(view)
        view.close()

    def show_busy(self, busy: bool) -> None:
        """Say whether an answer is being written."""
        dom.set_attribute(self._log, "aria-busy", "true" if busy else "false")

    def say(self, text: str) -> None:
        """Say `text`, when there is a pause, to those who listen to the page; it is not shown."""
        dom.set_text(self._status, text)

    def close(self) -> None:
        """Take every turn off the panel and let go of it."""
        self._following.close()
        for view in self._shown:
            view.close()
        self._shown = []
        self._due = []

    def _write(self) -> None:
        due, self._due = self._due, []
        for view in due:
            view.flush()
        self._following.keep_up()

    def _view_of(self, turn: "Turn") -> TurnView:
        for view in self._shown:
            if view.turn is turn:
                return view
        raise LookupError("this turn is not on the panel")

    def _say_state(self, turn: "Turn") -> None:
        failure = turn.version.failure
        if turn.state == "streaming":
            self.say(GENERATING)
        elif failure is not None:
            dom.set_text(self._alert, failure.cause)
        elif turn.state == "done":
            self.say(COMPLETE)
        elif turn.state == "stopped":
            self.say(STOPPED)
