"""Reading a body so that no other parser can read it as something else."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.json_object import check_spelling, read_object, write_object

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # Halves of surrogate pairs too: JSON can escape them.
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"{}{}",
        b"{} x",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1e309}',
        b'{"a": 01}',
        b'{"a": "\xff"}',
        b'{"a": "\n"}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'{"a": ' + b"9" * 4301 + b"}",
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"a": [{"b": {"c": 1, "c": 2}}]}',
    ],
)
def test_what_two_parsers_could_read_differently_is_refused(body: bytes) -> None:
    """Malformed JSON, odd numbers and encodings, and a member named twice at any level."""
    with pytest.raises(Refusal) as refused:
        read_object(body)
    assert (refused.value.code, refused.value.status) == ("invalid_request", 400)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' {"a" : 1}\r\n', {"a": 1}),
        (b'{"a": 1e308}', {"a": 1e308}),
        (b'{"a": ' + b"9" * 4300 + b"}", {"a": int("9" * 4300)}),
        (b'{"a": {"b": 1}, "c": {"b": 2}}', {"a": {"b": 1}, "c": {"b": 2}}),
        (b'{"a": 1, "A": 2}', {"a": 1, "A": 2}),
    ],
)
def test_what_every_parser_reads_alike_is_read(body: bytes, value: dict[str, Any]) -> None:
    """Up to the largest number, and the same name at different levels."""
    assert read_object(body) == value


@pytest.mark.parametrize("depth", [100, 900, 960, 1000, 1020, 2000, 100_000])
def test_deep_nesting_is_read_and_written_or_refused(depth: int) -> None:
    """However deep a body is, no parser's own limit shows."""
    body = b'{"a": ' + b"[" * depth + b"]" * depth + b"}"
    if depth <= 100:
        assert write_object(read_object(body)) == body.replace(b" ", b"")
        return
    with contextlib.suppress(Refusal):
        assert write_object(read_object(body)) == body.replace(b" ", b"")


@given(st.dictionaries(st.text(st.characters(exclude_categories=())), JSON_VALUES, max_size=5))
def test_what_is_written_reads_as_it_was(value: dict[str, Any]) -> None:
    """Every value and the order of the members survive, be they written in ASCII or not."""
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        body = text.encode("utf-8", "surrogatepass")
        try:
            read = read_object(body)
        except Refusal:
            assert not ascii_only  # raw halves of surrogate pairs are no UTF-8
            continue
        again = json.loads(write_object(read))
        assert repr(again) == repr(value)


@pytest.mark.parametrize(
    "name",
    ["Max_Tokens", "MAX_TOKENS", "maxTokens", "maxtokens", "max-tokens", "max_to\u212aens"],
)
def test_another_spelling_of_a_ruled_name_is_refused(name: str) -> None:
    """Some parsers take these for `max_tokens`, the Kelvin sign for a k included."""
    with pytest.raises(Refusal, match="'max_tokens' in another way") as refused:
        check_spelling({name: 1}, ("model", "max_tokens"))
    assert refused.value.code == "invalid_request"


@pytest.mark.parametrize("name", ["max_tokens", "max_token", "max.tokens", "max tokens", "x", ""])
def test_the_right_spelling_and_other_names_pass(name: str) -> None:
    """Only what a parser could take for a ruled name is refused."""
    check_spelling({name: 1}, ("model", "max_tokens"))
