"""Ids: a word that says what it is, then 26 characters that sort by time (as in ULID)."""

import os
import threading
import time
from functools import lru_cache

_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"
# 256 is a multiple of 32, so every letter is as likely as the others.
_LETTER_OF_BYTE = bytes(_ALPHABET[value % 32] for value in range(256))
_RANDOM_LETTERS = 13
# 15 bits count within a millisecond: three of the letters. Whoever makes more than 32,768 in one
# borrows from the next.
_COUNTING_BITS = 15
# Ids whose random letters are made at once: asking the system costs more than the rest of an id.
_MADE_AT_ONCE = 64

_lock = threading.Lock()
_newest = 0
_random: list[str] = []


def new_id(prefix: str) -> str:
    """Return a new id such as `call_01k…`; for any thread.

    48 bits of time keep neighbours together in an index, and what one process makes sorts in the
    order in which it was made, within a millisecond and while the clock goes back. 65 random bits
    make an id unguessable enough that it is no oracle; nothing is ever authorised by an id alone.
    """
    millisecond, count = divmod(_next_moment(), 1 << _COUNTING_BITS)
    return f"{prefix}_{_letters(millisecond, 10)}{_letters(count, 3)}{_random_letters()}"


def may_be_id(text: str) -> bool:
    """Return whether something can have this id: ids are visible ASCII.

    Paths and headers name whatever they like, and not every store takes every character.
    """
    return text.isascii() and text.isprintable()


def _next_moment() -> int:
    """Return milliseconds and a count within them, more than ever before in this process."""
    global _newest
    now = time.time_ns() // 1_000_000 << _COUNTING_BITS
    with _lock:
        _newest = max(now, _newest + 1)
        return _newest


@lru_cache(maxsize=64)  # many ids are made within a millisecond, and it seldom counts far
def _letters(number: int, letters: int) -> str:
    shifts = range(5 * (letters - 1), -1, -5)
    return bytes([_ALPHABET[(number >> shift) & 31] for shift in shifts]).decode()


def _random_letters() -> str:
    while True:
        try:
            return _random.pop()  # one step for the interpreter: no two threads get the same
        except IndexError:
            letters = os.urandom(_RANDOM_LETTERS * _MADE_AT_ONCE).translate(_LETTER_OF_BYTE)
            text = letters.decode()
            _random.extend(
                [
                    text[start : start + _RANDOM_LETTERS]
                    for start in range(0, len(text), _RANDOM_LETTERS)
                ]
            )


def _begin_anew() -> None:
    """Have a copy of this process give out other letters, whatever its threads were doing."""
    global _lock
    _lock = threading.Lock()
    _random.clear()


os.register_at_fork(after_in_child=_begin_anew)
