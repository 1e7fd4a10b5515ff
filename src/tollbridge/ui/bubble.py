"""One turn on the page."""

import asyncio

from tollbridge.ui import dom
from tollbridge.ui.countdown import Countdown
from tollbridge.ui.markdown import MarkdownView
from tollbridge.ui.strings.chat import (
    ASSISTANT,
    COPIED,
    COPY,
    COPY_BY_HAND,
    YOU,
    cause_line,
    code_line,
    info_line,
    mark_text,
    retry_text,
    variant_text,
    wait_text,
)
from tollbridge.ui.transcript import USER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from tollbridge.ui.failure import Failure
    from tollbridge.ui.tasks import Tasks
    from tollbridge.ui.transcript import Turn, Version

    class Actions(Protocol):
        """What can be done to a turn."""

        def retry(self, turn: Turn) -> None:
            """Ask again, or send it."""

        def edit(self, turn: Turn) -> None:
            """Take its words into the composer."""

        def delete(self, turn: Turn) -> None:
            """Take it out, with its answer or question."""

        def show_version(self, turn: Turn, index: int) -> None:
            """Show another version of it."""

        def retry_is_ready(self) -> None:
            """Its time to wait is over."""


# For how long a button says that it has copied.
COPIED_S = 2

_SENDABLE = ("broken", "failed", "stopped", "done", "not_sent")


class Bubble:
    """One turn on the page.

    Attributes:
        turn: What it shows.
        node: The handle of its element.
        said: The state that was last said to those who listen to the page.
    """

    def __init__(
        self, turn: "Turn", *, actions: "Actions", tasks: "Tasks", grew: "Callable[[], None]"
    ) -> None:
        """Build the element from its template, with the words that `turn` has.

        `grew` is called after a frame has written more of them by itself.
        """
        self.turn = turn
        self.node: Any = dom.clone("turn")
        self.said = ""
        self._actions = actions
        self._tasks = tasks
        self._version: Version | None = None
        self._countdown: Countdown | None = None
        self._counted: Failure | None = None
        self._words = dom.part(self.node, "words")
        self._copy = dom.part(self.node, "copy")
        self._retry = dom.part(self.node, "retry")
        self._markdown: MarkdownView | None = None
        if turn.role != USER:
            self._markdown = MarkdownView(self._words, tasks=tasks, grew=grew)
        dom.set_attribute(self.node, "data-role", turn.role)
        dom.set_text(dom.part(self.node, "who"), YOU if turn.role == USER else ASSISTANT)
        self._undo = self._listen()
        self.update()

    @property
    def held_focus(self) -> bool:
        """Whether the keyboard is inside."""
        return dom.has_focus(self.node)

    def add_words(self, words: str) -> None:
        """Take words that came; `flush` shows them."""
        if self._markdown is not None:
            self._markdown.add(words)

    def flush(self) -> None:
        """Write what was added since, in one go."""
        if self._markdown is not None:
            self._markdown.flush()

    def update(self) -> None:
        """Show the turn's state: its version, its mark, its failure, what can be done with it."""
        turn, version = self.turn, self.turn.version
        self._show_words(version)
        mark = mark_text(version)
        dom.set_attribute(self.node, "data-state", version.state)
        self._show_text("mark", mark)
        self._show_failure(version)
        self._show_text("info", "" if turn.role == USER else info_line(version.facts))
        dom.show(dom.part(self.node, "variants"), len(turn.versions) > 1)
        dom.set_text(dom.part(self.node, "variant"), variant_text(turn.shown, len(turn.versions)))
        dom.set_text(self._retry, retry_text(version))
        dom.show(self._retry, version.state in _SENDABLE and self._countdown is None)
        dom.show(dom.part(self.node, "edit"), turn.role == USER)
        dom.show(self._copy, bool(version.text))

    def close(self) -> None:
        """Take it off the page and free what it listens with."""
        for off in self._undo:
            off()
        self._stop_counting()
        if self._markdown is not None:
            self._markdown.close()
        dom.remove(self.node)

    def _listen(self) -> "list[Callable[[], None]]":
        actions, turn = self._actions, self.turn
        presses = {
            "retry": lambda: actions.retry(turn),
            "edit": lambda: actions.edit(turn),
            "delete": lambda: actions.delete(turn),
            "copy": lambda: self._tasks.start(self._copy_text()),
            "earlier": lambda: actions.show_version(turn, turn.shown - 1),
            "later": lambda: actions.show_version(turn, turn.shown + 1),
        }
        return [dom.on_press(dom.part(self.node, name), presses[name]) for name in presses]

    def _show_words(self, version: "Version") -> None:
        if self._markdown is None:
            dom.set_text(self._words, version.text)
        elif version is not self._version and (version.text or self._version is not None):
            self._markdown.set(version.text)
        if self._markdown is not None and version.state != "streaming":
            self._markdown.finish()
        self._version = version

    def _show_failure(self, version: "Version") -> None:
        failure = version.failure
        dom.show(dom.part(self.node, "failure"), failure is not None)
        if failure is not None:
            dom.set_text(dom.part(self.node, "cause"), cause_line(failure))
            dom.set_text(dom.part(self.node, "codes"), code_line(failure))
        if failure is self._counted:
            return
        self._stop_counting()
        self._counted = failure
        if failure is not None and failure.retry_after_s:
            self._countdown = Countdown(
                failure.retry_after_s,
                show=lambda left: self._show_text("wait", wait_text(left)),
                done=self._waited,
                tasks=self._tasks,
            )

    def _waited(self) -> None:
        self._stop_counting()
        self.update()
        self._actions.retry_is_ready()

    def _stop_counting(self) -> None:
        if self._countdown is not None:
            self._countdown.close()
            self._countdown = None
        self._show_text("wait", "")

    def _show_text(self, part: str, text: str) -> None:
        node = dom.part(self.node, part)
        dom.set_text(node, text)
        dom.show(node, bool(text))

    async def _copy_text(self) -> None:
        """Copy what is shown, an answer as Markdown."""
        copied = await dom.copy_text(self.turn.text, self._words)
        dom.set_text(self._copy, COPIED if copied else COPY_BY_HAND)
        self._tasks.start(self._forget_copied())

    async def _forget_copied(self) -> None:
        await asyncio.sleep(COPIED_S)
        dom.set_text(self._copy, COPY)
