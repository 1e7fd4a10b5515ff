"""Who is told when somebody signs in or out."""

from tollbridge.sdk import platform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from tollbridge.sdk.session import Session

# The session that there was when one began to listen; told to everybody first, perhaps None.
INITIAL_SESSION = "INITIAL_SESSION"
# Somebody signed in, here or in another tab; also when another user took the first one's place.
SIGNED_IN = "SIGNED_IN"
# Nobody is signed in any more: here, in another tab, or because the gateway ended the session.
SIGNED_OUT = "SIGNED_OUT"
# The same user with new tokens, renewed here or in another tab.
TOKEN_REFRESHED = "TOKEN_REFRESHED"
# The same user, of whom something else is known now, such as an address.
USER_UPDATED = "USER_UPDATED"
# Signed in by a mail for somebody who lost the password, which is now to be set anew. It belongs to
# signing in by mail, and nothing else tells it.
PASSWORD_RECOVERY = "PASSWORD_RECOVERY"


class _Subscriber:
    """A listener, whether it was told the initial session, and the task that sees to it."""

    def __init__(self, listener: "Callable[[str, Session | None], Any]") -> None:
        self.listener = listener
        self.begun = False
        self.task: object = None


class AuthEvents:
    """Tells subscribers of the session: the initial one first, then every change.

    What a listener raises is reported to the event loop and keeps nobody from signing in.
    """

    def __init__(self, ready: "Callable[[], Awaitable[None]]") -> None:
        """Take an async callable that loads the session and then calls `open`."""
        self._ready = ready
        self._subscribers: list[_Subscriber] = []

    def subscribe(self, listener: "Callable[[str, Session | None], Any]") -> "Callable[[], None]":
        """Tell `listener(event, session)` from now on; returns the undo.

        Without a running event loop the initial session is told by the next `open`.
        """
        subscriber = _Subscriber(listener)
        self._subscribers.append(subscriber)
        subscriber.task = platform.spawn(self._begin())

        def undo() -> None:
            self._subscribers = [kept for kept in self._subscribers if kept is not subscriber]

        return undo

    def open(self, session: "Session | None") -> None:
        """Tell the initial session to everybody who was not told yet."""
        for subscriber in self._subscribers:
            if not subscriber.begun:
                subscriber.begun = True
                platform.call_listener(subscriber.listener, INITIAL_SESSION, session)

    def emit(self, event: str, session: "Session | None") -> None:
        """Tell a change to everybody who was told the initial session."""
        for subscriber in self._subscribers:
            if subscriber.begun:
                platform.call_listener(subscriber.listener, event, session)

    async def _begin(self) -> None:
        await self._ready()
