"""Workers and their epochs: who lives, and what becomes of the calls of the dead.

Scripts (see `database/script.py`). A worker's holds carry its epoch's id, so that whoever sweeps
them and the worker itself, should it come back, never both close one.
"""

from collections.abc import Collection, Iterable
from typing import Any

from tollbridge.gateway.database.script import Script
from tollbridge.gateway.ledger import call_queries, queries
from tollbridge.gateway.ledger.scripts import void
from tollbridge.gateway.ledger.values import Ending, Hold, HoldOrder

_CALL, _USER = slice(0, 2), 4  # in a row of open calls


def begin_epoch(epoch_id: str, now: int) -> Script[None]:
    """Write that a worker has begun; its holds carry the epoch's id."""
    yield from call_queries.insert_epoch(epoch_id, now)


def beat(epoch_id: str, now: int) -> Script[tuple[bool, dict[str, int]]]:
    """Write that a worker lives.

    Returns whether it was still taken for alive, and the last beat of every other worker.
    """
    alive = yield from call_queries.beat(epoch_id, now)
    return alive, (yield from call_queries.list_beats(epoch_id))


def end_silent(epochs: Iterable[tuple[str, int]], now: int) -> Script[None]:
    """Write that workers are over, each named with its last beat; one that beat since lives on."""
    for epoch_id, beat_at in epochs:
        yield from call_queries.end_silent_epoch(epoch_id, beat_at, now)


def finish_epoch(epoch_id: str, now: int) -> Script[None]:
    """Write that a worker is over."""
    yield from call_queries.end_epoch(epoch_id, now)


def sweep(epoch_id: str, now: int, *, most: int) -> Script[int]:
    """Close calls that dead workers left open: void what they held, mark as lost what they settled.

    The caller has made sure that no worker of another epoch is alive. Works on up to `most` calls
    a unit and returns how many it closed; repeat until it returns less than `most`.
    """
    rows = yield from call_queries.list_open_calls(epoch_id, most)
    yield from _close(rows, now)
    if len(rows) < most:
        yield from call_queries.end_other_epochs(epoch_id, now)
    return len(rows)


def sweep_the_dead(own: Collection[str], now: int, *, most: int) -> Script[int]:
    """Close calls of workers that are over, as `sweep` does; others may be alive.

    `own` are the epochs of whoever sweeps, past ones too: their calls are in its own hands.
    """
    rows = yield from call_queries.list_open_calls_of_the_dead(own, most)
    yield from _close(rows, now)
    return len(rows)


def _close(rows: list[tuple[Any, ...]], now: int) -> Script[None]:
    yield from queries.lock_gates({row[_USER] for row in rows})
    yield from call_queries.lock_calls(row[_CALL] for row in rows)
    for *fields, _ in rows:
        order = HoldOrder(*fields)
        # What it is now that nobody else can change it: its worker may have closed it meanwhile.
        state = yield from call_queries.find_state(order)
        if state == "held":
            takes = yield from call_queries.find_takes(order.call_id, order.attempt)
            found = Hold(order, tuple(takes), 0, 0)
            yield from void(found, Ending("swept", None, now))
        else:
            yield from call_queries.end_call(order, Ending("lost", None, now))
