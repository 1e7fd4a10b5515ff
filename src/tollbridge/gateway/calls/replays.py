"""Answers that a repeat of their call gets again. In memory only: answers are never written.

One process serves one SQLite store; what is not here is told by its receipt.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

RawHeaders = list[tuple[bytes, bytes]]

# A page that lost an answer asks again within minutes.
LIFETIME_S = 600.0
# An answer of a model is some ten kilobytes; what is larger is better asked for in a stream.
ANSWER_BYTES_MAX = 256 * 1024
# All of them together; the oldest goes first.
BYTES_MAX = 64 * 1024 * 1024
# What an entry costs beside its body and its headers: the objects around them.
ENTRY_BYTES = 4 * 1024


class Answered(NamedTuple):
    """A complete answer as it went to the page."""

    status: int
    headers: RawHeaders
    body: bytes


class Recorder:
    """Takes one answer down as it passes, until it proves too large."""

    def __init__(self, *, bytes_max: int = ANSWER_BYTES_MAX) -> None:
        """Take down a body of up to `bytes_max`."""
        self._bytes_max = bytes_max
        self._size = 0
        self._parts: list[bytes] | None = []
        self._status = 0
        self._headers: RawHeaders = []

    def start(self, status: int, headers: RawHeaders) -> None:
        """Note the head."""
        self._status, self._headers = status, list(headers)

    def add(self, chunk: bytes) -> None:
        """Note a part of the body."""
        self._size += len(chunk)
        if self._size > self._bytes_max:
            self._parts = None
        if self._parts is not None:
            self._parts.append(chunk)

    def answer(self) -> Answered | None:
        """Return the whole, or None where it was too large."""
        if self._parts is None:
            return None
        return Answered(self._status, self._headers, b"".join(self._parts))


class Replays:
    """The answers of the last minutes, by the hash of the key they were asked for under."""

    def __init__(
        self, *, bytes_max: int = BYTES_MAX, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Keep up to `bytes_max`, each for ten minutes of `now_s`."""
        self._bytes_free = bytes_max
        self._now_s = now_s
        self._kept: OrderedDict[bytes, tuple[float, Answered]] = OrderedDict()

    def keep(self, key_hash: bytes, answered: Answered) -> None:
        """Remember an answer."""
        self._forget(key_hash)
        self._bytes_free -= _size(answered)
        self._kept[key_hash] = (self._now_s(), answered)
        while self._kept and (self._bytes_free < 0 or self._is_old(next(iter(self._kept)))):
            self._forget(next(iter(self._kept)))

    def find(self, key_hash: bytes) -> Answered | None:
        """Return the answer that was given, or None."""
        if key_hash not in self._kept or self._is_old(key_hash):
            return None
        return self._kept[key_hash][1]

    def _is_old(self, key_hash: bytes) -> bool:
        return self._now_s() - self._kept[key_hash][0] >= LIFETIME_S

    def _forget(self, key_hash: bytes) -> None:
        entry = self._kept.pop(key_hash, None)
        if entry is not None:
            self._bytes_free += _size(entry[1])


def _size(answered: Answered) -> int:
    headers_size = sum(len(name) + len(value) for name, value in answered.headers)
    return len(answered.body) + headers_size + ENTRY_BYTES
