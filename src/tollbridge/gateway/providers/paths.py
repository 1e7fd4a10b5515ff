"""The path behind a provider's base URL: what it may look like, and which pattern it matches.

No I/O. The path travels on exactly as it came, so it must mean the same to us, to every proxy in
between and to the provider: what could be read in two ways is refused.
"""

import re
from urllib.parse import unquote, unquote_to_bytes

from tollbridge.gateway.errors import Refusal

# Longer paths are no API's; the bound keeps matching cheap.
PATH_BYTES_MAX = 2048

# Visible ASCII, without what ends a path (`?`, `#`) and what some servers take for a slash.
_VISIBLE = re.compile(rb"[!-~]*")
_FORBIDDEN = re.compile(rb"[\\?#]")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
# How often a path is decoded to see what it hides; nobody encodes so often without hiding.
_DECODINGS_MAX = 8


def parse_path(raw_path: bytes) -> str:
    """Read the path that follows the provider's id and its slash; "" is the base URL itself.

    Nothing is decoded or normalised: what is returned is what was sent.

    Args:
        raw_path: Percent-encoded, without the query and without a leading slash.

    Raises:
        Refusal: `invalid_request` where it is no path at all (control bytes, other than ASCII,
            broken escapes, too long); `path_not_allowed` where it is one that could be read in
            two ways: dot segments, encoded slashes and backslashes, however often encoded, empty
            segments, an absolute URL.
    """
    if len(raw_path) > PATH_BYTES_MAX:
        raise Refusal("invalid_request", f"The path is longer than {PATH_BYTES_MAX} bytes.")
    if not _VISIBLE.fullmatch(raw_path) or _BROKEN_ESCAPE.search(raw_path):
        raise Refusal(
            "invalid_request", "The path holds bytes that must be percent-encoded in a URL."
        )
    if _FORBIDDEN.search(raw_path):
        raise Refusal("path_not_allowed", "The path holds a backslash, '?' or '#'.")
    segments = raw_path.split(b"/")
    if b"" in segments[:-1]:
        raise Refusal("path_not_allowed", "The path has an empty segment (//).")
    if _SCHEME.fullmatch(segments[0]):
        raise Refusal("path_not_allowed", "The path is an absolute URL.")
    for segment in segments:
        _refuse_hidden(segment)
    return raw_path.decode("ascii")


def _refuse_hidden(segment: bytes) -> None:
    """Refuse a segment that means something else once it is decoded, however often."""
    for _ in range(_DECODINGS_MAX):
        # Some servers cut a segment at its first semicolon, which makes `..;x` a dot segment.
        if segment.partition(b";")[0] in (b".", b".."):
            raise Refusal("path_not_allowed", "The path has a dot segment.")
        decoded = unquote_to_bytes(segment)
        if decoded == segment:
            return
        if b"/" in decoded or b"\\" in decoded:
            raise Refusal("path_not_allowed", "The path has an encoded slash or backslash.")
        if _CONTROL.search(decoded):
            raise Refusal("invalid_request", "The path has an encoded control character.")
        segment = decoded
    raise Refusal("path_not_allowed", "The path is percent-encoded over and over.")


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that no path could match, or that says something else than it seems to.

    Raises:
        ValueError: The message is a sentence that shows the pattern.
    """
    for segment in pattern.split("/"):
        if "*" in segment and segment != "*":
            raise ValueError(f"{pattern!r}: * stands for whole segments, as in v1/things/*")
    try:
        parse_path(pattern.encode())
    except Refusal as refusal:
        raise ValueError(f"{pattern!r} is no path pattern: {refusal.message}") from None


def matches(pattern: str, path: str) -> bool:
    """Tell whether a path matches a pattern, in which `*` stands for one or more whole segments.

    Spelling counts: a percent-encoded letter is not that letter. A slash at the end of the path
    counts too, except behind a `*` that ends the pattern.
    """
    if not pattern or not path:
        return pattern == path
    wanted, given = pattern.split("/"), path.split("/")
    if wanted[-1] == "*" and len(given) > 1 and given[-1] == "":
        given = given[:-1]
    # `reached` holds how many of the given segments the pattern's segments so far can stand for.
    reached = {0}
    for want in wanted:
        if want == "*":
            nearest = min(reached, default=len(given))
            reached = set(range(nearest + 1, len(given) + 1))
        else:
            reached = {n + 1 for n in reached if n < len(given) and given[n] == want}
    return len(given) in reached


def overlap(one: str, other: str) -> bool:
    """Tell whether there is a path that both patterns match."""
    if not one or not other:
        return one == other
    ones, others = one.split("/"), other.split("/")
    # Pairs of how many segments of each pattern are behind us; each step takes one path segment.
    reached, fresh = {(0, 0)}, {(0, 0)}
    while fresh:
        following = set()
        for n, m in fresh:
            if n == len(ones) or m == len(others):
                continue
            a, b = ones[n], others[m]
            if a == b or "*" in (a, b):
                following.add((n + 1, m + 1))
                if a == "*":
                    following.add((n, m + 1))
                if b == "*":
                    following.add((n + 1, m))
        fresh = following - reached
        reached |= fresh
    return (len(ones), len(others)) in reached


def plain(path: str) -> str:
    """Return a path or a pattern as the most lenient of servers read it.

    Those decode it, perhaps one proxy after the other, take capitals for small letters, cut `;x`
    off a segment and a slash off the end. What is one here may be two things for a strict server.
    """
    while (decoded := unquote(path)) != path:  # each round is shorter
        path = decoded
    segments = path.casefold().split("/")
    return "/".join(segment.partition(";")[0] for segment in segments).rstrip("/")
