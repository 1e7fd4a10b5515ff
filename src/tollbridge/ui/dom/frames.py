"""Writing to the page once per frame, however often there is something to write."""

import js

try:
    from pyodide.ffi import create_proxy
except ImportError:  # MicroPython
    from jsffi import create_proxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# A hidden page is given no frames. What is due is then written this soon instead, so that it is
# complete when the person comes back, and when the page is read aloud.
HIDDEN_MS = 250


class _Frames:
    """The callbacks that wait for the next frame, and the one proxy through which it comes."""

    def __init__(self) -> None:
        self._due: list[Callable[[], None]] = []
        self._js_run: Any = None

    def add(self, callback: "Callable[[], None]") -> None:
        self._due.append(callback)
        if len(self._due) > 1:
            return  # the frame is asked for already
        if self._js_run is None:
            self._js_run = create_proxy(self._run)
        if js.document.hidden:
            js.window.setTimeout(self._js_run, HIDDEN_MS)
        else:
            js.window.requestAnimationFrame(self._js_run)

    def _run(self, *time_ms: float) -> None:
        due, self._due = self._due, []
        for callback in due:
            callback()


_frames = _Frames()


def next_frame(callback: "Callable[[], None]") -> None:
    """Call `callback()` once, right before the page is painted next.

    Everything that is due is called in one go, in the order in which it was asked for. Whoever has
    to write at once, at the end of an answer, does so and lets a later call find nothing to do.
    """
    _frames.add(callback)
