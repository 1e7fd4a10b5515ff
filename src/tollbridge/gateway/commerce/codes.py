"""The codes of vouchers: made, read back from what a person typed, and hashed. No I/O here.

Douglas Crockford's base 32: no letter that looks like a digit, and no U.
"""

import hashlib
import secrets

from tollbridge.gateway.secret import Secret

# 100 bits: nobody guesses one, however long and with however many accounts they try.
CODE_CHARS = 20
GROUP_CHARS = 4

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKS_LIKE = str.maketrans("OIL", "011")


def new_code() -> Secret:
    """Return a new code: 100 random bits such as `7GQK-0M3X-9TZA-PW4D-E8RC`."""
    chars = "".join(secrets.choice(_ALPHABET) for _ in range(CODE_CHARS))
    groups = (chars[at : at + GROUP_CHARS] for at in range(0, CODE_CHARS, GROUP_CHARS))
    return Secret("-".join(groups))


def hash_code(text: str) -> bytes | None:
    """Return what the store keeps of a code as a person typed it; None where it cannot be one.

    Case, hyphens and spaces do not matter; O is 0, I and L are 1. 100 random bits need no slow
    hash.
    """
    if not text.isascii():
        return None
    chars = "".join(text.upper().replace("-", " ").split()).translate(_LOOKS_LIKE)
    if len(chars) != CODE_CHARS or any(char not in _ALPHABET for char in chars):
        return None
    return hashlib.sha256(chars.encode()).digest()
