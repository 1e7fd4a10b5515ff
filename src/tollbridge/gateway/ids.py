"""Ids: a word that says what it is, then 26 characters that sort by time (as in ULID)."""

import os
import time
from functools import lru_cache

_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"
# 256 is a multiple of 32, so every letter is as likely as the others.
_LETTER_OF_BYTE = bytes(_ALPHABET[value % 32] for value in range(256))
_RANDOM_LETTERS = 16
# Ids whose random letters are made at once: asking the system costs more than the rest of an id.
_MADE_AT_ONCE = 64

_random: list[str] = []


def new_id(prefix: str) -> str:
    """Return a new id such as `call_01k…`; for any thread.

    48 bits of time keep neighbours together in an index, 80 random bits make it unguessable
    enough that an id is no oracle; nothing is ever authorised by an id alone.
    """
    return f"{prefix}_{_time_letters(time.time_ns() // 1_000_000)}{_random_letters()}"


def may_be_id(text: str) -> bool:
    """Return whether something can have this id: ids are visible ASCII.

    Paths and headers name whatever they like, and not every store takes every character.
    """
    return text.isascii() and text.isprintable()


@lru_cache(maxsize=1)  # many ids are made within a millisecond
def _time_letters(now_ms: int) -> str:
    return bytes([_ALPHABET[(now_ms >> shift) & 31] for shift in range(45, -1, -5)]).decode()


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


# A copy of this process must not give out the same letters.
os.register_at_fork(after_in_child=_random.clear)
