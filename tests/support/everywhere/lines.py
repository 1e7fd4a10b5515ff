"""Two contexts of one test: the clients of a page at one end, and who uses them at the other."""

from tollbridge.sdk.remote import (
    Caller,
    RemoteAuthClient,
    RemoteBillingClient,
    Server,
    SessionKinds,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.support.everywhere.pages import Page
    from tollbridge.sdk.remote import Line


class OtherContext:
    """A context with a line to a server.

    Attributes:
        heard: Every text that came over the line.
    """

    def __init__(self) -> None:
        """Make the clients; there is no line yet."""
        self.caller = Caller()
        self.auth = RemoteAuthClient(self.caller)
        self.billing = RemoteBillingClient(self.caller)
        self.heard: list[str] = []
        self.line: Line | None = None

    def connect(self, server: Server) -> "Line":
        """Open a line."""
        self.line = line = server.open("test", self._hear)
        self.caller.begin(line.hear)
        return line

    def lose(self) -> None:
        """Have the line go, as when the other context ends."""
        if self.line is not None:
            self.line.close()
        self.caller.end()

    def _hear(self, text: str) -> None:
        self.heard.append(text)
        self.caller.hear(text)


class Hidden:
    """A server for the clients of a page."""

    def __init__(self, page: "Page") -> None:
        """Answer for them, and tell what changes."""
        self.server = Server()
        self._session = SessionKinds(page.auth, page.billing)
        self.server.offer(self._session.kinds())
        self._session.follow(self.server)

    def connect(self) -> OtherContext:
        """Return a context that has been told how things are."""
        context = OtherContext()
        self._session.greet(self.server, context.connect(self.server))
        return context

    async def aclose(self) -> None:
        """Answer nobody any more."""
        self._session.close()
        await self.server.aclose()
