"""Server-sent events: a stream's bytes in, events out, as the HTML standard describes.

The gateway passes the provider's bytes on as they came, so a chunk may end anywhere: in the middle
of an event, of a line, of one UTF-8 character. And a burst may come as one chunk of thousands of
events, so what most events are, one line `data: …`, takes a short way.
"""

from tollbridge.sdk.errors import PaywallError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tollbridge.sdk.response import Response

# One line, or the data of one event. A provider that never ends it must not fill the memory.
EVENT_BYTES_MAX = 8 * 1024 * 1024

_BOM = "\ufeff"
_MESSAGE = "message"


class Event:
    """One event of a stream.

    Attributes:
        data: Its data; several lines are joined by a line feed.
        event: What kind the provider calls it; `message` where it does not say.
        id: The last id that the stream has named, "" before the first one.
        retry: The last waiting time before a reconnection that the stream has named, in
            milliseconds; None before the first one. The SDK does not reconnect: a call is metered.
    """

    __slots__ = ("data", "event", "id", "retry")

    def __init__(self, data: str, event: str, id: str, retry: "int | None") -> None:
        """Make an event; see the class for the fields."""
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry

    def __repr__(self) -> str:
        """Show kind and size: what a model said is not for a log."""
        return f"<Event {self.event}: {len(self.data)} characters>"


class EventReader:
    """Cuts an event stream into its events. Pure.

    Bytes are cut at line ends first and decoded whole lines at a time. No byte of a UTF-8 character
    can look like a line end, so a character that arrives in two chunks is never torn.

    Attributes:
        fault: Why nothing more can be read, None while all is well.
    """

    def __init__(self) -> None:
        """Start at the beginning of a stream."""
        self.fault: PaywallError | None = None
        self._rest: list[bytes] = []  # of a line that has not ended yet
        self._rest_bytes = 0
        self._after_cr = False
        self._first = True
        # The event that is being read.
        self._data: list[str] = []
        self._data_chars = 0
        self._event = ""
        self._id = ""
        self._retry: int | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        """Take the next bytes and return the events that they complete.

        Raises:
            PaywallError: `line_too_long`: a line, or the data of an event, is longer than
                `EVENT_BYTES_MAX`. What came before it is returned first: the error then comes at
                the next feeding, and stands in `fault`.
        """
        if self.fault is not None:
            raise self.fault
        if self._after_cr or b"\r" in chunk:
            chunk = self._without_cr(chunk)
        events: list[Event] = []
        end = chunk.rfind(b"\n") + 1
        if end:
            self._rest.append(chunk[:end])
            text = b"".join(self._rest).decode("utf-8", "replace")
            self._rest = []
            self._rest_bytes = 0
            if self._first:
                self._first = False
                if text[:1] == _BOM:
                    text = text[1:]
            self._read_lines(text, events)
        if end < len(chunk):
            self._rest.append(chunk[end:])
            self._rest_bytes += len(chunk) - end
        if self._rest_bytes > EVENT_BYTES_MAX or self._data_chars > EVENT_BYTES_MAX:
            self.fault = PaywallError(
                "line_too_long",
                f"The answer has a line or an event longer than {EVENT_BYTES_MAX} bytes.",
            )
            if not events:
                raise self.fault
        return events

    def _without_cr(self, chunk: bytes) -> bytes:
        """Return a chunk with every line end as LF; a CR LF may fall into two chunks."""
        if not chunk:
            return chunk
        if self._after_cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_cr = False
            if not chunk:
                return chunk
        self._after_cr = chunk[-1:] == b"\r"
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _read_lines(self, text: str, events: list[Event]) -> None:
        """Read whole lines: blocks that end with a blank line, then what has none yet."""
        blocks = text.split("\n\n")
        unfinished = blocks.pop()
        for block in blocks:
            if block[:6] == "data: " and "\n" not in block and not self._data and not self._event:
                events.append(Event(block[6:], _MESSAGE, self._id, self._retry))
                continue
            for line in block.split("\n"):
                self._read_line(line, events)
            self._dispatch(events)
        if unfinished:
            for line in unfinished[:-1].split("\n"):
                self._read_line(line, events)

    def _read_line(self, line: str, events: list[Event]) -> None:
        if not line:
            self._dispatch(events)
            return
        colon = line.find(":")
        name, value = (line, "") if colon < 0 else (line[:colon], line[colon + 1 :])
        if value[:1] == " ":
            value = value[1:]
        if name == "data":
            self._data.append(value)
            self._data_chars += len(value) + 1
        elif name == "event":
            self._event = value
        elif name == "id":
            if "\0" not in value:
                self._id = value
        elif name == "retry" and _is_number(value):
            self._retry = int(value)

    def _dispatch(self, events: list[Event]) -> None:
        if self._data:
            data = "\n".join(self._data)
            events.append(Event(data, self._event or _MESSAGE, self._id, self._retry))
            self._data = []
            self._data_chars = 0
        self._event = ""


class Events:
    """The events of an answer, one after the other: `async for event in response.sse():`.

    It ends where the answer properly ends, without an event that was not finished there. Whoever
    leaves early closes: `async with response.sse() as events:`, or `aclose()`.
    """

    def __init__(self, response: "Response", read: "Callable[[], Awaitable[bytes | None]]") -> None:
        """Take the answer, and what reads its next bytes; `Response.sse` does."""
        self._response = response
        self._read = read
        self._reader = EventReader()
        self._ready: list[Event] = []  # the next one last

    def __aiter__(self) -> "Events":
        return self

    async def __anext__(self) -> Event:
        """Return the next event.

        Raises:
            NetworkError: The answer broke off.
            AbortedError: It was stopped.
            PaywallError: `line_too_long`; the answer is closed.
        """
        while not self._ready:
            if self._reader.fault is not None:
                await self.aclose()
                raise self._reader.fault
            chunk = await self._read()
            if chunk is None:
                raise StopAsyncIteration
            try:
                self._ready = self._reader.feed(chunk)
            except PaywallError:
                continue  # `fault` has it
            self._ready.reverse()
        return self._ready.pop()

    async def aclose(self) -> None:
        """Close the answer, as `Response.aclose` does; events that are here already are dropped."""
        self._ready = []
        await self._response.aclose()

    async def __aenter__(self) -> "Events":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()


def _is_number(text: str) -> bool:
    return 0 < len(text) <= 15 and all("0" <= char <= "9" for char in text)
