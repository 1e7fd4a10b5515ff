"""The answering end of lines: what may be asked, checked, done, and told to everybody."""

import asyncio

from tollbridge.sdk import platform
from tollbridge.sdk.errors import ConfigError, PaywallError
from tollbridge.sdk.remote.failures import failure_to_json
from tollbridge.sdk.remote.messages import (
    Message,
    event_text,
    read_message,
    refusal_text,
    response_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any


class Kind:
    """One thing that may be asked.

    Attributes:
        run: An async callable, called with the parameters by name; returns what JSON can carry.
        params: The name of each parameter → its type: `str`, `int`, `bool`, `list` or `dict`. All
            of them must be there, and no others.
    """

    def __init__(self, run: "Callable[..., Awaitable[Any]]", **params: type) -> None:
        """Make it; see the class."""
        self.run = run
        self.params = params

    def check(self, params: object) -> "dict[str, Any]":
        """Return the parameters.

        Raises:
            ConfigError: `invalid_argument`: they are not those of this kind.
        """
        if not isinstance(params, dict) or set(params) != set(self.params):
            raise ConfigError("invalid_argument", f"wanted: {', '.join(self.params) or 'nothing'}")
        for name in self.params:
            # Not `isinstance`, to which True is a whole number.
            if type(params[name]) is not self.params[name]:
                raise ConfigError("invalid_argument", f"{name} is of another type")
        return params


class Line:
    """One of a server's lines.

    Attributes:
        name: Who is at its other end.
    """

    def __init__(self, server: "Server", name: str, post: "Callable[[str], None]") -> None:
        """Take what sends a text to the other end."""
        self.name = name
        self._server = server
        self._post = post

    def hear(self, text: object) -> None:
        """Take a text that came over the line; what is no request is passed over."""
        try:
            message = read_message(text)
        except ValueError:
            return
        if message.is_request:
            self._server.answer(self, message)

    def post(self, text: str) -> None:
        """Send a text, unless the line is closed."""
        if self in self._server.lines:
            self._post(text)

    def close(self) -> None:
        """Forget the line. What was asked over it goes on: others may wait for the same."""
        if self in self._server.lines:
            self._server.lines.remove(self)


class Server:
    """Answers what comes over its lines.

    Attributes:
        lines: Those that are open, the oldest first.
    """

    def __init__(self) -> None:
        """Begin without lines; nothing may be asked."""
        self.lines: list[Line] = []
        self._kinds: dict[str, Kind] = {}
        self._running: list[asyncio.Task[None]] = []

    def offer(self, kinds: "dict[str, Kind]") -> None:
        """Answer these from now on, too; everything else is refused."""
        self._kinds.update(kinds)

    def open(self, name: str, post: "Callable[[str], None]") -> Line:
        """Take a line, by what sends a text over it."""
        line = Line(self, name, post)
        self.lines.append(line)
        return line

    def tell(self, kind: str, payload: "Any", *, only: "Line | None" = None) -> None:
        """Tell everybody, or one of them."""
        if not self.lines:
            return
        text = event_text(kind, payload)
        for line in [only] if only is not None else list(self.lines):
            line.post(text)

    def answer(self, line: Line, message: Message) -> None:
        """Begin to answer a request. Those of a line begin in the order in which they came."""

        async def run() -> None:
            try:
                text = await self._result(message)
                if message.id:
                    line.post(text)
            finally:
                self._running.remove(task)

        task = asyncio.create_task(run())
        self._running.append(task)

    async def aclose(self) -> None:
        """Forget every line, and end what is being done for them."""
        self.lines = []
        while self._running:
            await asyncio.sleep(0)  # one that never began could not end either
            left = list(self._running)
            for task in left:
                task.cancel()
            for task in left:
                try:
                    await task
                except asyncio.CancelledError:
                    pass

    async def _result(self, message: Message) -> str:
        try:
            kind = self._kinds.get(message.kind)
            if kind is None:
                raise ConfigError("invalid_argument", f"nobody answers {message.kind!r}")
            return response_text(message.id, await kind.run(**kind.check(message.content)))
        except PaywallError as error:
            return refusal_text(message.id, failure_to_json(error))
        except Exception as error:  # a bug of ours must not leave the other end waiting
            platform.report(error, f"answering {message.kind!r} failed")
            return refusal_text(message.id, failure_to_json(error))
