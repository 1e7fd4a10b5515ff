"""The request log's statements."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from tollbridge.gateway.database.script import Script, Statement, lock

_COLUMNS = (
    "at, request_id, method, route, status, error, duration_ms, paywall_id, user_id, provider_id,"
    " call_id, outcome, credits, bytes_in, bytes_out"
)


class LoggedRequest(NamedTuple):
    """A row of the request log; None where there is nothing to say."""

    at: int
    request_id: str
    method: str
    route: str
    status: int
    error: str | None
    duration_ms: int
    paywall_id: str | None
    user_id: str | None
    provider_id: str | None
    call_id: str | None
    outcome: str | None
    credits: int | None
    bytes_in: int
    bytes_out: int


# Rows in one statement; each costs less than half of what it would alone.
TOGETHER_MAX = 32


def insert_requests(rows: Sequence[LoggedRequest]) -> Statement:
    """Return the statement that writes up to `TOGETHER_MAX` rows, at least one."""
    return Statement(_insert(len(rows)), tuple(chain.from_iterable(rows)))


@lru_cache(maxsize=TOGETHER_MAX)
def _insert(count: int) -> str:
    width = len(LoggedRequest._fields)
    places = (
        ", ".join(f"${row * width + place}" for place in range(1, width + 1))
        for row in range(count)
    )
    return f"insert into requests ({_COLUMNS}) values " + ", ".join(f"({row})" for row in places)


def delete_requests(before: int, most: int) -> Script[int]:
    """Delete up to `most` of the oldest rows that began before that moment; return how many.

    One process at a time: those that start together would wait for each other's rows, crosswise.
    """
    yield lock("old requests")
    rows = yield Statement(
        "delete from requests where (at, request_id) in (select at, request_id from requests"
        " where at < $1 order by at, request_id limit $2) returning 1",
        (before, most),
    )
    return len(rows)


def list_requests(
    *,
    since: int,
    request_id: str | None,
    paywall_id: str | None,
    user_id: str | None,
    status: int | None,
    limit: int,
) -> Script[list[LoggedRequest]]:
    """Read the newest requests that began at or after `since`, newest first."""
    conditions = {
        "request_id": request_id,
        "paywall_id": paywall_id,
        "user_id": user_id,
        "status": status,
    }
    wanted: list[tuple[str, Any]] = [(n, v) for n, v in conditions.items() if v is not None]
    also = "".join(f" and {name} = ${place}" for place, (name, _) in enumerate(wanted, start=3))
    rows = yield Statement(
        f"select {_COLUMNS} from requests where at >= $1{also}"
        " order by at desc, request_id desc limit $2",
        (since, limit, *(value for _, value in wanted)),
    )
    return [LoggedRequest(*row) for row in rows]
