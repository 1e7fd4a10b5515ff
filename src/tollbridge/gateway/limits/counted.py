"""What is counted in the store: a limit is looked at and counted in one unit with what it guards.

Scripts (see `database/script.py`); times are milliseconds since 1970. Whatever is refused is
counted nowhere, because its unit leaves nothing behind.

Whoever looks keeps others from the same limit of the same subject until the unit is over: what is
counted then is what was looked at. A unit looks at all its limits before it counts anything, at an
address's before an origin's before a paywall's before a user's; the rows that counting deletes are
then never held by somebody who waits for a look.
"""

from dataclasses import dataclass

from tollbridge.gateway.database import Script, lock
from tollbridge.gateway.limits import queries

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
# The longest that anything is counted for; older rows are let go.
DAY_MS = 24 * HOUR_MS
# What was counted further ahead than this comes from a clock that was wrong. It does not count, or
# setting the clock right would lock people out.
AHEAD_MS = MINUTE_MS
# Each counting adds up to three rows; taking away more than that keeps the table small.
FORGOTTEN_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Limit:
    """So much in so long for each subject.

    Attributes:
        name: As in `TOLLBRIDGE_LIMIT_<NAME>`.
        most: None lifts it.
        window_ms: At most a day.
    """

    name: str
    most: int | None
    window_ms: int


def wait_ms(limit: Limit, subject: str, now: int) -> Script[int]:
    """Return in how many milliseconds the subject may do it once more; 0 at once.

    For what is counted one by one.
    """
    if limit.most is None:
        return 0
    yield lock("limit", limit.name, subject)
    first = yield from queries.find_moment(
        limit.name, subject, now - limit.window_ms, now + AHEAD_MS, limit.most
    )
    # Of what a clock a little ahead counted, the wait is never longer than the window.
    return 0 if first is None else min(first + limit.window_ms - now, limit.window_ms)


def left(limit: Limit, subject: str, now: int) -> Script[int | None]:
    """Return how much of a limit on amounts is left to the subject; None without a limit."""
    if limit.most is None:
        return None
    yield lock("limit", limit.name, subject)
    counted = yield from queries.sum_amounts(
        limit.name, subject, now - limit.window_ms, now + AHEAD_MS
    )
    return max(0, limit.most - counted)


def count(limit: Limit, subject: str, now: int, *, amount: int = 1) -> Script[None]:
    """Count something, and let go of some rows that nothing looks at any more.

    A lifted limit counts nothing.
    """
    if limit.most is None:
        return
    yield from queries.insert(limit.name, subject, now, amount)
    yield from queries.delete_oldest(now - DAY_MS, FORGOTTEN_AT_ONCE)
