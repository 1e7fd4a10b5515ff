"""Where a session survives a reload: async `get_item`, `set_item`, `remove_item` over text."""

from tollbridge.sdk import platform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Storage(Protocol):
        """What the SDK asks of a storage; bring your own with these three."""

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


def default_storage() -> "Storage":
    """Return `localStorage` where there is JavaScript, else memory of the client's own."""
    return LocalStorage() if platform.HAS_JS else MemoryStorage()
