"""Steps of a scripted provider that takes its time."""

import asyncio
from collections.abc import Iterator

from tests.support.provider_script import Raw, Step, Wait


def drip(drop: bytes, pause_s: float, *, first: bytes = b"", raw: bool = False) -> Iterator[Step]:
    """Send a piece now and then, for ever.

    Args:
        drop: What comes each time.
        pause_s: Seconds between two of them.
        first: What comes at once.
        raw: Outside of the framing, as before the end of a head.
    """
    loop = asyncio.get_running_loop()
    for piece in _first_and_drops(first, drop):
        yield Raw(piece) if raw else piece
        time_is_up = asyncio.Event()
        loop.call_later(pause_s, time_is_up.set)
        yield Wait(time_is_up)


def _first_and_drops(first: bytes, drop: bytes) -> Iterator[bytes]:
    yield first or drop
    while True:
        yield drop
