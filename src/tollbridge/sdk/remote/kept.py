"""A storage at the other end of a line, such as an extension's own."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.remote.caller import Caller


class RemoteStorage:
    """Keeps text at the other end, by its `storage.get`, `storage.set` and `storage.remove`."""

    def __init__(self, caller: "Caller", *, area: str) -> None:
        """Take the line and the name of the area: `local`, or `session` until the browser ends."""
        self._caller = caller
        self._area = area

    async def get_item(self, key: str) -> "str | None":
        """Return the text under `key`, or None."""
        text = await self._caller.ask("storage.get", area=self._area, key=key)
        return text if isinstance(text, str) else None

    async def set_item(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""
        await self._caller.ask("storage.set", area=self._area, key=key, value=value)

    async def remove_item(self, key: str) -> None:
        """Forget `key`."""
        await self._caller.ask("storage.remove", area=self._area, key=key)
