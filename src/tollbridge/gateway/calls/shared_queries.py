"""The statements by which processes tell each other what they count of calls.

PostgreSQL's alone: only there do several processes serve. Times are milliseconds since 1970 by the
clock of the database server, which is the same for all of them.
"""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tollbridge.gateway.database import Script, Statement

# Moments that lie further ahead are from before the clock was set back, and of processes that are
# gone: those that live write theirs anew.
AHEAD_MS = 5_000

Ages = Sequence[tuple[int, int]]


class Row(NamedTuple):
    """What a process counts of one subject; calls are (age in whole seconds, how many)."""

    subject: str
    running: int
    calls: Ages
    free_calls: Ages


class ToldRow(NamedTuple):
    """A row of another process, and how many milliseconds ago it was true."""

    row: Row
    age_ms: int


def read_clock() -> Script[int]:
    """Read what time it is."""
    rows = yield Statement("select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)")
    now: int = rows[0][0]
    return now


def beat(process_id: str, now: int) -> Script[bool]:
    """Say that a process lives; returns whether it is known, with the rows that it wrote."""
    rows = yield Statement(
        "update counting_processes set beat_at = $2 where process_id = $1 returning 1",
        (process_id, now),
    )
    if not rows:
        yield Statement(
            "insert into counting_processes (process_id, beat_at) values ($1, $2)",
            (process_id, now),
        )
    return bool(rows)


def write_rows(process_id: str, now: int, rows: Sequence[Row]) -> Script[None]:
    """Write what a process counts of some subjects, in place of what it wrote of them before."""
    yield Statement(
        "insert into counted_calls (process_id, subject, at, running, calls, free_calls)"
        " select cast($1 as text), n.subject, cast($2 as bigint), n.running, n.calls, n.free_calls"
        " from unnest(cast($3 as text[]), cast($4 as bigint[]), cast($5 as text[]),"
        " cast($6 as text[])) as n (subject, running, calls, free_calls)"
        " on conflict (subject, process_id) do update set at = excluded.at,"
        " running = excluded.running, calls = excluded.calls, free_calls = excluded.free_calls",
        (
            process_id,
            now,
            [row.subject for row in rows],
            [row.running for row in rows],
            [json.dumps(row.calls) for row in rows],
            [json.dumps(row.free_calls) for row in rows],
        ),
    )


def read_others(
    process_id: str, subjects: Iterable[str], now: int, *, alive_ms: int, kept_ms: int
) -> Script[list[ToldRow]]:
    """Read what the others count of these subjects.

    Args:
        process_id: Who reads.
        subjects: Of whom.
        now: The moment.
        alive_ms: Calls run only in processes that have said within this that they live.
        kept_ms: Rows that are older are read only where calls run.
    """
    rows = yield Statement(
        "select c.subject, case when p.beat_at between $3 and $5 then c.running else 0 end,"
        " c.calls, c.free_calls, c.at"
        " from counted_calls c join counting_processes p on p.process_id = c.process_id"
        " where c.subject = any($1) and c.process_id <> $2"
        " and c.at <= $5 and (c.at >= $4 or (c.running > 0 and p.beat_at >= $3))",
        (list(subjects), process_id, now - alive_ms, now - kept_ms, now + AHEAD_MS),
    )
    return [
        ToldRow(Row(subject, running, json.loads(calls), json.loads(free_calls)), max(0, now - at))
        for subject, running, calls, free_calls, at in rows
    ]


def delete_old(process_id: str, now: int, *, kept_ms: int) -> Script[None]:
    """Delete a process's rows that say nothing any more, and all of processes that are gone.

    Rows that another process is just deleting are left to it.
    """
    yield Statement(
        "delete from counted_calls where process_id = $1 and running = 0 and at < $2",
        (process_id, now - kept_ms),
    )
    yield Statement(
        "with gone as (delete from counting_processes where process_id in"
        " (select process_id from counting_processes where beat_at < $1 or beat_at > $2"
        " for update skip locked) returning process_id)"
        " delete from counted_calls where process_id in (select process_id from gone)",
        (now - kept_ms, now + AHEAD_MS),
    )
