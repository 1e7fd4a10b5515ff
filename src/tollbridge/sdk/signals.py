"""A value that tells its listeners when it changes."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Signal:
    """A value with listeners.

    Every listener sees every change, in the order of the changes, also when a listener sets the
    value again. Listeners run to the end; then the first error that one of them raised is raised
    from `set`, and the value has changed all the same.
    """

    def __init__(self, value: "Any") -> None:
        """Start with `value`; nobody is told."""
        self._value = value
        self._entries: list[tuple[Callable[[Any], Any]]] = []
        self._untold: list[Any] = []
        self._telling = False

    def get(self) -> "Any":
        """Return the value."""
        return self._value

    def set(self, value: "Any") -> None:
        """Change the value and tell every listener; an equal value tells nobody.

        Called by a listener, it returns before its own change is told: that happens as soon as the
        change that is being told has reached everybody.

        Raises:
            Exception: The first one that a listener raised, after all have run.
        """
        if value == self._value:
            return
        self._value = value
        self._untold.append(value)
        if not self._telling:
            self._tell()

    def subscribe(self, listener: "Callable[[Any], Any]") -> "Callable[[], None]":
        """Call `listener(value)` at every change from now on.

        Returns:
            The undo. Calling it twice is harmless.
        """
        entry = (listener,)
        self._entries.append(entry)

        def undo() -> None:
            # By identity: one listener may have subscribed twice.
            self._entries = [kept for kept in self._entries if kept is not entry]

        return undo

    @property
    def has_listeners(self) -> bool:
        """Whether anybody listens."""
        return bool(self._entries)

    def _tell(self) -> None:
        errors: list[Exception] = []
        self._telling = True
        try:
            while self._untold:
                value = self._untold.pop(0)
                for entry in list(self._entries):
                    self._tell_one(entry, value, errors)
        finally:
            self._telling = False
            self._untold = []
        if errors:
            raise errors[0]

    def _tell_one(
        self,
        entry: "tuple[Callable[[Any], Any]]",
        value: "Any",
        errors: list[Exception],
    ) -> None:
        if not any(kept is entry for kept in self._entries):
            return  # a listener before it took it away
        try:
            entry[0](value)
        except Exception as error:
            errors.append(error)
