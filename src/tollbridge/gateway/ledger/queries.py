"""The ledger's statements. Each is one step; `scripts.py` puts them together."""

from collections.abc import Iterable, Sequence
from typing import Any

from tollbridge.gateway.database.script import Script, Statement
from tollbridge.gateway.ledger.values import (
    BalanceRow,
    Ending,
    Entry,
    Gate,
    Grant,
    GrantOrder,
    HoldOrder,
    Take,
)

_GATE = "available, granted, debt, version, seated_grant, seated_left, expires_at"
_GRANT = "grant_id, amount, remaining, category, priority, expires_at, created_at, ended_at"


# The gate ---------------------------------------------------------------------------------------


def pass_gate(order: HoldOrder, now: int) -> Script[tuple[int, int, str] | None]:
    """Take the cost out of the seated grant, if it covers it and nothing has expired.

    Returns (available, version, grant id) after it, or None and no change.
    """
    rows = yield Statement(
        "update balances set available = available - $1, seated_left = seated_left - $1,"
        " version = version + 1"
        " where user_id = $2 and query_type = $3 and seated_left >= $1"
        " and (expires_at is null or expires_at > $4)"
        " returning available, version, seated_grant",
        (order.amount, order.user_id, order.query_type, now),
    )
    return rows[0] if rows else None


def find_gate(user_id: str, query_type: str) -> Script[Gate | None]:
    """Read the gate."""
    rows = yield Statement(
        f"select {_GATE} from balances where user_id = $1 and query_type = $2",
        (user_id, query_type),
    )
    return Gate(*rows[0]) if rows else None


def store_gate(user_id: str, query_type: str, gate: Gate) -> Script[None]:
    """Write the gate as a whole."""
    yield Statement(
        f"insert into balances (user_id, query_type, {_GATE})"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (user_id, query_type) do update set available = $3, granted = $4,"
        " debt = $5, version = $6, seated_grant = $7, seated_left = $8, expires_at = $9",
        (
            user_id,
            query_type,
            gate.available,
            gate.granted,
            gate.debt,
            gate.version,
            gate.seated_grant,
            gate.seated_left,
            gate.expires_at,
        ),
    )


def types_with_expired_grants(user_id: str, now: int) -> Script[list[str]]:
    """Name the user's query types where something has expired since the gate was closed."""
    rows = yield Statement(
        "select query_type from balances where user_id = $1 and expires_at <= $2", (user_id, now)
    )
    return [row[0] for row in rows]


def list_balances(user_id: str) -> Script[list[BalanceRow]]:
    """Read all balances of a user, by query type."""
    rows = yield Statement(
        "select query_type, available, granted, version from balances where user_id = $1"
        " order by query_type",
        (user_id,),
    )
    return [BalanceRow(*row) for row in rows]


# Grants -----------------------------------------------------------------------------------------


def list_grants(
    user_id: str, query_type: str, *, also: Sequence[str] = ()
) -> Script[list[Grant]]:
    """Read the grants that live or have credit, and those named in `also`."""
    rows = yield Statement(
        f"select {_GRANT} from grants"
        " where user_id = $1 and query_type = $2 and (ended_at is null or remaining > 0)",
        (user_id, query_type),
    )
    found = {row[0]: Grant(*row) for row in rows}
    for grant_id in also:
        if grant_id not in found:
            rows = yield Statement(f"select {_GRANT} from grants where grant_id = $1", (grant_id,))
            found[grant_id] = Grant(*rows[0])
    return list(found.values())


def find_by_source(source_key: str) -> Script[tuple[GrantOrder, str] | None]:
    """Read what a source key was used for, and the grant's id."""
    rows = yield Statement(
        "select user_id, query_type, amount, source_key, category, priority, expires_at, grant_id"
        " from grants where source_key = $1",
        (source_key,),
    )
    return (GrantOrder(*rows[0][:7]), rows[0][7]) if rows else None


def owner_of_grant(grant_id: str) -> Script[tuple[str, str] | None]:
    """Return the (user id, query type) of a grant."""
    rows = yield Statement(
        "select user_id, query_type from grants where grant_id = $1", (grant_id,)
    )
    return rows[0] if rows else None


def insert_grant(order: GrantOrder, grant: Grant) -> Script[None]:
    """Write a new grant's row, with nothing in it yet: `store_grants` says what remains."""
    yield Statement(
        "insert into grants (grant_id, user_id, query_type, amount, remaining, category, priority,"
        " expires_at, source_key, created_at) values ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9)",
        (
            grant.grant_id,
            order.user_id,
            order.query_type,
            order.amount,
            order.category,
            order.priority,
            order.expires_at,
            order.source_key,
            grant.created_at,
        ),
    )


def store_grants(grants: Iterable[Grant]) -> Script[None]:
    """Write what remains of each grant, and whether it has ended."""
    for grant in grants:
        yield Statement(
            "update grants set remaining = $1, ended_at = $2 where grant_id = $3",
            (grant.remaining, grant.ended_at, grant.grant_id),
        )


# The journal ------------------------------------------------------------------------------------


def insert_entries(
    user_id: str, query_type: str, entries: Iterable[Entry], now: int
) -> Script[None]:
    """Append to the journal; a key used before aborts the whole unit."""
    for entry in entries:
        yield Statement(
            "insert into journal (entry_key, kind, user_id, query_type, grant_id, amount, debt,"
            " call_id, attempt, at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            (
                entry.key,
                entry.kind,
                user_id,
                query_type,
                entry.grant_id,
                entry.amount,
                entry.debt,
                entry.call_id,
                entry.attempt,
                now,
            ),
        )


# Calls ------------------------------------------------------------------------------------------

_OUTCOME_OF_NEW = {"held": "running", "refused": "refused"}


def insert_call(
    order: HoldOrder, state: str, takes: Sequence[Take], now: int
) -> Script[None]:
    """Write the call's row, `held` or `refused`: it is the journal entry of its hold."""
    spans = len(takes) > 1
    yield Statement(
        "insert into calls (call_id, attempt, paywall_id, user_id, provider_id, query_type,"
        " epoch_id, amount, grant_id, held_at, state, outcome, ended_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
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
        ),
    )
    for take in takes if spans else ():
        yield Statement(
            "insert into call_takes (call_id, attempt, grant_id, amount) values ($1, $2, $3, $4)",
            (order.call_id, order.attempt, take.grant_id, take.amount),
        )


def move_call(
    order: HoldOrder, before: str, after: str, ending: Ending | None
) -> Script[bool]:
    """Move a call's state forward, if this attempt in this epoch still has it in `before`."""
    rows = yield Statement(
        "update calls set state = $1, outcome = coalesce($2, outcome),"
        " provider_status = coalesce($3, provider_status), ended_at = coalesce($4, ended_at)"
        " where call_id = $5 and attempt = $6 and epoch_id = $7 and state = $8"
        " returning call_id",
        (
            after,
            ending.outcome if ending else None,
            ending.provider_status if ending else None,
            ending.at if ending else None,
            order.call_id,
            order.attempt,
            order.epoch_id,
            before,
        ),
    )
    return bool(rows)


def end_call(order: HoldOrder, ending: Ending) -> Script[None]:
    """Write how a call ended that had not ended yet."""
    yield Statement(
        "update calls set outcome = $1, provider_status = $2, ended_at = $3"
        " where call_id = $4 and attempt = $5 and ended_at is null",
        (ending.outcome, ending.provider_status, ending.at, order.call_id, order.attempt),
    )


def find_state(order: HoldOrder) -> Script[str | None]:
    """Return the state of an attempt of this epoch."""
    rows = yield Statement(
        "select state from calls where call_id = $1 and attempt = $2 and epoch_id = $3",
        (order.call_id, order.attempt, order.epoch_id),
    )
    return rows[0][0] if rows else None


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


def count_left_early(user_id: str, since: int) -> Script[int]:
    """Count the user's calls that were voided because the page left early."""
    rows = yield Statement(
        "select count(*) from calls where user_id = $1 and ended_at > $2"
        " and state = 'voided' and outcome = 'aborted'",
        (user_id, since),
    )
    count: int = rows[0][0]
    return count


# Epochs -----------------------------------------------------------------------------------------


def insert_epoch(epoch_id: str, now: int) -> Script[None]:
    """Write that a worker has begun."""
    yield Statement(
        "insert into epochs (epoch_id, started_at, beat_at) values ($1, $2, $2)", (epoch_id, now)
    )


def end_epoch(epoch_id: str, now: int) -> Script[None]:
    """Write that a worker is over, by itself or found dead."""
    yield Statement(
        "update epochs set ended_at = $1 where epoch_id = $2 and ended_at is null", (now, epoch_id)
    )


def list_open_calls(epoch_id: str, most: int) -> Script[list[tuple[Any, ...]]]:
    """Read calls that have not ended and belong to other epochs, as `HoldOrder` and state."""
    rows = yield Statement(
        "select call_id, attempt, epoch_id, paywall_id, user_id, provider_id, query_type, amount,"
        " state from calls where ended_at is null and epoch_id <> $1 limit $2",
        (epoch_id, most),
    )
    return rows


def end_other_epochs(epoch_id: str, now: int) -> Script[None]:
    """Write that all other workers are over."""
    yield Statement(
        "update epochs set ended_at = $1 where ended_at is null and epoch_id <> $2", (now, epoch_id)
    )
