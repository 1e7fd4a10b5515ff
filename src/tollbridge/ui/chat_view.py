"""The transcript on the page: bubbles, and scrolling that follows only who reads at the end."""

from tollbridge.ui import dom
from tollbridge.ui.bubble import Bubble
from tollbridge.ui.strings.chat import COMPLETE, GENERATING, STOPPED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.ui.bubble import Actions
    from tollbridge.ui.tasks import Tasks
    from tollbridge.ui.transcript import Turn


class ChatView:
    """Shows turns. Words are written once per frame, however many come."""

    def __init__(self, *, actions: "Actions", tasks: "Tasks") -> None:
        """Find the skeleton's parts.

        Args:
            actions: Hears what is pressed in a bubble.
            tasks: Runs what a bubble starts.
        """
        self._actions = actions
        self._tasks = tasks
        self._bubbles: list[Bubble] = []
        self._due: list[Bubble] = []
        self._closed = False
        self._scroller = dom.by_id("scroller")
        self._following = dom.Following(self._scroller, looked=self._show_latest)
        self._log = dom.by_id("log")
        self._welcome = dom.by_id("welcome")
        self._latest = dom.by_id("latest")
        self._status = dom.by_id("status")
        self._alert = dom.by_id("alert")
        self._undo = [
            self._following.close,
            dom.on_press(self._latest, self._go_to_end),
        ]

    def turn_added(self, turn: "Turn", before: "Turn | None" = None) -> None:
        """Show a new turn above `before`, or at the end. A closed view shows nothing any more."""
        if self._closed:
            return
        bubble = Bubble(
            turn, actions=self._actions, tasks=self._tasks, grew=self._following.keep_up
        )
        dom.show(self._welcome, False)
        if before is None:
            self._bubbles.append(bubble)
            dom.append(self._log, bubble.node)
        else:
            later = self._bubble_of(before)
            self._bubbles.insert(self._bubbles.index(later), bubble)
            dom.insert_before(self._log, bubble.node, later.node)
        self._following.keep_up(anew=turn.state in ("sent", "streaming"))

    def turn_grew(self, turn: "Turn", words: str) -> None:
        """Add words; they stand on the page from the next frame on."""
        if self._closed:
            return
        bubble = self._bubble_of(turn)
        bubble.add_words(words)
        if not self._due:
            dom.next_frame(self._write)
        if bubble not in self._due:
            self._due.append(bubble)

    def turn_changed(self, turn: "Turn") -> None:
        """Show a turn's new state at once, and say it to those who listen to the page."""
        if self._closed:
            return
        bubble = self._bubble_of(turn)
        bubble.update()
        self._following.keep_up()
        if bubble.said != turn.state:
            bubble.said = turn.state
            self._say_state(turn)

    def turn_removed(self, turn: "Turn") -> None:
        """Take a turn off the page."""
        bubble = self._bubble_of(turn)
        self._bubbles.remove(bubble)
        bubble.close()
        dom.show(self._welcome, not self._bubbles)
        self._following.look()

    def show_busy(self, busy: bool) -> None:
        """Say whether an answer is being written."""
        dom.set_attribute(self._log, "aria-busy", "true" if busy else "false")

    def holds_focus(self, turn: "Turn") -> bool:
        """Return whether the keyboard is in a turn's bubble."""
        return self._bubble_of(turn).held_focus

    def say(self, text: str) -> None:
        """Say `text`, when there is a pause, to those who listen to the page; it is not shown."""
        dom.set_text(self._status, text)

    def alert(self, text: str) -> None:
        """Say `text` at once to those who listen to the page; it is not shown."""
        dom.set_text(self._alert, text)

    def close(self) -> None:
        """Take every bubble off the page and let go of it."""
        self._closed = True
        for off in self._undo:
            off()
        for bubble in self._bubbles:
            bubble.close()
        self._bubbles = []
        self._due = []
        dom.show(self._welcome)

    def _write(self) -> None:
        due, self._due = self._due, []
        for bubble in due:
            bubble.flush()
        self._following.keep_up()

    def _bubble_of(self, turn: "Turn") -> Bubble:
        for bubble in self._bubbles:
            if bubble.turn is turn:
                return bubble
        raise LookupError("this turn is not on the page")

    def _say_state(self, turn: "Turn") -> None:
        failure = turn.version.failure
        if turn.state == "streaming":
            self.say(GENERATING)
        elif failure is not None:
            self.alert(failure.cause)
        elif turn.state == "done":
            self.say(COMPLETE)
        elif turn.state == "stopped":
            self.say(STOPPED)

    def _show_latest(self, at_end: bool) -> None:
        dom.show(self._latest, not at_end)

    def _go_to_end(self) -> None:
        dom.focus(self._scroller)  # the button goes, and the keyboard must not go with it
        self._following.keep_up(anew=True)
