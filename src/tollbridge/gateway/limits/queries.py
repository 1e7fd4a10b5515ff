"""The statements about what is counted against limits."""

from tollbridge.gateway.database import Script, Statement

_COUNTS = "limit_name = $1 and subject = $2 and at > $3 and at <= $4"


def insert(limit_name: str, subject: str, at: int, amount: int) -> Script[None]:
    """Write that it happened."""
    yield Statement(
        "insert into counted (limit_name, subject, at, amount) values ($1, $2, $3, $4)",
        (limit_name, subject, at, amount),
    )


def find_moment(
    limit_name: str, subject: str, after: int, until: int, number: int
) -> Script[int | None]:
    """Read when the `number`-th newest of what happened in that time did; None if there were less.

    The newest is number 1.
    """
    rows = yield Statement(
        f"select at from counted where {_COUNTS} order by at desc limit 1 offset $5",
        (limit_name, subject, after, until, number - 1),
    )
    return rows[0][0] if rows else None


def sum_amounts(limit_name: str, subject: str, after: int, until: int) -> Script[int]:
    """Read the sum of what happened in that time."""
    rows = yield Statement(
        f"select cast(coalesce(sum(amount), 0) as bigint) from counted where {_COUNTS}",
        (limit_name, subject, after, until),
    )
    total: int = rows[0][0]
    return total


def delete_oldest(until: int, most: int) -> Script[None]:
    """Delete the oldest rows up to a moment; about `most`, since rows of one moment go together."""
    yield Statement(
        "delete from counted where at <= (select max(at) from"
        " (select at from counted where at <= $1 order by at limit $2) as oldest)",
        (until, most),
    )
