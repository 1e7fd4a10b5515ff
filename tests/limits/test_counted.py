"""What is counted in the store: windows slide, old rows go, and nothing is counted in vain."""

import asyncio

import pytest

from tests.support.clock import START_MS
from tests.support.stores import AnyDatabase
from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.limits import DAY_MS, MINUTE_MS, Limit, count, left, rate_limited, wait_ms

THREE = Limit("ADDRESS_TRIALS", 3, 10 * MINUTE_MS)
CREDITS = Limit("PAYWALL_TRIAL_CREDITS", 100, DAY_MS)


def rows() -> Script[int]:
    """Count the rows."""
    found = yield Statement("select count(*) from counted")
    number: int = found[0][0]
    return number


def try_once(limit: Limit, subject: str, now: int) -> Script[int]:
    """Count one more where it is allowed; return how long to wait otherwise."""
    wait = yield from wait_ms(limit, subject, now)
    if not wait:
        yield from count(limit, subject, now)
    return wait


async def test_the_window_slides(database: AnyDatabase) -> None:
    """One more is allowed when the first of them is a whole window old, not sooner."""
    for minute in (0, 1, 9):
        at = START_MS + minute * MINUTE_MS
        assert await database.write(try_once(THREE, "x", at)) == 0
    for now, wait in ((9 * MINUTE_MS, MINUTE_MS), (10 * MINUTE_MS - 1, 1), (10 * MINUTE_MS, 0)):
        assert await database.write(wait_ms(THREE, "x", START_MS + now)) == wait
    assert await database.write(try_once(THREE, "x", START_MS + 10 * MINUTE_MS)) == 0
    assert await database.write(wait_ms(THREE, "x", START_MS + 10 * MINUTE_MS)) == MINUTE_MS


async def test_subjects_and_limits_are_apart(database: AnyDatabase) -> None:
    """What one did is not held against another."""
    for _ in range(3):
        await database.write(try_once(THREE, "x", START_MS))
    other = Limit("VOUCHER_TRIES", 3, 10 * MINUTE_MS)
    assert await database.write(wait_ms(THREE, "x", START_MS)) == 10 * MINUTE_MS
    assert await database.write(wait_ms(THREE, "y", START_MS)) == 0
    assert await database.write(wait_ms(other, "x", START_MS)) == 0


async def test_a_limit_that_was_lowered_holds_at_once(database: AnyDatabase) -> None:
    """With more counted than is allowed now, the wait is until enough of them are over."""
    for minute in range(3):
        await database.write(try_once(THREE, "x", START_MS + minute * MINUTE_MS))
    lowered = Limit(THREE.name, 1, THREE.window_ms)
    now = START_MS + 2 * MINUTE_MS
    assert await database.write(wait_ms(lowered, "x", now)) == 10 * MINUTE_MS


async def test_amounts_are_summed(database: AnyDatabase) -> None:
    """What is left is exact, and never below nothing."""
    await database.write(count(CREDITS, "pw", START_MS, amount=60))
    await database.write(count(CREDITS, "pw", START_MS + 1, amount=30))
    assert await database.write(left(CREDITS, "pw", START_MS + 2)) == 10
    assert await database.write(left(CREDITS, "pw", START_MS + DAY_MS)) == 70
    assert await database.write(left(CREDITS, "pw", START_MS + DAY_MS + 1)) == 100
    lowered = Limit(CREDITS.name, 50, DAY_MS)
    assert await database.write(left(lowered, "pw", START_MS + 2)) == 0


async def test_callers_who_come_together_get_exactly_what_is_allowed(
    database: AnyDatabase,
) -> None:
    """64 at once, three of them are let through."""
    waits = await asyncio.gather(
        *(database.write(try_once(THREE, "x", START_MS)) for _ in range(64))
    )
    assert sorted(waits) == [0] * 3 + [10 * MINUTE_MS] * 61
    assert await database.read(rows()) == 3


async def test_what_fails_afterwards_was_not_counted(database: AnyDatabase) -> None:
    """It is one unit with what it guards."""

    def fail() -> Script[None]:
        yield from try_once(THREE, "x", START_MS)
        raise Refusal("invalid_request", "no")

    with pytest.raises(Refusal):
        await database.write(fail())
    assert await database.read(rows()) == 0


async def test_a_lifted_limit_counts_nothing(database: AnyDatabase) -> None:
    """Nothing is read, nothing is written."""
    lifted = Limit("ADDRESS_TRIALS", None, DAY_MS)
    assert await database.write(try_once(lifted, "x", START_MS)) == 0
    assert await database.write(left(lifted, "x", START_MS)) is None
    assert await database.read(rows()) == 0


async def test_a_clock_that_was_set_back_locks_nobody_out(database: AnyDatabase) -> None:
    """What lies in the future does not count; a clock that is a little off makes no gap."""
    for _ in range(3):
        await database.write(count(THREE, "x", START_MS))
        await database.write(count(CREDITS, "pw", START_MS, amount=30))
    a_day_before = START_MS - DAY_MS
    assert await database.write(wait_ms(THREE, "x", a_day_before)) == 0
    assert await database.write(left(CREDITS, "pw", a_day_before)) == 100
    a_moment_before = START_MS - 500
    assert await database.write(wait_ms(THREE, "x", a_moment_before)) == THREE.window_ms
    assert await database.write(left(CREDITS, "pw", a_moment_before)) == 10


async def test_old_rows_go_in_small_portions(database: AnyDatabase) -> None:
    """Each counting takes away some that nothing looks at any more, and none that matters."""
    for number in range(100):
        await database.write(count(THREE, f"old {number}", START_MS + number))
    later = START_MS + DAY_MS + 49  # half of them are a day old
    await database.write(count(THREE, "x", later))
    assert await database.read(rows()) == 101 - 16
    for _ in range(9):
        await database.write(count(THREE, "x", later))
    assert await database.read(rows()) == 50 + 10


@pytest.mark.parametrize(
    ("wait_s", "said"), [(0.0, "1"), (0.2, "1"), (1.0, "1"), (1.001, "2"), (599.5, "600")]
)
def test_retry_after_is_rounded_up(wait_s: float, said: str) -> None:
    """Who waits that long is let in."""
    refusal = rate_limited("VOUCHER_TRIES", "Wait.", wait_s=wait_s)
    assert refusal.headers == {"retry-after": said}
    assert refusal.details == {"limit": "VOUCHER_TRIES"}
