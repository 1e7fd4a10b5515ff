"""One turn on the panel."""

import asyncio

from tollbridge.ui import dom
from tollbridge.ui.countdown import Countdown
from tollbridge.ui.markdown import MarkdownView
from tollbridge.ui.strings.chat import (
    ASSISTANT,
    COPIED,
    COPY,
    COPY_BY_HAND,
    RETRY,
    YOU,
    cause_line,
    mark_text,
    retry_text,
    wait_text,
)
from tollbridge.ui.strings.panel import SENDING
from tollbridge.ui.transcript import USER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.ui.failure import Failure
    from tollbridge.ui.tasks import Tasks
    from tollbridge.ui.transcript import Turn

# For how long the button says that it has copied.
COPIED_S = 2

_SENDABLE = ("broken", "failed", "stopped", "not_sent")


class TurnView:
    """Shows one turn: its words, how it ended, and what can be done with it.

    Attributes:
        turn: What it shows.
        node: The handle of its element.
        said: The state that was last said to those who listen to the page.
    """

    def __init__(
        self,
        turn: "Turn",
        *,
        retry: "Callable[[Turn], None]",
        grew: "Callable[[], None]",
        tasks: "Tasks",
    ) -> None:
        """Build the element, with the words that `turn` has.

        Args:
            turn: What it shows.
            retry: Called when it is to be sent again.
            grew: Called after a frame has written more words by itself.
            tasks: Runs the copying and the counting.
        """
        self.turn = turn
        self.said = ""
        self._tasks = tasks
        self._version: Any = None
        self._counted: Failure | None = None
        self._countdown: Countdown | None = None
        self.node: Any = dom.create("article", "turn")
        dom.set_attribute(self.node, "data-role", turn.role)
        dom.add(self.node, "h3", "unseen", YOU if turn.role == USER else ASSISTANT)
        self._words = dom.add(self.node, "div", "words")
        dom.set_attribute(self._words, "dir", "auto")
        self._mark = dom.add(self.node, "p", "mark")
        self._failure = dom.add(self.node, "p", "failure")
        self._wait = dom.add(self.node, "p", "mark")
        tools = dom.add(self.node, "div", "tools")
        self._retry = _button(tools, "button", RETRY)
        self._copy = _button(tools, "button quiet", COPY)
        self._markdown: MarkdownView | None = None
        if turn.role != USER:
            dom.set_attribute(self._words, "class", "words prose")
            self._markdown = MarkdownView(self._words, tasks=tasks, grew=grew)
        self._undo = [
            dom.on_press(self._retry, lambda: retry(turn)),
            dom.on_press(self._copy, lambda: tasks.start(self._copy_text())),
        ]
        self.update()

    def add_words(self, words: str) -> None:
        """Take words that came; `flush` shows them."""
        if self._markdown is not None:
            self._markdown.add(words)

    def flush(self) -> None:
        """Write what was added since, in one go."""
        if self._markdown is not None:
            self._markdown.flush()

    def update(self) -> None:
        """Show the turn's state."""
        version = self.turn.version
        self._show_words()
        dom.set_attribute(self.node, "data-state", version.state)
        _show(self._mark, SENDING if version.state == "waiting" else mark_text(version))
        failure = version.failure
        _show(self._failure, "" if failure is None else cause_line(failure))
        self._count_down(failure)
        dom.set_text(self._retry, retry_text(version))
        dom.show(self._retry, version.state in _SENDABLE and self._countdown is None)
        dom.show(self._copy, bool(version.text) and self.turn.role != USER)

    def close(self) -> None:
        """Take it off the panel and free what it listens with."""
        for off in self._undo:
            off()
        self._stop_counting()
        if self._markdown is not None:
            self._markdown.close()
        dom.remove(self.node)

    def _show_words(self) -> None:
        version = self.turn.version
        if self._markdown is None:
            dom.set_text(self._words, version.text)
            return
        if version is not self._version and (version.text or self._version is not None):
            self._markdown.set(version.text)
        if version.state != "streaming":
            self._markdown.finish()
        self._version = version

    def _count_down(self, failure: "Failure | None") -> None:
        if failure is self._counted:
            return
        self._stop_counting()
        self._counted = failure
        if failure is not None and failure.retry_after_s:
            self._countdown = Countdown(
                failure.retry_after_s,
                show=lambda left: _show(self._wait, wait_text(left)),
                done=self._waited,
                tasks=self._tasks,
            )

    def _waited(self) -> None:
        self._stop_counting()
        self.update()

    def _stop_counting(self) -> None:
        if self._countdown is not None:
            self._countdown.close()
            self._countdown = None
        _show(self._wait, "")

    async def _copy_text(self) -> None:
        """Copy the answer, as Markdown."""
        copied = await dom.copy_text(self.turn.text, self._words)
        dom.set_text(self._copy, COPIED if copied else COPY_BY_HAND)
        await asyncio.sleep(COPIED_S)
        dom.set_text(self._copy, COPY)


def _button(parent: "Any", kind: str, text: str) -> "Any":
    node = dom.add(parent, "button", kind, text)
    dom.set_attribute(node, "type", "button")
    return node


def _show(node: "Any", text: str) -> None:
    dom.set_text(node, text)
    dom.show(node, bool(text))
