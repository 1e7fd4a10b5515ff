"""What the tabs of an origin tell each other: that something changed, and what little is needed.

Every page, worker and client of the same name hears what another one posts, never itself. Nothing
secret goes this way, and nothing that comes this way is believed: who hears that the session
changed reads it from storage.
"""

import json

from tollbridge.sdk import platform

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any

# What is told. A session's value is `session_state`'s, that of balances `billing`'s.
SESSION = "session"
BALANCES = "balances"


def channel_name(paywall_id: str) -> str:
    """Return the name under which the tabs of one paywall find each other."""
    return f"tollbridge-{paywall_id}"


class Tabs:
    """A line to the other tabs; where the browser has none, and on a server, a quiet nothing.

    It opens when it is first used, and stays open until `close`.
    """

    def __init__(self, name: str) -> None:
        """Take the channel's name; nothing is opened yet."""
        self._name = name
        self._entries: list[tuple[str, Callable[[Any], object]]] = []
        self._unsent: list[str] = []
        self._channel: platform.TextChannel | None = None
        self._opening: asyncio.Task[None] | None = None
        self._closed = False

    def post(self, kind: str, value: "Any") -> None:
        """Tell every other tab; `value` is anything that JSON can carry. Never fails.

        What is posted while the line opens is told once it is open, in order.
        """
        if self._closed or not platform.HAS_JS:
            return
        text = json.dumps({"kind": kind, "value": value})
        if self._channel is not None:
            self._channel.post(text)
            return
        self._unsent.append(text)
        self._open()

    def subscribe(self, kind: str, listener: "Callable[[Any], object]") -> "Callable[[], None]":
        """Call `listener(value)` whenever another tab posts this kind.

        The value may be anything: it is the listener's to check. What a listener raises is reported
        to the event loop.

        Returns:
            The undo. Calling it twice is harmless.
        """
        entry = (kind, listener)
        self._entries.append(entry)
        self._open()

        def undo() -> None:
            self._entries = [kept for kept in self._entries if kept is not entry]

        return undo

    async def opened(self) -> None:
        """Return once the line is open, or is known never to be: from then on nothing is missed."""
        self._open()
        if self._opening is not None:
            await self._opening

    def close(self) -> None:
        """Hear and tell nothing any more; frees what JavaScript holds. Twice is harmless."""
        self._closed = True
        self._entries = []
        self._unsent = []
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _open(self) -> None:
        if self._opening is None and not self._closed and platform.HAS_JS:
            self._opening = platform.spawn(self._connect())

    async def _connect(self) -> None:
        channel = await platform.open_channel(self._name, self._heard)
        if channel is None:
            self._closed = True
            self._unsent = []
            return
        if self._closed:  # while it was being opened
            channel.close()
            return
        self._channel = channel
        while self._unsent:
            channel.post(self._unsent.pop(0))

    def _heard(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RuntimeError):  # RuntimeError: nested deeper than can be followed
            return  # another program's
        if not isinstance(message, dict) or "value" not in message:
            return
        for entry in list(self._entries):
            # One that a listener before it took away hears nothing.
            if entry[0] == message.get("kind") and any(kept is entry for kept in self._entries):
                platform.call_listener(entry[1], message["value"])
