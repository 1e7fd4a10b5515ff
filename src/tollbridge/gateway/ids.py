"""Ids: a word that says what it is, then 26 characters that sort by time (as in ULID)."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Return a new id such as `call_01k…`.

    48 bits of time keep neighbours together in an index, 80 random bits make it unguessable
    enough that an id is no oracle; nothing is ever authorised by an id alone.
    """
    value = ((time.time_ns() // 1_000_000) << 80) | secrets.randbits(80)
    return prefix + "_" + "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
