"""Stopping a call from outside, on every interpreter. In a page a JavaScript signal serves too."""

from tollbridge.sdk import platform
from tollbridge.sdk.signals import Signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class AbortSignal:
    """Tells a call that it is to stop. Made by an `AbortController`; one may stop many calls."""

    def __init__(self) -> None:
        """Start as not aborted."""
        self._state = Signal(False)

    @property
    def aborted(self) -> bool:
        """Whether it was aborted; never goes back."""
        return bool(self._state.get())

    def subscribe(self, listener: "Callable[[], object]") -> "Callable[[], None]":
        """Call `listener()` when it is aborted; at once where it is already. Returns the undo."""
        if self.aborted:
            listener()
        return self._state.subscribe(lambda aborted: listener())

    def _abort(self) -> None:
        self._state.set(True)


class AbortController:
    """Holds an `AbortSignal` and aborts it.

    Attributes:
        signal: Give it to `gateway.call(signal=…)`.
    """

    def __init__(self) -> None:
        """Make a signal of its own."""
        self.signal = AbortSignal()

    def abort(self) -> None:
        """Stop every call that was given the signal; a second time does nothing.

        It may be called from a plain event handler. The calls raise `AbortedError` where they are
        awaited, and so do later calls with this signal.
        """
        self.signal._abort()


def on_abort(signal: "Any", listener: "Callable[[], object]") -> "Callable[[], None]":
    """Call `listener()` when a signal of ours or of the browser's is aborted; None never is.

    Returns:
        The undo. Whoever stops waiting calls it: a browser's signal would keep the listener.
    """
    if signal is None:
        return _nothing
    if platform.js_kind(signal) == "signal":
        return platform.on_js_abort(signal, listener)
    undo: Callable[[], None] = signal.subscribe(listener)
    return undo


def _nothing() -> None:
    """Undo nothing."""
