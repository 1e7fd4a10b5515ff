"""Who is told of what the upgrade dialog does."""

from tollbridge.sdk import ConfigError, platform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Without arguments: open, close. With one: granted (the balance), error (the PaywallError),
# blocked (the QuotaExceededError of a call for which the dialog stayed closed).
EVENTS = ("open", "close", "granted", "error", "blocked")


class PaywallEvents:
    """Listeners by event. What one raises is reported to the event loop."""

    def __init__(self) -> None:
        """Start with none."""
        self._listeners: list[tuple[str, Callable[..., Any]]] = []

    def on(self, event: str, listener: "Callable[..., Any]") -> "Callable[[], None]":
        """Call `listener` at every `event` from now on; returns the undo.

        Raises:
            ConfigError: `invalid_argument`: there is no such event.
        """
        if event not in EVENTS:
            raise ConfigError(
                "invalid_argument", f"there is no event {event!r}; there are {', '.join(EVENTS)}"
            )
        entry = (event, listener)
        self._listeners.append(entry)

        def undo() -> None:
            self._listeners = [kept for kept in self._listeners if kept is not entry]

        return undo

    def off(self, event: str, listener: "Callable[..., Any]") -> None:
        """Call `listener` at `event` no more; harmless if it never was."""
        self._listeners = [
            kept for kept in self._listeners if not (kept[0] == event and kept[1] == listener)
        ]

    def emit(self, event: str, *args: object) -> None:
        """Tell those who listen now."""
        for name, listener in list(self._listeners):
            if name == event:
                platform.call_listener(listener, *args)

    def clear(self) -> None:
        """Forget everybody."""
        self._listeners = []
