"""The asking end of a line: requests that are answered, and events."""

import asyncio

from tollbridge.sdk import platform
from tollbridge.sdk.errors import NetworkError
from tollbridge.sdk.remote.failures import failure_from_json
from tollbridge.sdk.remote.messages import read_message, request_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.errors import PaywallError

GONE = "The other end of the extension is gone."


class _Waiting:
    """A request that has no answer yet."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()
        self.result: Any = None
        self.error: PaywallError | None = None


class Caller:
    """Asks what is at the other end. It outlives a line: `begin` gives it another one.

    What is asked while there is no line waits for the next one.
    """

    def __init__(self) -> None:
        """Begin without a line."""
        self._post: Callable[[str], None] | None = None
        self._unsent: list[str] = []
        self._waiting: dict[int, _Waiting] = {}
        self._last_id = 0
        self._listeners: list[tuple[str, Callable[[Any], object]]] = []

    def begin(self, post: "Callable[[str], None]") -> None:
        """Take a line, by what sends a text over it, and send what has waited for one."""
        self._post = post
        unsent, self._unsent = self._unsent, []
        for text in unsent:
            post(text)

    def end(self) -> None:
        """Hear that the line is gone: whoever waits for an answer gets a `NetworkError`."""
        self._post = None
        waiting, self._waiting = self._waiting, {}
        for one in waiting.values():
            one.error = NetworkError(GONE)
            one.answered.set()

    def hear(self, text: object) -> None:
        """Take a text that came over the line; what is no message is passed over."""
        try:
            message = read_message(text)
        except ValueError:
            return
        if message.is_response:
            one = self._waiting.pop(message.id, None)
            if one is not None:
                one.result = message.content
                if message.error is not None:
                    one.error = failure_from_json(message.error)
                one.answered.set()
        elif not message.is_request:
            for kind, listener in list(self._listeners):
                if kind == message.kind:
                    platform.call_listener(listener, message.content)

    def on(self, kind: str, listener: "Callable[[Any], object]") -> "Callable[[], None]":
        """Call `listener(payload)` at every event of a kind; returns the undo.

        What a listener raises is reported to the event loop.
        """
        entry = (kind, listener)
        self._listeners.append(entry)

        def undo() -> None:
            self._listeners = [kept for kept in self._listeners if kept is not entry]

        return undo

    async def ask(self, kind: str, **params: "Any") -> "Any":
        """Ask, and return the result.

        Raises:
            PaywallError: What the other end raised; its class is the same there and here.
            NetworkError: The line went before an answer came.
        """
        self._last_id += 1
        id, one = self._last_id, _Waiting()
        self._waiting[id] = one
        self._send(request_text(id, kind, params))
        try:
            await one.answered.wait()
        finally:
            self._waiting.pop(id, None)
        if one.error is not None:
            raise one.error
        return one.result

    def tell(self, kind: str, **params: "Any") -> None:
        """Ask for something whose answer nobody waits for."""
        self._send(request_text(0, kind, params))

    def _send(self, text: str) -> None:
        if self._post is None:
            self._unsent.append(text)
        else:
            self._post(text)
