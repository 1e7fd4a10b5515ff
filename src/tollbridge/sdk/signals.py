"""Values that tell their listeners when they change: `Signal`, `Computed`, and `batch`.

    first, last = Signal("Ada"), Signal("King")
    name = Computed(lambda a, b: f"{a} {b}", first, last)
    undo = name.subscribe(print)
    with batch():
        first.set("Augusta")
        last.set("Lovelace")    # prints once: Augusta Lovelace
    undo()

A change is stored first, then told. So a listener that reads other values never sees a pair of
which one half is old.
"""

from tollbridge.sdk import platform
from tollbridge.sdk.members import Members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class _World:
    """What all values share. A page has one thread, so a module's state is enough."""

    # Counts the changes of all signals: what was computed at the same count is still true.
    changes = 0
    batches = 0
    changed: "list[_Source]" = []


class _Source:
    """What a signal and a computed value have in common: somebody may listen, or compute on."""

    def __init__(self) -> None:
        self._listeners = Members()
        self._dependents = Members()
        self._untold: list[Any] = []
        self._telling = False
        self._in_batch = False
        self._sent: Any = None

    @property
    def has_listeners(self) -> bool:
        """Whether anybody listens, or listens to a value computed from this one."""
        return self._listeners.any or self._dependents.any

    def get(self) -> "Any":
        """Return the value."""
        raise NotImplementedError  # abstract: `Signal` and `Computed` each have their own

    def _depend(self, dependent: "Computed") -> "Callable[[], None]":
        return self._dependents.add(dependent)

    def _publish(self, errors: list[Exception]) -> None:
        """Tell the listeners the value of now, unless they know it."""
        value = self.get()
        if value == self._sent:
            return
        self._sent = value
        self._untold.append(value)
        if not self._telling:
            self._tell(errors)

    def _tell(self, errors: list[Exception]) -> None:
        self._telling = True
        try:
            while self._untold:
                value = self._untold.pop(0)
                for cell in list(self._listeners.cells):
                    listener = cell[0]
                    if listener is None:
                        continue  # a listener before it took it away
                    try:
                        listener(value)
                    except Exception as error:
                        errors.append(error)
        finally:
            self._telling = False
            self._untold = []


class Signal(_Source):
    """A value with listeners.

    Every listener sees every change, in the order of the changes, also when a listener sets the
    value again. Listeners run to the end; then the first error that one of them raised is raised
    from `set`, and the value has changed all the same.
    """

    def __init__(self, value: "Any") -> None:
        """Start with `value`; nobody is told."""
        super().__init__()
        self._value = value
        self._sent = value

    def get(self) -> "Any":
        """Return the value."""
        return self._value

    def set(self, value: "Any") -> None:
        """Change the value and tell every listener; an equal value tells nobody.

        Called by a listener, it returns before its own change is told: that happens as soon as the
        change that is being told has reached everybody. Within `batch()` it is told at the end.

        Raises:
            Exception: The first one that a listener raised, after all have run.
        """
        if value == self._value:
            return
        self._value = value
        changed = _mark_changed(self)
        if not _World.batches:
            _raise_first(_publish(changed))
            return
        for source in changed:
            if not source._in_batch:
                source._in_batch = True
                _World.changed.append(source)

    def update(self, function: "Callable[[Any], Any]") -> None:
        """Set what `function(value)` returns; see `set`."""
        self.set(function(self._value))

    def subscribe(self, listener: "Callable[[Any], Any]") -> "Callable[[], None]":
        """Call `listener(value)` at every change from now on.

        Returns:
            The undo. Calling it twice is harmless.
        """
        return self._listeners.add(listener)


class Computed(_Source):
    """A value made from others: `Computed(function, *sources)` is `function(*their values)`.

    It is computed when somebody asks, and anew only after a source changed. While somebody listens
    it hears of its sources' changes; from the last undo on they do not know it any more, so that a
    view that closes leaves nothing behind. `function` must have no effects.
    """

    def __init__(self, function: "Callable[..., Any]", *sources: "Signal | Computed") -> None:
        """Take the function and what it is computed from; nothing is computed yet."""
        super().__init__()
        self._function = function
        self._sources = sources
        self._inputs: list[Any] | None = None
        self._value: Any = None
        self._held: list[Callable[[], None]] = []
        self._stale = True
        self._marked_at = 0
        self._computed_at = -1

    def get(self) -> "Any":
        """Return the value, computed anew if a source changed.

        Raises:
            Exception: What the function raised; it is run again at the next asking.
        """
        # Only while somebody listens do the sources say when the value is stale.
        if self._stale if self._held else self._computed_at != _World.changes:
            inputs = [source.get() for source in self._sources]
            if inputs != self._inputs:
                self._inputs = None
                self._value = self._function(*inputs)
                self._inputs = inputs
            self._stale = False
            self._computed_at = _World.changes
        return self._value

    def subscribe(self, listener: "Callable[[Any], Any]") -> "Callable[[], None]":
        """Call `listener(value)` at every change from now on; an equal result is no change.

        What the function or a listener raises is raised from the `set` that led to it, after all
        listeners have run.

        Returns:
            The undo. Calling it twice is harmless.

        Raises:
            Exception: What the function raised just now; nobody listens then.
        """
        value = self.get()
        if not self._listeners.any:
            self._sent = value
        return self._join(self._listeners, listener)

    def close(self) -> None:
        """Take every listener away, and with them the hold on the sources; `get` goes on."""
        self._listeners.clear()
        self._let_go()

    def _depend(self, dependent: "Computed") -> "Callable[[], None]":
        self.get()
        return self._join(self._dependents, dependent)

    def _join(self, members: Members, member: object) -> "Callable[[], None]":
        """Add a member whose value is computed just now."""
        if not self._held:
            self._held = [source._depend(self) for source in self._sources]
            self._stale = False
        leave = members.add(member)

        def undo() -> None:
            leave()
            self._let_go()

        return undo

    def _let_go(self) -> None:
        if not self.has_listeners:
            while self._held:
                self._held.pop()()

    def _publish(self, errors: list[Exception]) -> None:
        if not self._listeners.any:
            return
        try:
            self.get()
        except Exception as error:
            errors.append(error)
            return
        super()._publish(errors)


class _Batch:
    def __enter__(self) -> None:
        _World.batches += 1

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        _World.batches -= 1
        if _World.batches:
            return
        changed, _World.changed = _World.changed, []
        for source in changed:
            source._in_batch = False
        errors = _publish(changed)
        if error is None:
            _raise_first(errors)
        for one in errors:
            platform.report(one, "a listener of a Tollbridge signal failed")


def batch() -> _Batch:
    """Return a context, for `with`, in which several changes are told as one.

    Listeners are told once, at the end of the outermost batch, with the last value; a value that is
    back where it was tells nobody. `get` returns new values at once. An error inside tells what was
    set until then, and goes on; what listeners then raise is reported to the event loop. Do not
    await inside: whatever else runs meanwhile would be told late.

    Raises:
        Exception: At the end, the first one that a listener raised, after all have run.
    """
    return _Batch()


def _mark_changed(signal: Signal) -> "list[_Source]":
    """Return a signal and all that is computed from it and listened to, marked as stale."""
    _World.changes += 1
    changed: list[_Source] = [signal]
    for source in changed:  # grows while it is walked
        for cell in source._dependents.cells:
            dependent = cell[0]
            if dependent is not None and dependent._marked_at != _World.changes:
                dependent._marked_at = _World.changes
                dependent._stale = True
                changed.append(dependent)
    return changed


def _publish(changed: "list[_Source]") -> list[Exception]:
    errors: list[Exception] = []
    for source in changed:
        source._publish(errors)
    return errors


def _raise_first(errors: list[Exception]) -> None:
    if errors:
        raise errors[0]
