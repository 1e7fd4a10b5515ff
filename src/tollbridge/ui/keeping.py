"""Keeps something over a reload while it changes: not at every change, and never the older last."""

import asyncio

from tollbridge.ui import dom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.ui.tasks import Tasks

# Writing takes at most this share of the time, however much there is to write.
SHARE = 0.05


class Keeping:
    """Writes one text of this tab, `dom.keep`, soon after it was touched.

    Where the browser keeps nothing, nothing is kept, and nobody is told: the page itself still has
    everything.
    """

    def __init__(
        self, key: str, text: "Callable[[], str]", *, tasks: "Tasks", pause_s: float = 0
    ) -> None:
        """Keep nothing yet.

        Args:
            key: One of `dom`'s.
            text: Returns what is to be kept just now; "" keeps nothing.
            tasks: Runs the writing.
            pause_s: Between two writings, at least.
        """
        self._key = key
        self._text = text
        self._tasks = tasks
        self._pause_s = pause_s
        self._dirty = False
        self._running = False
        self._works = False
        self._undo = dom.on_leave(self._left)

    def touch(self) -> None:
        """Say that the text has changed."""
        self._dirty = True
        if not self._running:
            self._running = True
            self._tasks.start(self._write())

    def close(self) -> None:
        """Write nothing more, and let go of the page."""
        self._dirty = False
        self._undo()

    async def _write(self) -> None:
        try:
            while self._dirty:
                self._dirty = False
                began_ms = dom.now_ms()
                text = self._text()
                spent_s = (dom.now_ms() - began_ms) / 1000
                self._works = await dom.keep(self._key, text)
                await asyncio.sleep(max(self._pause_s, spent_s / SHARE))
        finally:
            self._running = False

    def _left(self) -> None:
        if self._dirty and self._works:
            self._dirty = False
            dom.keep_at_once(self._key, self._text())
