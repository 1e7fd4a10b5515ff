"""What the store says in the end, and the users, providers and grants that it begins with."""

from collections.abc import Iterable

from tollbridge.gateway import ledger
from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.torture.history import Row, Stored


def read_stored(users: Iterable[str], now: int) -> Script[Stored]:
    """Read everything that is compared; retires what has expired by now, so write it."""
    left = {}
    for user_id in users:
        rows = yield from ledger.balances(user_id, now)
        left[user_id] = sum(row.available for row in rows)
    unsound = yield from ledger.verify()
    return Stored(
        rows=(yield from _list_rows()),
        epochs=[
            row[0] for row in (yield Statement("select epoch_id from epochs order by started_at"))
        ],
        left=left,
        expired=(yield from _sum_expired()),
        debt=(yield from _number("select coalesce(sum(debt), 0) from balances")),
        lowest=(
            yield from _number(
                "select coalesce(min(lowest), 0) from ("
                "select min(available) as lowest from balances"
                " union all select min(seated_left) as lowest from balances"
                " union all select min(remaining) as lowest from grants) balances"
            )
        ),
        open_calls=[
            row[0]
            for row in (
                yield Statement(
                    "select call_id from calls"
                    " where state = 'held' or ended_at is null or outcome = 'running'"
                )
            )
        ],
        unsound=unsound,
    )


def is_used() -> Script[bool]:
    """Tell whether a database holds what somebody may need."""
    rows = yield Statement(
        "select 1 from paywalls union all select 1 from users union all select 1 from calls limit 1"
    )
    return bool(rows)


def count_open_calls() -> Script[int]:
    """Count the calls that have not ended."""
    return (yield from _number("select count(*) from calls where ended_at is null"))


def _list_rows() -> Script[list[Row]]:
    rows = yield Statement(
        "select call_id, attempt, user_id, provider_id, epoch_id, held_at, state, outcome, amount,"
        " key_hash is not null, ended_at from calls order by call_id, attempt"
    )
    return [Row(*row) for row in rows]


def _sum_expired() -> Script[dict[str, int]]:
    rows = yield Statement(
        "select user_id, -sum(amount) from journal where kind = 'expire' group by user_id"
    )
    return {row[0]: int(row[1]) for row in rows}


def _number(sql: str) -> Script[int]:
    rows = yield Statement(sql)
    return int(rows[0][0])
