"""The few HTML entities that models write, as the characters that they stand for. Pure."""

ENTITY_MAX = 10  # characters, from `&` to `;`

_NAMED = {
    "amp": "&",
    "lt": "<",
    "gt": ">",
    "quot": '"',
    "apos": "'",
    "nbsp": "\u00a0",
    "copy": "©",
    "reg": "®",
    "trade": "™",
    "deg": "°",
    "plusmn": "±",
    "times": "\u00d7",
    "divide": "÷",
    "middot": "·",
    "bull": "•",
    "hellip": "…",
    "ndash": "\u2013",
    "mdash": "—",
    "lsquo": "\u2018",
    "rsquo": "\u2019",
    "ldquo": "“",
    "rdquo": "”",
    "larr": "←",
    "rarr": "→",
    "le": "≤",
    "ge": "≥",
    "ne": "≠",
    "euro": "€",
    "pound": "£",
}
_HEX = "0123456789abcdef"


def character(name: str) -> str:
    """Return what `&name;` stands for; "" where it is none of ours, so that it stays as written.

    A number of a control character, or of one that changes how others look, is not answered.
    """
    if name[:1] != "#":
        return _NAMED.get(name, "")
    digits, base = (name[2:].lower(), 16) if name[1:2] in ("x", "X") else (name[1:], 10)
    for digit in digits:
        if digit not in _HEX[:base]:
            return ""
    code = int(digits, base) if 0 < len(digits) <= 7 else 0
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return ""
    if 0x200B <= code <= 0x200F or 0x2028 <= code <= 0x202E or 0x2060 <= code <= 0x206F:
        return ""
    return chr(code)


def decoded(text: str) -> str:
    """Return `text` with its entities as characters and without backslashes before punctuation.

    That is how an address is written between the parentheses of a link.
    """
    if "\\" not in text and "&" not in text:
        return text
    parts: list[str] = []
    at = 0
    while at < len(text):
        letter = text[at]
        following = text[at + 1 : at + 2]
        if letter == "\\" and is_punctuation(following):
            letter, at = following, at + 1
        elif letter == "&":
            end = text.find(";", at)
            known = character(text[at + 1 : end]) if at < end < at + ENTITY_MAX else ""
            letter, at = (known, end) if known else (letter, at)
        parts.append(letter)
        at += 1
    return "".join(parts)


def is_punctuation(letter: str) -> bool:
    """Return whether a backslash makes `letter` plain: ASCII punctuation, one character."""
    return len(letter) == 1 and (
        "!" <= letter <= "/" or ":" <= letter <= "@" or "[" <= letter <= "`" or "{" <= letter <= "~"
    )
