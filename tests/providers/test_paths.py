"""What a path may look like, and which pattern it matches."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.paths import (
    PATH_BYTES_MAX,
    check_pattern,
    matches,
    parse_path,
)


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"v1/chat/completions",
        b"v1/things/",
        b"v1/models/gemini-2:generateContent",
        b"models:list",
        b"v1/files/a%20b%C3%A9",
        b"v1/100%25",
        b"v1/...",
        b"v1/.hidden/x..y",
        b"v1/a;version=2",
        b"v1/[x]|y!$&'()*+,;=@~",
    ],
)
def test_plain_paths_pass_as_they_came(path: bytes) -> None:
    """A path that means one thing is returned byte for byte."""
    assert parse_path(path) == path.decode()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (b"v1/../admin", "path_not_allowed"),
        (b"..", "path_not_allowed"),
        (b"v1/.", "path_not_allowed"),
        (b"v1/./x", "path_not_allowed"),
        (b"v1/%2e%2e/admin", "path_not_allowed"),
        (b"v1/%2E./admin", "path_not_allowed"),
        (b"v1/.%2e", "path_not_allowed"),
        (b"v1/%252e%252e/admin", "path_not_allowed"),
        (b"v1/..;x/admin", "path_not_allowed"),
        (b"v1/%2e%2e%3bx/admin", "path_not_allowed"),
        (b"v1%2fchat", "path_not_allowed"),
        (b"v1%2Fchat", "path_not_allowed"),
        (b"v1%252fchat", "path_not_allowed"),
        (b"v1%25252fchat", "path_not_allowed"),
        (b"v1%5cchat", "path_not_allowed"),
        (b"v1\\chat", "path_not_allowed"),
        (b"/v1/chat", "path_not_allowed"),
        (b"v1//chat", "path_not_allowed"),
        (b"//evil.example/x", "path_not_allowed"),
        (b"http://evil.example/x", "path_not_allowed"),
        (b"https:/evil.example", "path_not_allowed"),
        (b"file:/etc/passwd", "path_not_allowed"),
        (b"v1/x?y", "path_not_allowed"),
        (b"v1/x#y", "path_not_allowed"),
        (b"v1/%" + b"25" * 20 + b"2e", "path_not_allowed"),
        (b"v1/\x00", "invalid_request"),
        (b"v1/\r\nHost: evil", "invalid_request"),
        (b"v1/a b", "invalid_request"),
        (b"v1/%00", "invalid_request"),
        (b"v1/%0d%0aHost:x", "invalid_request"),
        (b"v1/%7f", "invalid_request"),
        (b"v1/%250a", "invalid_request"),
        (b"v1/caf\xc3\xa9", "invalid_request"),
        (b"v1/%", "invalid_request"),
        (b"v1/%2", "invalid_request"),
        (b"v1/%zz", "invalid_request"),
        (b"v1/%u002e", "invalid_request"),
    ],
)
def test_paths_of_two_meanings_are_refused(path: bytes, code: str) -> None:
    """What a server in between could read as another path is refused by its meaning."""
    with pytest.raises(Refusal) as refused:
        parse_path(path)
    assert refused.value.code == code


def test_the_longest_path_passes_and_a_longer_one_does_not() -> None:
    """The bound on a path's length holds on both sides."""
    longest = b"v1/" + b"x" * (PATH_BYTES_MAX - 3)
    assert parse_path(longest) == longest.decode()
    with pytest.raises(Refusal, match="longer"):
        parse_path(longest + b"x")


@given(st.binary(max_size=60))
def test_any_bytes_pass_unchanged_or_are_refused(raw_path: bytes) -> None:
    """Whatever comes, the answer is the same text or a refusal, and nothing hides in the text."""
    try:
        path = parse_path(raw_path)
    except Refusal:
        return
    assert path.encode() == raw_path
    assert path.isascii()
    assert path.isprintable()
    for segment in path.split("/"):
        assert segment not in (".", "..")
    assert "//" not in path
    assert "%2f" not in path.lower()


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4))
def test_encoding_hides_nothing(names: list[str]) -> None:
    """A path of encoded names passes exactly if no name has in it what is refused in the clear."""
    path = "/".join(quote(name, safe="") for name in names).encode()
    clear = [name for name in names if name.partition(";")[0] not in (".", "..")]
    harmless = len(clear) == len(names) and not any(
        char in "/\\%" or ord(char) < 32 or ord(char) == 127 for name in names for char in name
    )
    if harmless:
        assert parse_path(path) == path.decode()


@pytest.mark.parametrize(
    ("pattern", "path", "matched"),
    [
        ("v1/chat", "v1/chat", True),
        ("v1/chat", "v1/chat/", False),
        ("v1/chat", "v1/Chat", False),
        ("v1/chat", "v1/ch%61t", False),
        ("v1/chat", "v1/chat/x", False),
        ("v1/chat", "xv1/chat", False),
        ("v1/chat/", "v1/chat/", True),
        ("v1/chat/", "v1/chat", False),
        ("v1/things/*", "v1/things/a", True),
        ("v1/things/*", "v1/things/a/b/c", True),
        ("v1/things/*", "v1/things/a/", True),
        ("v1/things/*", "v1/things", False),
        ("v1/things/*", "v1/things/", False),
        ("v1/*/runs", "v1/a/runs", True),
        ("v1/*/runs", "v1/a/b/runs", True),
        ("v1/*/runs", "v1/runs/runs", True),
        ("v1/*/runs", "v1/runs", False),
        ("v1/*/runs", "v1/a/runs/b", False),
        ("*", "anything/at/all", True),
        ("*", "", False),
        ("", "", True),
        ("", "v1", False),
        ("*/*", "a", False),
        ("*/*", "a/b", True),
        ("a/*/b/*/c", "a/1/b/2/b/3/c", True),
        ("a/*/b/*/c", "a/1/c/2/b/c", False),
    ],
)
def test_patterns(pattern: str, path: str, matched: bool) -> None:
    """`*` stands for one or more whole segments; everything else is letter by letter."""
    assert matches(pattern, path) is matched


@pytest.mark.parametrize("pattern", ["v1/ch*", "v1/**", "v1//x", "../x", "v1/ä", "http://x/y"])
def test_patterns_that_could_match_nothing_are_refused(pattern: str) -> None:
    """A pattern that looks as if it allowed something says so when it is written."""
    with pytest.raises(ValueError, match=r"v1|x"):
        check_pattern(pattern)
