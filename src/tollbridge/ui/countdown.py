"""Counts seconds down on the page."""

import asyncio
import math

from tollbridge.ui import dom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.ui.tasks import Tasks


class Countdown:
    """Shows how many whole seconds are left, and says when there are none.

    It reads the clock each time, so a page that slept is right again at once.
    """

    def __init__(
        self,
        seconds: int,
        *,
        show: "Callable[[int], None]",
        done: "Callable[[], None]",
        tasks: "Tasks",
    ) -> None:
        """Begin: `show(seconds)` is called at once and each second, `done()` once at the end."""
        self._ends_ms = dom.now_ms() + seconds * 1000
        self._show = show
        self._done = done
        self._closed = False
        show(seconds)
        tasks.start(self._run())

    def close(self) -> None:
        """Stop; nothing is called any more."""
        self._closed = True

    async def _run(self) -> None:
        while not self._closed:
            left_ms = self._ends_ms - dom.now_ms()
            if left_ms <= 0:
                self._done()
                return
            self._show(math.ceil(left_ms / 1000))
            await asyncio.sleep(min(1, left_ms / 1000))
