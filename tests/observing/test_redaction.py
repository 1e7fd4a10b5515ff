"""Secrets are masked by their shape, and where they are known."""

import pytest

from tollbridge.gateway.commerce.codes import new_code
from tollbridge.gateway.observing.redaction import (
    KNOWN_CHARS_MIN,
    LOOKED_AT_CHARS,
    MASK,
    redact,
)
from tollbridge.gateway.owner.keys import new_key

JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "secret",
    [
        "sk_live_0123456789",
        "rt_AbC-dEf_123456",
        "sk-ant-api03-abcdefgh",
        "sk-proj-abc_def-123",
        "gsk_abcdefgh1234",
        "whsec_abcdefgh",
        "AIzaSyA1234567890abcdefghijk",
        JWT,
        "01ARZ-3NDEK-TSV4R-RFFQ6",
        "7gqk-0m3x-9tza-pw4d-e8rc",
        "7GQK0M3X9TZAPW4DE8RC",
        "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1u",
    ],
)
@pytest.mark.parametrize("around", ["{}", "key '{}' is wrong", '{{"a":"{}"}}', "x={}&y=1", "[{}]"])
def test_what_looks_like_a_secret_is_masked(secret, around):
    """Wherever in a text it stands; what is around it stays."""
    shown = redact(around.format(secret))
    assert secret not in shown
    assert shown == around.format(MASK)


@pytest.mark.parametrize("make", [new_key, new_code])
def test_what_we_make_is_masked(make):
    """Keys and codes, as they are really made."""
    for _ in range(50):
        secret = make().reveal()
        assert redact(f"got {secret}!") == f"got {MASK}!"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("authorization=Basic dXNlcjpwYXNz", "authorization=***"),
        ("(b'authorization', b'Bearer short')", "(b'authorization', b'***')"),
        ("{'x-api-key': 'plain words'}", "{'x-api-key': '***'}"),
        ('{"refresh_token":"short","a":1}', '{"refresh_token":"***","a":1}'),
        ("cookie: a=b", "cookie: ***"),
        ("?api_key=short&x=1", "?api_key=***&x=1"),
        ("it sent Bearer x", "it sent Bearer ***"),
    ],
)
def test_what_a_secrets_header_or_field_holds_is_masked(text, shown):
    """Whatever it looks like."""
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "req_01m854prhrdz2y9g2dz8xeb3nn",
        "call call_01k3vb2c9sjd4j6sfp8n2qqqqq: the store is unavailable",
        "/api/v1/paywall/{paywall_id}/auth/anonymous/signin",
        "src/tollbridge/gateway/calls/receipt_endpoint.py:42 in show_the_receipt_of_a_call",
        "123e4567-e89b-12d3-a456-426614174000",
        "2026-11-23T21:24:02.099Z",
        "UNIQUE constraint failed: calls.call_id, calls.attempt",
    ],
)
def test_what_a_log_is_read_for_stays(text):
    """Ids, paths, times and the store's words are no secrets."""
    assert redact(text) == text


def test_known_secrets_are_masked_whatever_they_look_like():
    """The keys that this process holds."""
    assert redact("it said: plain old words!", ["plain old words"]) == f"it said: {MASK}!"


def test_a_known_secret_may_not_be_too_short():
    """Or it would mask what everybody says."""
    longest = "a" * KNOWN_CHARS_MIN
    assert redact(f"<{longest}>", [longest]) == f"<{MASK}>"
    assert redact(f"<{longest[1:]}>", [longest[1:]]) == f"<{longest[1:]}>"
    assert redact("words", [""]) == "words"


def test_only_the_beginning_of_a_long_text_is_looked_at():
    """And nothing else is shown of it."""
    assert redact("ab " * LOOKED_AT_CHARS) == ("ab " * LOOKED_AT_CHARS)[:LOOKED_AT_CHARS]
    assert len(redact("é" * (LOOKED_AT_CHARS + 1))) == LOOKED_AT_CHARS
