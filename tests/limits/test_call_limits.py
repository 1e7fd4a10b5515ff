"""Calls at once and calls in a minute, of a user and of an address: a test on each side of each."""

import pytest

from tests.support.clock import FakeSeconds
from tollbridge.gateway.calls.limits import CallLimits, Slot
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.settings import LIMITS, Limits

OFF = dict.fromkeys(
    (
        *("user_running", "user_per_minute", "user_free_per_minute"),
        *("address_running", "address_per_minute"),
    )
)


def only(**limits: int) -> tuple[CallLimits, FakeSeconds]:
    """Return limits with nothing in force but these, and their clock."""
    seconds = FakeSeconds()
    return CallLimits(Limits(**{**OFF, **limits}), seconds), seconds


def default(name: str) -> tuple[CallLimits, FakeSeconds]:
    """Return limits with nothing in force but the default of one."""
    return only(**{name: LIMITS[name.upper()]})


def refuse(
    calls: CallLimits, user_id: str = "user_1", address: str | None = "a", *, free: bool = False
) -> tuple[str, int]:
    """Make a call that must be refused; return the limit's name and `Retry-After`."""
    with pytest.raises(Refusal) as caught:
        calls.enter(user_id, address, free=free)
    refusal = caught.value
    assert (refusal.status, refusal.code) == (429, "rate_limited")
    assert set(refusal.headers) == {"retry-after"}
    assert refusal.details is not None
    return refusal.details["limit"], int(refusal.headers["retry-after"])


def test_sixteen_calls_of_a_user_run_at_once_and_the_17th_waits() -> None:
    """Whatever they cost and wherever they come from; another user is not touched."""
    calls, _ = default("user_running")
    slots = [calls.enter("user_1", f"a{i}", free=i % 2 == 0) for i in range(16)]
    assert refuse(calls, address="elsewhere") == ("USER_RUNNING", 1)
    assert refuse(calls, free=True) == ("USER_RUNNING", 1)
    calls.enter("user_2", "a0", free=False)
    slots[3].leave()
    calls.enter("user_1", "a0", free=False)
    assert refuse(calls) == ("USER_RUNNING", 1)


def test_64_calls_of_an_address_run_at_once_and_the_65th_waits() -> None:
    """Whoever makes them; another address is not touched."""
    calls, _ = default("address_running")
    slots = [calls.enter(f"user_{i}", "a", free=i % 2 == 0) for i in range(64)]
    assert refuse(calls, "user_64") == ("ADDRESS_RUNNING", 1)
    calls.enter("user_64", "b", free=False)
    slots[0].leave()
    calls.enter("user_64", "a", free=False)
    assert refuse(calls, "user_65") == ("ADDRESS_RUNNING", 1)


@pytest.mark.parametrize(
    ("name", "most", "free"),
    [("user_per_minute", 60, False), ("user_free_per_minute", 120, True)],
)
def test_calls_of_a_user_in_a_minute(name: str, most: int, free: bool) -> None:
    """60 that cost something, 120 that cost nothing; each kind has its own count."""
    calls, seconds = default(name)
    for number in range(most):
        seconds.now_s = number / 4
        calls.enter("user_1", f"a{number}", free=free).leave()
    assert refuse(calls, free=free) == (name.upper(), 60 - (most - 1) // 4)
    calls.enter("user_1", "a", free=not free)
    calls.enter("user_2", "a", free=free)


def test_300_calls_of_an_address_in_a_minute() -> None:
    """Of whatever cost, by whichever users."""
    calls, _ = default("address_per_minute")
    for number in range(300):
        calls.enter(f"user_{number}", "a", free=number % 2 == 0).leave()
    assert refuse(calls, "user_300") == ("ADDRESS_PER_MINUTE", 60)
    assert refuse(calls, "user_300", free=True) == ("ADDRESS_PER_MINUTE", 60)
    calls.enter("user_300", "b", free=False)


def test_the_minute_slides_and_retry_after_is_true() -> None:
    """One more is allowed exactly a minute after the first; until then the answer says how long."""
    calls, seconds = only(user_per_minute=3)
    for at in (0.0, 10.0, 59.0):
        seconds.now_s = at
        calls.enter("user_1", "a", free=False).leave()
    for at, wait in ((59.0, 1), (59.2, 1), (59.999, 1)):
        seconds.now_s = at
        assert refuse(calls) == ("USER_PER_MINUTE", wait)
    seconds.now_s = 60.0
    calls.enter("user_1", "a", free=False).leave()
    assert refuse(calls) == ("USER_PER_MINUTE", 10)
    seconds.now_s = 62.5
    assert refuse(calls) == ("USER_PER_MINUTE", 8)  # 7.5 s, rounded up
    seconds.now_s = 70.0
    calls.enter("user_1", "a", free=False)


def test_waiting_as_long_as_was_said_is_enough() -> None:
    """From any moment, whatever the history: the next call goes through."""
    calls, seconds = only(user_per_minute=5)
    for step in range(200):
        seconds.now_s += 1.7 + (step * 7919 % 13)
        try:
            calls.enter("user_1", None, free=False).leave()
        except Refusal as refusal:
            seconds.now_s += int(refusal.headers["retry-after"])
            calls.enter("user_1", None, free=False).leave()


def test_never_more_than_the_limit_in_any_minute() -> None:
    """Not only in minutes that begin at a round time."""
    calls, seconds = only(user_per_minute=7)
    made: list[float] = []
    for step in range(2000):
        seconds.now_s += (step * 31 % 17) / 5
        try:
            calls.enter("user_1", "a", free=False).leave()
        except Refusal:
            # Refused rightly: the minute that ends now is full.
            assert sum(at > seconds.now_s - 60 for at in made) == 7
            continue
        made.append(seconds.now_s)
        assert sum(at > seconds.now_s - 60 for at in made) <= 7


def test_a_refused_call_counts_for_nothing() -> None:
    """Neither for the limit that refused it nor for any other."""
    calls, seconds = only(
        user_running=4, user_per_minute=2, address_running=4, address_per_minute=4
    )
    for _ in range(2):
        calls.enter("user_1", "a", free=False).leave()
    for _ in range(50):
        assert refuse(calls)[0] == "USER_PER_MINUTE"
    slots = [calls.enter(f"user_{number}", "a", free=False) for number in (2, 3)]
    for _ in range(50):
        assert refuse(calls, "user_4")[0] == "ADDRESS_PER_MINUTE"
    for slot in slots:
        slot.leave()
    seconds.now_s = 60.0
    for _ in range(2):
        calls.enter("user_1", "a", free=False)


def test_of_several_limits_the_one_that_lasts_longest_is_named() -> None:
    """Else a caller would be told to come back twice."""
    calls, seconds = only(user_running=1, user_per_minute=2, address_per_minute=3)
    calls.enter("user_2", "a", free=False).leave()
    seconds.now_s = 5.0
    calls.enter("user_1", "a", free=False).leave()
    seconds.now_s = 10.0
    calls.enter("user_1", "a", free=False)
    assert refuse(calls) == ("USER_PER_MINUTE", 55)
    assert refuse(calls, "user_2") == ("ADDRESS_PER_MINUTE", 50)
    assert refuse(calls, address=None) == ("USER_PER_MINUTE", 55)
    seconds.now_s = 65.0
    assert refuse(calls) == ("USER_RUNNING", 1)


def test_a_slot_is_given_back_once() -> None:
    """However often it is left."""
    calls, _ = only(user_running=2, address_running=2)
    first, second = (calls.enter("user_1", "a", free=False) for _ in range(2))
    for _ in range(3):
        first.leave()
    calls.enter("user_1", "a", free=False)
    assert refuse(calls)[0] == "USER_RUNNING"
    second.leave()
    calls.enter("user_1", "a", free=False)


def test_who_has_no_address_has_no_limits_of_an_address() -> None:
    """The demo's visitors on this machine; the user's own limits hold."""
    calls, _ = only(user_running=3, address_running=1, address_per_minute=1)
    slots = [calls.enter("user_1", None, free=False) for _ in range(3)]
    assert refuse(calls, address=None) == ("USER_RUNNING", 1)
    for slot in slots:
        slot.leave()
    assert calls.subjects() == 0


def test_a_lifted_limit_keeps_nothing() -> None:
    """Ten thousand callers at once are let in, and none is remembered."""
    calls, _ = only()
    slots: list[Slot] = [calls.enter("user_1", "a", free=False) for _ in range(10_000)]
    assert calls.subjects() == 0
    for slot in slots:
        slot.leave()


def test_somebody_who_stays_keeps_nobody_else_in_memory() -> None:
    """The first of all goes on calling; those who came once go, a minute after."""
    calls, seconds = only(user_per_minute=60)
    for number in range(2000):
        seconds.now_s += 1.0
        calls.enter("user_x", None, free=False).leave()
        calls.enter(f"user_{number}", None, free=False).leave()
        assert calls.subjects() <= 62


def test_users_who_leave_are_forgotten_on_the_way() -> None:
    """Memory is bounded by who called within a minute, without a scan: a few with each call."""
    calls, seconds = only(
        user_running=16,
        user_per_minute=60,
        user_free_per_minute=120,
        address_running=64,
        address_per_minute=300,
    )
    for number in range(3000):
        seconds.now_s += 0.1  # 600 within a minute
        calls.enter(f"user_{number}", f"a{number}", free=number % 2 == 0).leave()
        # Three tables; 300 of each kind of user and 600 addresses live, and few more are left.
        assert calls.subjects() <= 1250
    seconds.now_s += 60.0
    for _ in range(400):
        calls.enter("user_x", "ax", free=False).leave()
        calls.enter("user_x", "ax", free=True).leave()
        seconds.now_s += 1.1
    assert calls.subjects() == 3
