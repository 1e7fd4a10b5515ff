"""A listener that remembers what it was told, and lets a test wait for it."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk import Session


class Heard:
    """Remembers the first argument of each call.

    Attributes:
        told: What it was told, one after the other.
    """

    def __init__(self) -> None:
        """Start with nothing heard."""
        self.told: list[Any] = []
        self._news = asyncio.Event()

    def __call__(self, told: object, *ignored: object) -> None:
        """Remember."""
        self.told.append(told)
        self._news.set()

    async def until(self, *told: object) -> None:
        """Return once exactly this was heard, in this order."""
        while self.told != list(told):
            self._news.clear()
            await self._news.wait()

    async def until_last(self, last: object) -> None:
        """Return once this is the last that was heard."""
        while self.told[-1:] != [last]:
            self._news.clear()
            await self._news.wait()


class HeardEvents(Heard):
    """A listener for `on_auth_change`: remembers the events, each with the user's id."""

    def __call__(self, told: object, *session: "Session | None") -> None:
        """Remember an event."""
        user = session[0].user if session and session[0] is not None else None
        super().__call__(f"{told} {user.id if user is not None else 'nobody'}")
