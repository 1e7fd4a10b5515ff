"""Times on the wire are RFC 3339 in UTC, to the millisecond, there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.gateway.clock import parse_rfc3339, rfc3339


@given(st.integers(min_value=0, max_value=4_102_444_800_000))
def test_a_moment_survives_the_way_there_and_back(at_ms: int) -> None:
    """No millisecond is lost to a float."""
    text = rfc3339(at_ms)
    assert text is not None
    assert parse_rfc3339(text) == at_ms


def test_another_zone_is_the_same_moment() -> None:
    """An offset counts."""
    assert parse_rfc3339("2027-01-31T01:00:00+01:00") == parse_rfc3339("2027-01-31T00:00:00Z")


@pytest.mark.parametrize("text", ["2027-01-31T00:00:00", "tomorrow", ""])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """A time without a zone means another moment on every machine."""
    with pytest.raises(ValueError, match=r"zone|isoformat"):
        parse_rfc3339(text)
