"""Where a session survives a reload: async `get_item`, `set_item`, `remove_item` over text."""

from tollbridge.sdk import options, platform
from tollbridge.sdk.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Storage(Protocol):
        """What the SDK asks of a storage; bring your own with these three.

        One that others change too may also have `watch(key, listener)`: it calls `listener` when
        the text under `key` changed, and returns the undo. The listener takes and ignores
        arguments, and reads the storage itself.
        """

        async def get_item(self, key: str) -> "str | None":
            """Return the text under `key`, or None."""
            ...

        async def set_item(self, key: str, value: str) -> None:
            """Keep `value` under `key`."""
            ...

        async def remove_item(self, key: str) -> None:
            """Forget `key`; nothing happens if it is not there."""
            ...


class MemoryStorage:
    """Keeps text as long as the object lives: servers, tests, and where nothing may be written."""

    def __init__(self) -> None:
        """Start empty."""
        self._items: dict[str, str] = {}

    async def get_item(self, key: str) -> "str | None":
        """Return the text under `key`, or None."""
        return self._items.get(key)

    async def set_item(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""
        self._items[key] = value

    async def remove_item(self, key: str) -> None:
        """Forget `key`."""
        self._items.pop(key, None)


class LocalStorage:
    """The page's `localStorage`, shared by the tabs of an origin.

    Where the browser refuses it (blocked cookies, a sandboxed frame, a full disk) the text stays in
    memory instead: the session then lasts until the page is left, and nothing fails.
    """

    def __init__(self) -> None:
        """Touch nothing yet."""
        self._kept = MemoryStorage()

    async def get_item(self, key: str) -> "str | None":
        """Return the text under `key`, or None."""
        kept = await self._kept.get_item(key)
        if kept is not None:
            return kept
        try:
            value = await platform.local_storage("getItem", key)
        except (platform.JsException, LookupError):
            return None
        return None if platform.is_nullish(value) else str(value)

    async def set_item(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""
        try:
            await platform.local_storage("setItem", key, value)
        except (platform.JsException, LookupError):
            await self._kept.set_item(key, value)
        else:
            await self._kept.remove_item(key)

    async def remove_item(self, key: str) -> None:
        """Forget `key`, wherever it is."""
        await self._kept.remove_item(key)
        try:
            await platform.local_storage("removeItem", key)
        except (platform.JsException, LookupError):
            return

    def watch(self, key: str, listener: "Callable[..., object]") -> "Callable[[], None]":
        """Call `listener()` when another tab changed `key`; returns the undo.

        Chromium's tabs are processes, and each learns of a change a moment after it was made. This
        one is told when it has, so what is read then is not stale. A message between the tabs is
        often faster; who only had that one missed a sign-in within a few dozen.
        """
        if not platform.has_local_storage():
            return lambda: None

        def changed(changed_key: "str | None") -> None:
            if changed_key in (key, None):
                listener()

        return platform.on_local_storage(changed)


def choose_storage(choice: object) -> "Storage":
    """Return the storage that an option `storage` asks for.

    Args:
        choice: `auto` or None: `localStorage` in a page, else memory of the client's own. `local`:
            `localStorage`. `memory`: nothing survives a reload, and no other tab knows. Anything
            else is a storage itself.

    Raises:
        ConfigError: `invalid_config`: it is none of these, or there is no `localStorage` here.
    """
    if choice is None or choice == "auto":
        # An extension's own storage will be the first choice, where there is one.
        return LocalStorage() if platform.has_local_storage() else MemoryStorage()
    if choice == "memory":
        return MemoryStorage()
    if choice == "local":
        if not platform.has_local_storage():
            raise ConfigError(
                "invalid_config",
                "storage='local' needs the localStorage of a page, and there is none on a server, "
                "in a worker or in a sandboxed frame; 'auto' takes memory there",
            )
        return LocalStorage()
    if isinstance(choice, str):
        raise ConfigError(
            "invalid_config",
            "storage must be 'auto', 'local', 'memory' or an object with get_item(), set_item() "
            f"and remove_item(), not {options.show(choice)}",
        )
    options.check_methods(choice, option="storage", methods="get_item set_item remove_item")
    options.check_callable(getattr(choice, "watch", None), option="storage.watch")
    storage: Storage = choice  # type: ignore[assignment]
    return storage
