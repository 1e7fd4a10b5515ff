"""Reads a chat completion's event stream while it arrives. Pure: bytes in, text out, no I/O.

The gateway passes the provider's bytes on as they came, so a chunk may end anywhere: in the middle
of an event, of a line, of one UTF-8 character.
"""

import json

# One line of an event stream; a provider that never ends its line must not fill the page's memory.
LINE_BYTES_MAX = 8 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_END_MARK = "[DONE]"


class StreamFault(Exception):
    """The stream is not what a chat completion sends.

    Attributes:
        code: `line_too_long`, `not_json` or `provider_error`.
        message: A sentence for a person; for `provider_error` it is the provider's own.
    """

    def __init__(self, code: str, message: str) -> None:
        """Make a fault; see the class for the fields."""
        super().__init__(message)
        self.code = code
        self.message = message


class EventReader:
    """Cuts an event stream into the data of its events, as the HTML standard describes.

    Bytes are cut at line ends first and decoded line by line. No byte of a UTF-8 character can look
    like a line end, so a character that arrives in two chunks is never torn.
    """

    def __init__(self) -> None:
        """Start at the beginning of a stream."""
        self._rest: list[bytes] = []
        self._rest_bytes = 0
        self._data: list[str] = []
        self._after_cr = False
        self._first = True

    def feed(self, chunk: bytes) -> list[str]:
        """Take the next bytes and return the data of the events that they complete.

        Raises:
            StreamFault: A line is longer than `LINE_BYTES_MAX`; the reader is not usable any more.
        """
        events: list[str] = []
        if self._after_cr and chunk:
            self._after_cr = False
            if chunk[:1] == b"\n":
                chunk = chunk[1:]
        self._after_cr = chunk[-1:] == b"\r" or (self._after_cr and not chunk)
        lines = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines[:-1]:
            self._line(b"".join(self._rest) + line, events)
            self._rest = []
            self._rest_bytes = 0
        self._rest.append(lines[-1])
        self._rest_bytes += len(lines[-1])
        if self._rest_bytes > LINE_BYTES_MAX:
            raise StreamFault("line_too_long", "The answer has a line longer than 8 MiB.")
        return events

    def _line(self, line: bytes, events: list[str]) -> None:
        if self._first:
            self._first = False
            if line[:3] == _BOM:
                line = line[3:]
        if not line:
            if self._data:
                events.append("\n".join(self._data))
            self._data = []
        elif line[:5] == b"data:":
            data = line[6:] if line[5:6] == b" " else line[5:]
            self._data.append(data.decode("utf-8", "replace"))
        elif line == b"data":
            self._data.append("")


class ChatReader:
    """Reads the words out of an OpenAI-compatible chat completion stream.

    Attributes:
        ended: True once the provider said that the answer is whole; a stream that stops before
            that is an answer cut short, however politely the connection was closed.
    """

    def __init__(self) -> None:
        """Start at the beginning of an answer."""
        self._events = EventReader()
        self.ended = False

    def feed(self, chunk: bytes) -> str:
        """Take the next bytes and return the words that they complete, often none.

        Raises:
            StreamFault: The stream is no chat completion, or carries the provider's own error.
        """
        words = []
        for data in self._events.feed(chunk):
            if data == _END_MARK:
                self.ended = True
            else:
                words.append(self._words(data))
        return "".join(words)

    def _words(self, data: str) -> str:
        try:
            event = json.loads(data)
        except (ValueError, RuntimeError):  # RuntimeError: nested deeper than can be followed
            raise StreamFault("not_json", "The answer is not a chat completion stream.")
        if not isinstance(event, dict):
            return ""
        error = event.get("error")
        if error:
            message = error.get("message") if isinstance(error, dict) else error
            raise StreamFault("provider_error", str(message or "The provider gave no reason."))
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return ""
        if choice.get("finish_reason"):
            self.ended = True
        delta = choice.get("delta")
        words = delta.get("content") if isinstance(delta, dict) else None
        return words if isinstance(words, str) else ""
