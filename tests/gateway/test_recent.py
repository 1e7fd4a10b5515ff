"""What was read a moment ago is remembered, shortly and boundedly."""

import pytest

from tollbridge.gateway.recent import LIFETIME_MS, Recent


@pytest.mark.parametrize(
    ("later_ms", "known"), [(0, "x"), (LIFETIME_MS - 1, "x"), (LIFETIME_MS, None), (-1, None)]
)
def test_it_lasts_two_seconds(later_ms: int, known: str | None) -> None:
    """Not longer, and not when the clock was set back."""
    recent: Recent[str, str] = Recent()
    recent.put("key", "x", read_at_ms=5_000)
    assert recent.get("key", now_ms=5_000 + later_ms) == known


def test_the_oldest_goes_first() -> None:
    """At the limit, the entry that was read longest ago makes room."""
    recent: Recent[int, str] = Recent(entries_max=2)
    for key in (1, 2, 1, 3):
        recent.put(key, "x", read_at_ms=0)
    assert [recent.get(key, now_ms=0) for key in (1, 2, 3)] == ["x", None, "x"]


def test_it_forgets_when_told() -> None:
    """Also what it never knew."""
    recent: Recent[str, str] = Recent()
    recent.put("key", "x", read_at_ms=0)
    recent.forget("key")
    recent.forget("other")
    assert recent.get("key", now_ms=0) is None
