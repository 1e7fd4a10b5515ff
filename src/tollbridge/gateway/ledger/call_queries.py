"""Statements for calls, whose rows are the journal entries of their holds, and for epochs."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from tollbridge.gateway.database.script import Script, Statement, locking
from tollbridge.gateway.ledger.values import Attempt, Ending, HoldOrder, Take

_OUTCOME_OF_NEW = {"held": "running", "refused": "refused"}


def insert_call(order: HoldOrder, state: str, takes: Sequence[Take], now: int) -> Script[None]:
    """Write the call's row, `held` or `refused`: it is the journal entry of its hold."""
    spans = len(takes) > 1
    yield Statement(
        "insert into calls (call_id, attempt, paywall_id, user_id, provider_id, query_type,"
        " epoch_id, amount, grant_id, held_at, state, outcome, ended_at, key_hash, fingerprint)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        (
            order.call_id,
            order.attempt,
            order.paywall_id,
            order.user_id,
            order.provider_id,
            order.query_type,
            order.epoch_id,
            order.amount if state == "held" else 0,
            takes[0].grant_id if len(takes) == 1 else None,
            now,
            state,
            _OUTCOME_OF_NEW[state],
            None if state == "held" else now,
            order.key_hash,
            order.fingerprint,
        ),
    )
    for take in takes if spans else ():
        yield Statement(
            "insert into call_takes (call_id, attempt, grant_id, amount) values ($1, $2, $3, $4)",
            (order.call_id, order.attempt, take.grant_id, take.amount),
        )


def fence_attempt(order: HoldOrder, ending: Ending) -> Script[None]:
    """Take an attempt's number with a hold of nothing, unless it is taken.

    A statement whose answer was lost may still be on its way to a server, and arrive after
    somebody has looked. Where that cannot be, this is left out. It stands under the page's key:
    whoever repeats the call finds that this number is taken.
    """
    yield locking(
        "insert into calls (call_id, attempt, paywall_id, user_id, provider_id, query_type,"
        " epoch_id, amount, held_at, state, outcome, ended_at, key_hash, fingerprint)"
        " values ($1, $2, $3, $4, $5, $6, $7, 0, $8, 'voided', $9, $10, $11, $12)"
        " on conflict do nothing",
        (
            order.call_id,
            order.attempt,
            order.paywall_id,
            order.user_id,
            order.provider_id,
            order.query_type,
            order.epoch_id,
            order.held_at or ending.at,
            ending.outcome,
            ending.at,
            order.key_hash,
            order.fingerprint,
        ),
    )


def move_call(order: HoldOrder, before: str, after: str, ending: Ending | None) -> Script[bool]:
    """Move a call's state forward, if this attempt in this epoch still has it in `before`."""
    rows = yield Statement(
        "update calls set state = $1, outcome = coalesce($2, outcome),"
        " provider_status = coalesce($3, provider_status), ended_at = coalesce($4, ended_at),"
        " blamed = $9"
        " where call_id = $5 and attempt = $6 and epoch_id = $7 and state = $8"
        " and held_at = coalesce($10, held_at) returning call_id",
        (
            after,
            ending.outcome if ending else None,
            ending.provider_status if ending else None,
            ending.at if ending else None,
            order.call_id,
            order.attempt,
            order.epoch_id,
            before,
            int(after == "voided" and ending is not None and ending.blamed),
            order.held_at,
        ),
    )
    return bool(rows)


def end_call(order: HoldOrder, ending: Ending) -> Script[None]:
    """Write how a call ended that is not held and had not ended yet."""
    yield Statement(
        "update calls set outcome = $1, provider_status = $2, ended_at = $3"
        " where call_id = $4 and attempt = $5 and ended_at is null and state <> 'held'",
        (ending.outcome, ending.provider_status, ending.at, order.call_id, order.attempt),
    )


def find_state(order: HoldOrder) -> Script[str | None]:
    """Return the state of an attempt of this epoch, if it is the one that was held then."""
    rows = yield Statement(
        "select state from calls where call_id = $1 and attempt = $2 and epoch_id = $3"
        " and held_at = coalesce($4, held_at)",
        (order.call_id, order.attempt, order.epoch_id, order.held_at),
    )
    return rows[0][0] if rows else None


def find_by_key(key_hash: bytes) -> Script[Attempt | None]:
    """Return the newest attempt that was made under a key."""
    rows = yield Statement(
        "select call_id, attempt, fingerprint, state, ended_at is not null from calls"
        " where key_hash = $1 order by attempt desc limit 1",
        (key_hash,),
    )
    if not rows:
        return None
    call_id, attempt, fingerprint, state, ended = rows[0]
    return Attempt(call_id, attempt, fingerprint, state, bool(ended))


def find_latest(call_id: str) -> Script[tuple[int, str] | None]:
    """Return number and outcome of a call's newest attempt."""
    rows = yield Statement(
        "select attempt, outcome from calls where call_id = $1 order by attempt desc limit 1",
        (call_id,),
    )
    return rows[0] if rows else None


def find_takes(call_id: str, attempt: int) -> Script[list[Take]]:
    """Read what an attempt took, for a hold that is no longer in anybody's memory."""
    rows = yield Statement(
        "select grant_id, amount from calls"
        " where call_id = $1 and attempt = $2 and grant_id is not null"
        " union all select grant_id, amount from call_takes where call_id = $1 and attempt = $2",
        (call_id, attempt),
    )
    return [Take(*row) for row in rows]


def was_reversed(call_id: str) -> Script[bool]:
    """Tell whether any attempt of a call was reversed."""
    rows = yield Statement(
        "select 1 from calls where call_id = $1 and state = 'reversed'", (call_id,)
    )
    return bool(rows)


def sum_held(user_id: str) -> Script[dict[str, int]]:
    """Add up what running calls of a user hold, by query type."""
    rows = yield Statement(
        "select query_type, sum(amount) from calls"
        " where user_id = $1 and ended_at is null and state = 'held' group by query_type",
        (user_id,),
    )
    return {row[0]: int(row[1]) for row in rows}


def count_left_early(user_id: str, since: int, until: int) -> Script[int]:
    """Count the user's calls that gave a credit back because the page left early."""
    rows = yield Statement(
        "select count(*) from calls where user_id = $1 and ended_at > $2 and ended_at <= $3"
        " and blamed = 1 and state = 'voided' and outcome = 'aborted' and amount > 0",
        (user_id, since, until),
    )
    count: int = rows[0][0]
    return count


def find_blamed(user_id: str, since: int, until: int, nth: int) -> Script[int | None]:
    """Return when the user's nth newest call of that time was given back for their own doing.

    `nth` counts from 1; None where there are fewer.
    """
    rows = yield Statement(
        "select ended_at from calls where user_id = $1 and blamed = 1 and ended_at > $2"
        " and ended_at <= $3 order by ended_at desc limit 1 offset $4",
        (user_id, since, until, nth - 1),
    )
    return rows[0][0] if rows else None


# Epochs -----------------------------------------------------------------------------------------


def insert_epoch(epoch_id: str, now: int) -> Script[None]:
    """Write that a worker has begun."""
    yield Statement(
        "insert into epochs (epoch_id, started_at, beat_at) values ($1, $2, $2)", (epoch_id, now)
    )


def beat(epoch_id: str, now: int) -> Script[bool]:
    """Write that a worker lives; False where it was taken for dead before."""
    rows = yield Statement(
        "update epochs set beat_at = $1 where epoch_id = $2 and ended_at is null"
        " returning epoch_id",
        (now, epoch_id),
    )
    return bool(rows)


def list_beats(epoch_id: str) -> Script[dict[str, int]]:
    """Read the last beat of every other worker that is not over."""
    rows = yield Statement(
        "select epoch_id, beat_at from epochs where ended_at is null and epoch_id <> $1",
        (epoch_id,),
    )
    return dict(rows)


def end_silent_epoch(epoch_id: str, beat_at: int, now: int) -> Script[None]:
    """Write that a worker is over, unless it has beaten since."""
    yield Statement(
        "update epochs set ended_at = $1 where epoch_id = $2 and beat_at = $3 and ended_at is null",
        (now, epoch_id, beat_at),
    )


def end_epoch(epoch_id: str, now: int) -> Script[None]:
    """Write that a worker is over, by itself or found dead."""
    yield Statement(
        "update epochs set ended_at = $1 where epoch_id = $2 and ended_at is null", (now, epoch_id)
    )


_OPEN = (
    "select call_id, attempt, epoch_id, paywall_id, user_id, provider_id, query_type, amount, state"
    " from calls where ended_at is null"
)


def list_open_calls(epoch_id: str, most: int) -> Script[list[tuple[Any, ...]]]:
    """Read calls that have not ended and belong to other epochs, as `HoldOrder` and state."""
    rows = yield Statement(f"{_OPEN} and epoch_id <> $1 limit $2", (epoch_id, most))
    return rows


def list_open_calls_of_the_dead(own: Collection[str], most: int) -> Script[list[tuple[Any, ...]]]:
    """Read calls that have not ended and whose epochs have, as `HoldOrder` and state.

    Those of the epochs `own` are left out.
    """
    places = "".join(f", ${place}" for place in range(2, len(own) + 2))
    rows = yield Statement(
        f"{_OPEN} and epoch_id not in (select epoch_id from epochs where ended_at is null"
        f" union all select epoch_id from epochs where epoch_id in (''{places})) limit $1",
        (most, *sorted(own)),
    )
    return rows


def lock_calls(calls: Iterable[tuple[str, int]]) -> Script[None]:
    """Keep others from these calls, given as (call id, attempt), until the unit is over."""
    for call_id, attempt in sorted(calls):
        yield locking(
            "select 1 from calls where call_id = $1 and attempt = $2 for update",
            (call_id, attempt),
        )


def end_other_epochs(epoch_id: str, now: int) -> Script[None]:
    """Write that all other workers are over."""
    yield Statement(
        "update epochs set ended_at = $1 where ended_at is null and epoch_id <> $2", (now, epoch_id)
    )
