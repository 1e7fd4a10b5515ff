"""Which addresses a link may have, and which host it shows. Pure.

A model can be talked into writing a link that leaks or misleads, so what is not plainly `https:` or
`mailto:` is refused, and a refused link stays the text that it was.
"""

ADDRESS_MAX = 1500  # characters; browsers and mail programs cut far longer ones anyway

HTTPS = "https://"
_MAIL = "mailto:"
_HOST = "abcdefghijklmnopqrstuvwxyz0123456789-."
_MAILBOX = _HOST + "ABCDEFGHIJKLMNOPQRSTUVWXYZ_+%"
# What a browser reads as something else inside an address, or what ends one in HTML.
_FORBIDDEN = '\\"<>`{}|^'


def safe_address(address: str) -> str:
    """Return `address` if a link may have it, else "".

    Only whole `https:` addresses with a plain host in ASCII, without a user or password in front of
    it, and `mailto:` with a mailbox and nothing else. Control characters, blanks, backslashes and
    characters that are not seen are refused wherever they stand.
    """
    if not 0 < len(address) <= ADDRESS_MAX:
        return ""
    for letter in address:
        if letter in _FORBIDDEN or not _is_seen(letter):
            return ""
    start = address[:8].lower()
    if start == HTTPS:
        return HTTPS + address[8:] if _is_host(_authority(address)) else ""
    if start[:7] == _MAIL:
        return _MAIL + address[7:] if _is_mailbox(address[7:]) else ""
    return ""


def host_of(address: str) -> str:
    """Return what a person should know of a safe address: its host, or the mailbox."""
    if address[:7] == _MAIL:
        return address[7:]
    return _authority(address).lower()


def shows_host(text: str, address: str) -> bool:
    """Return whether `text` begins with the host of a safe `address`, so that it need not be told.

    A text that looks like another address does not: neither `good.example.evil.example` nor letters
    of another alphabet pass for `good.example`.
    """
    text = text.strip().lower()
    for letter in text:
        if not "!" <= letter <= "~":
            return False
    for scheme in (HTTPS, _MAIL):
        if text[: len(scheme)] == scheme:
            text = text[len(scheme) :]
    host = host_of(address).lower()
    return text[: len(host)] == host and text[len(host) : len(host) + 1] in ("", "/", "?", "#")


def _authority(address: str) -> str:
    authority = address[len(HTTPS) :]
    for end in "/?#":
        authority = authority.split(end, 1)[0]
    return authority


def _is_host(authority: str) -> bool:
    host, _, port = authority.lower().partition(":")
    if len(port) > 5 or [digit for digit in port if not "0" <= digit <= "9"]:
        return False
    for label in host.split("."):
        if not label or label[0] == "-" or label[-1] == "-":
            return False
    for letter in host:
        if letter not in _HOST:
            return False
    return bool(host) and (port != "" or ":" not in authority)


def _is_mailbox(mailbox: str) -> bool:
    name, _, host = mailbox.partition("@")
    for letter in name:
        if letter not in _MAILBOX:
            return False
    return bool(name) and "." in host and _is_host(host) and ":" not in host


def _is_seen(letter: str) -> bool:
    """Whether it is neither blank nor control, and does not change how its neighbours look."""
    code = ord(letter)
    if code <= 0x20 or 0x7F <= code <= 0xA0 or code == 0xAD or code == 0x61C:
        return False
    if 0x2000 <= code <= 0x200F or 0x2028 <= code <= 0x202F or 0x205F <= code <= 0x206F:
        return False
    return not (0xD800 <= code <= 0xDFFF or code in (0x180E, 0x3000, 0xFEFF) or code >= 0xE0000)
