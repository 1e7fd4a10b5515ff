"""A storage that several tabs share, as a browser's, each with its own late view of it.

It stands in for `localStorage` where there is none: under Node, in workers, on CPython.
"""

from tests.support.everywhere.interpreter import HAS_JS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Shelf:
    """What is kept in truth, and the views of the tabs."""

    def __init__(self, *, prompt: bool = True) -> None:
        """Start empty; `prompt` has every view learn of a change as soon as it is made."""
        self.items: dict[str, str] = {}
        self.views: list[View] = []
        self._prompt = prompt

    def view(self) -> "View":
        """Return what the next tab sees; where no line joins the tabs, it can be watched."""
        view = WatchedView(self) if not HAS_JS else View(self)
        self.views.append(view)
        return view

    def watched_view(self) -> "WatchedView":
        """Return a view that can be watched, wherever this is."""
        view = WatchedView(self)
        self.views.append(view)
        return view

    def changed(self, by: "View") -> None:
        """Have the other views learn of a change, unless they are to learn of it late."""
        for view in self.views:
            if self._prompt and view is not by:
                view.learn()


class View:
    """A tab's storage: reads what it knows of, writes through; see `tollbridge.sdk.storage`."""

    def __init__(self, shelf: Shelf) -> None:
        """Start with what is kept."""
        self._shelf = shelf
        self._known = dict(shelf.items)

    async def get_item(self, key: str) -> "str | None":
        """Return the text under `key`, or None."""
        return self._known.get(key)

    async def set_item(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""
        self._known[key] = self._shelf.items[key] = value
        self._shelf.changed(self)

    async def remove_item(self, key: str) -> None:
        """Forget `key`."""
        self._known.pop(key, None)
        self._shelf.items.pop(key, None)
        self._shelf.changed(self)

    def learn(self) -> None:
        """Come to know of every change."""
        self._known = dict(self._shelf.items)


class WatchedView(View):
    """A view that tells who watches it; it leaves to them whether anything changed."""

    def __init__(self, shelf: Shelf) -> None:
        """Start with nobody watching."""
        super().__init__(shelf)
        self._listeners: list[Callable[..., object]] = []

    def watch(self, key: str, listener: "Callable[..., object]") -> "Callable[[], None]":
        """Call `listener` at every change that is learnt of; returns the undo."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def learn(self) -> None:
        """Come to know of every change, and say so."""
        super().learn()
        for listener in list(self._listeners):
            listener()
