"""The decision table of a refresh, row by row."""

import pytest

from tollbridge.gateway.identity.sessions import (
    IDLE_MS,
    LIFETIME_MS,
    REPEAT_MS,
    Decision,
    Presented,
    decide_refresh,
    derive_successor,
    hash_refresh_token,
    new_refresh_token,
)

NOW = 1_800_000_000_000


def presented(
    age: int, *, successor_used_ms_ago: int | None = None, newest: int = 5, **given: int | None
) -> Presented:
    """Return a token that is `age` generations old."""
    used_at = None if successor_used_ms_ago is None else NOW - successor_used_ms_ago
    fields: dict[str, int | None] = {
        "used_at": NOW - 1000,
        "expires_at": NOW + LIFETIME_MS,
        "revoked_at": None,
        **given,
    }
    return Presented(newest - age, newest, used_at, **fields)  # type: ignore[arg-type]


def test_the_newest_makes_a_successor() -> None:
    """An unused token is exchanged, also the session's first."""
    assert decide_refresh(presented(0), NOW) is Decision.ROTATE
    assert decide_refresh(presented(0, newest=0), NOW) is Decision.ROTATE


@pytest.mark.parametrize("idle_ms", [0, REPEAT_MS + 1, IDLE_MS])
def test_its_parent_gives_the_same_successor_while_that_is_unused(idle_ms: int) -> None:
    """However long ago: the answer may have been lost on the way."""
    assert decide_refresh(presented(1, used_at=NOW - idle_ms), NOW) is Decision.REPEAT


@pytest.mark.parametrize(
    ("used_ms_ago", "decision"),
    [
        (0, Decision.REPEAT),
        (REPEAT_MS, Decision.REPEAT),
        (REPEAT_MS + 1, Decision.REUSED),
        (IDLE_MS, Decision.REUSED),
    ],
)
def test_a_used_successor_comes_again_for_ten_seconds(used_ms_ago: int, decision: Decision) -> None:
    """A second tab may be that late; later it is somebody else."""
    assert decide_refresh(presented(2, successor_used_ms_ago=used_ms_ago), NOW) is decision


@pytest.mark.parametrize("age", [3, 4, 5])
def test_anything_older_is_a_reuse(age: int) -> None:
    """Even within ten seconds: the grace is for the immediate parent only."""
    assert decide_refresh(presented(age, successor_used_ms_ago=0), NOW) is Decision.REUSED


@pytest.mark.parametrize("age", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "over",
    [
        {"revoked_at": NOW - 1},
        {"expires_at": NOW},
        {"expires_at": NOW - 1},
        {"used_at": NOW - IDLE_MS - 1},
    ],
)
def test_a_session_that_is_over_stays_over(age: int, over: dict[str, int]) -> None:
    """Revoked, at its end, or idle for more than 30 days: whatever token is shown."""
    assert decide_refresh(presented(age, successor_used_ms_ago=0, **over), NOW) is Decision.ENDED


def test_thirty_days_idle_are_allowed() -> None:
    """The limit itself is still inside, and so is the last millisecond of a session."""
    assert decide_refresh(presented(0, used_at=NOW - IDLE_MS), NOW) is Decision.ROTATE
    assert decide_refresh(presented(0, expires_at=NOW + 1), NOW) is Decision.ROTATE


def test_a_successor_is_always_the_same_and_needs_the_key() -> None:
    """Who has a token but not the server's key cannot guess what follows."""
    token = new_refresh_token()
    successor = derive_successor(b"k" * 32, token)
    assert successor == derive_successor(b"k" * 32, token)
    assert successor != derive_successor(b"x" * 32, token)
    assert successor != derive_successor(b"k" * 32, new_refresh_token())
    assert len(successor) == len(token) == len("rt_") + 43


def test_any_text_can_be_looked_up() -> None:
    """A token that no encoder likes is unknown, not an error."""
    assert len(hash_refresh_token("\ud800")) == 32
    assert derive_successor(b"k", "\ud800").startswith("rt_")
