"""What of a session survives a reload, under the published contract's keys."""

from tollbridge.sdk.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk.storage import Storage


class SessionStore:
    """Keeps the session, and the last anonymous one beside it.

    The anonymous one outlives a sign-out, so that a visitor who comes back finds the same credits.
    """

    def __init__(self, storage: "Storage", paywall_id: str) -> None:
        """Take the storage; nothing is read yet."""
        self._storage = storage
        self._key = f"pw-{paywall_id}-auth-v1"
        self._anonymous_key = f"pw-{paywall_id}-anon-rt-v1"

    def watch(self, listener: "Callable[..., object]") -> "Callable[[], None]":
        """Call `listener` when somebody else changed the session, if the storage can tell.

        Returns:
            The undo.
        """
        watch = getattr(self._storage, "watch", None)
        if watch is None:
            return lambda: None
        undo: Callable[[], None] = watch(self._key, listener)
        return undo

    async def load(self) -> "Session | None":
        """Return the session, without an access token, or None."""
        return Session.from_text(await self._storage.get_item(self._key))

    async def load_anonymous(self) -> "Session | None":
        """Return the last anonymous session, without an access token, or None."""
        return Session.from_text(await self._storage.get_item(self._anonymous_key))

    async def save(self, session: Session) -> None:
        """Keep a session."""
        text = session.to_text()
        await self._storage.set_item(self._key, text)
        if session.is_anonymous:
            await self._storage.set_item(self._anonymous_key, text)

    async def clear(self) -> None:
        """Forget the session; the anonymous one stays."""
        await self._storage.remove_item(self._key)

    async def clear_anonymous(self) -> None:
        """Forget the anonymous session."""
        await self._storage.remove_item(self._anonymous_key)

    async def forget(self, refused: Session) -> None:
        """Forget a session that the gateway refused, in both places where it may stand."""
        await self.clear()
        anonymous = await self.load_anonymous()
        if anonymous is not None and anonymous.refresh_token == refused.refresh_token:
            await self.clear_anonymous()
