"""The page's side of a call, going out: the answer as it is passed on, and how far it has come."""

from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from tollbridge.gateway.calls.replays import Recorder
from tollbridge.gateway.providers.headers import to_page
from tollbridge.gateway.providers.http import UpstreamAnswer

RawHeaders = list[tuple[bytes, bytes]]


class Answer(Protocol):
    """What carries an answer. One that was started and is not finished is broken off."""

    async def start(self, status: int, headers: RawHeaders) -> None:
        """Send the status and the headers."""
        ...

    async def send(self, chunk: bytes) -> None:
        """Send a part of the body; returns when the page keeps up."""
        ...

    async def finish(self) -> None:
        """End the body properly."""
        ...


@dataclass(slots=True)
class Progress:
    """How far an answer has come; what a stop costs depends on it.

    Attributes:
        status: The provider's, once its headers are here.
        bytes_due: The provider's headers did not announce an empty body.
        bytes_sent: At least one byte of the body went to the page.
        begun: Our own headers went out.
        recorder: Takes the answer down, where the page may ask for it again.
    """

    status: int | None = None
    bytes_due: bool = True
    bytes_sent: bool = False
    begun: bool = False
    recorder: Recorder | None = field(default=None, repr=False)


class Passing:
    """Passes an answer on, and notes how far it has come.

    Attributes:
        waits: A part of the body is under way, and the page does not take it yet.
        longest_wait_s: How long the page took for a part, at most.
    """

    def __init__(self, answer: Answer, progress: Progress) -> None:
        """Pass on to `answer`."""
        self._answer = answer
        self._progress = progress
        self.waits = False
        self.longest_wait_s = 0.0

    async def start(self, status: int, headers: RawHeaders) -> None:
        """Send the head."""
        self._progress.begun = True
        if self._progress.recorder is not None:
            self._progress.recorder.start(status, headers)
        await self._answer.start(status, headers)

    async def send(self, chunk: bytes, *, to_nobody: bool) -> None:
        """Send a part of the body; where the page has left, it is only taken down."""
        if not to_nobody:
            self._progress.bytes_sent = True
        if self._progress.recorder is not None:
            self._progress.recorder.add(chunk)
        self.waits, began = True, monotonic()
        await self._answer.send(chunk)
        self.waits, wait_s = False, monotonic() - began
        self.longest_wait_s = max(self.longest_wait_s, wait_s)

    async def finish(self, last: bytes) -> None:
        """Send what was held back, if anything, and end the body."""
        if last:
            await self._answer.send(last)
        await self._answer.finish()


def headers_for_page(answer: UpstreamAnswer) -> RawHeaders:
    """Return the page's headers, without a length that belongs to no body: a 204 may say one."""
    return [
        (name, value)
        for name, value in to_page(answer.headers)
        if not (answer.bodiless and name == b"content-length" and value != b"0")
    ]


def value_of(answer: UpstreamAnswer, name: str) -> str | None:
    """Return the first value of a header that may go to the page, or None; `name` in lower case."""
    for found, value in to_page(answer.headers):
        if found == name.encode():
            return value.decode("latin-1")
    return None


def length_of(answer: UpstreamAnswer) -> int | None:
    """Return how many bytes a body was announced with, or None."""
    for name, value in answer.headers:
        if name.lower() == b"content-length":
            return int(value)
    return None


def is_event_stream(answer: UpstreamAnswer) -> bool:
    """Tell whether an answer is a stream of events: nobody waits for its end."""
    return any(
        name.lower() == b"content-type" and value.lower().lstrip().startswith(b"text/event-stream")
        for name, value in answer.headers
    )
