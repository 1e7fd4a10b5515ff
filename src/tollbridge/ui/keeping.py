"""Keeps something over a reload while it changes: not at every change, and never the older last."""

import asyncio

from tollbridge.ui import dom
from tollbridge.ui.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Writing takes at most this share of the time, however much there is to write.
SHARE = 0.05


class Keeping:
    """Writes one text of this tab, `dom.keep`, soon after it was touched.

    Where the browser keeps nothing, nothing is kept, and nobody is told: the page itself still has
    everything.
    """

    def __init__(self, key: str, text: "Callable[[], str]", *, pause_s: float = 0) -> None:
        """Keep nothing yet.

        Args:
            key: One of `dom`'s.
            text: Returns what is to be kept just now; "" keeps nothing.
            pause_s: Between two writings, at least.
        """
        self._key = key
        self._text = text
        self._tasks = Tasks()
        self._pause_s = pause_s
        self._dirty = False
        self._writing = False
        self._running = False
        self._works = False
        self._closed = asyncio.Event()
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._undo = dom.on_leave(self._left)

    def touch(self) -> None:
        """Say that the text has changed; after `close` it is not written any more."""
        if self._closed.is_set():
            return
        self._dirty = True
        if not self._running:
            self._running = True
            self._ended.clear()
            self._tasks.start(self._write())

    async def close(self) -> None:
        """Write what is due, and let go of the page. Nothing is running then."""
        self._undo()
        self._closed.set()
        self._woken.set()
        if self._running:
            await self._ended.wait()

    async def _write(self) -> None:
        try:
            while self._dirty:
                self._dirty = False
                self._writing = True
                began_ms = dom.now_ms()
                text = self._text()
                spent_s = (dom.now_ms() - began_ms) / 1000
                self._works = await dom.keep(self._key, text)
                self._writing = False
                await self._rest(max(self._pause_s, spent_s / SHARE))
        finally:
            self._running = False
            self._ended.set()

    async def _rest(self, seconds: float) -> None:
        # Not `asyncio.wait_for`: Pyodide's loop refuses a deadline that has passed when it is
        # set, as a short one has on a busy page.
        self._woken = woken = asyncio.Event()
        if self._closed.is_set():
            return
        timer = asyncio.create_task(_wake(woken, seconds))
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def _left(self) -> None:
        # A writing that has begun and not come back may never: the page is going.
        if (self._dirty or self._writing) and self._works:
            self._dirty = False
            dom.keep_at_once(self._key, self._text())


async def _wake(sleeper: asyncio.Event, seconds: float) -> None:
    await asyncio.sleep(seconds)
    sleeper.set()
