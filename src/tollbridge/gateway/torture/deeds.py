"""What the provider does with a request: named, so that the request itself can ask for it. No I/O.

The bytes of an answer follow from the call's nonce, the request's number and the deed, so that
whoever holds some can tell which answer they are from, and whether they are its beginning.
"""

import re
from typing import NamedTuple

PART_BYTES = 200
LARGE_PART_BYTES = 128 * 1024


class Deed(NamedTuple):
    """One way to answer.

    Attributes:
        status: Of the head.
        framing: `length`, `chunked`, `close` (the body ends with the connection), `events`
            (chunked, a stream of events), or `none`: no body.
        parts: Pieces of the body.
        stop_after: Pieces after which the provider stops, or None; -1 is before the head.
        stop: `cut` closes the connection, `reset` does so rudely, `stall` sends nothing more.
        head_pause_s: How long the head takes.
        pause_s: How long each further piece takes.
        part_bytes: The size of a piece.
    """

    status: int = 200
    framing: str = "length"
    parts: int = 3
    stop_after: int | None = None
    stop: str = "cut"
    head_pause_s: float = 0.0
    pause_s: float = 0.0
    part_bytes: int = PART_BYTES

    @property
    def is_stream(self) -> bool:
        """It is a stream of events."""
        return self.framing == "events"


DEEDS = {
    "fine": Deed(),
    "fine-chunked": Deed(framing="chunked"),
    "fine-until-close": Deed(framing="close"),
    "events": Deed(framing="events", parts=6, pause_s=0.01),
    "slow-events": Deed(framing="events", parts=8, pause_s=0.08),
    "slow-head": Deed(head_pause_s=0.4),
    "slow-body": Deed(framing="chunked", parts=5, pause_s=0.1),
    "large": Deed(parts=10, part_bytes=LARGE_PART_BYTES),
    "large-events": Deed(framing="events", parts=10, part_bytes=LARGE_PART_BYTES),
    "empty": Deed(framing="none"),
    "no-content": Deed(204, framing="none"),
    "bad-request": Deed(400),
    "too-many": Deed(429),
    "fault": Deed(500),
    "unavailable": Deed(503),
    "rejected": Deed(401),
    "redirect": Deed(302),
    "reset": Deed(stop_after=-1, stop="reset"),
    "silent": Deed(stop_after=-1, stop="stall"),
    "cut-first": Deed(stop_after=0),
    "cut-first-chunked": Deed(framing="chunked", stop_after=0),
    "cut-first-events": Deed(framing="events", stop_after=0),
    "cut-later": Deed(stop_after=1, pause_s=0.01),
    "cut-later-chunked": Deed(framing="chunked", stop_after=2, pause_s=0.01),
    "cut-later-events": Deed(framing="events", parts=6, stop_after=3, pause_s=0.01),
    "stall-first": Deed(stop_after=0, stop="stall"),
    "stall-later": Deed(framing="events", parts=6, stop_after=2, stop="stall"),
}

_ORIGIN = re.compile(rb"([a-z0-9]+)/(\d+)/")


def part(nonce: str, visit: int, deed: Deed, index: int) -> bytes:
    """Return one piece of an answer's body; never empty."""
    origin = f"{nonce}/{visit}/{index}"
    if deed.is_stream:
        head = f"data: {origin} "
        return head.encode() + b"." * (deed.part_bytes - len(head) - 2) + b"\n\n"
    head = ('{"say": "' if index == 0 else "") + origin + " "
    tail = '"}' if index == deed.parts - 1 else ""
    return head.encode() + b"." * (deed.part_bytes - len(head) - len(tail)) + tail.encode()


def body(nonce: str, visit: int, deed: Deed) -> bytes:
    """Return the whole body of an answer."""
    if deed.framing == "none":
        return b""
    return b"".join(part(nonce, visit, deed, index) for index in range(deed.parts))


def origin_of(held: bytes | bytearray) -> tuple[str, int] | None:
    """Return nonce and request number of the answer that these first bytes are from."""
    found = _ORIGIN.search(held[:80])
    return (found[1].decode(), int(found[2])) if found else None
