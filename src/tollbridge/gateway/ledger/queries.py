"""Statements for gates, grants and the journal. Each is one step; `scripts.py` joins them."""

from collections.abc import Iterable, Sequence

from tollbridge.gateway.database.script import Script, Statement, StoreUnavailable, locking
from tollbridge.gateway.ledger.values import BalanceRow, Entry, Gate, Grant, GrantOrder, HoldOrder

_GATE = "available, granted, debt, version, seated_grant, seated_left, expires_at"
_GRANT = "grant_id, amount, remaining, category, priority, expires_at, created_at, ended_at"


# The gate ---------------------------------------------------------------------------------------


def lock_gates(user_ids: Iterable[str]) -> Script[None]:
    """Keep others from these users' credits until the unit is over.

    Every unit that touches a gate begins with this, or locks gates in the same order: by user,
    then by type. Calls are locked after gates.
    """
    for user_id in sorted(user_ids):
        yield locking(
            "select 1 from balances where user_id = $1 order by query_type for update", (user_id,)
        )


def make_gate(user_id: str, query_type: str) -> Script[None]:
    """Have a row to lock where the user's first credits of a type come."""
    yield locking(
        "insert into balances (user_id, query_type, available, granted, debt, version, seated_left)"
        " values ($1, $2, 0, 0, 0, 0, 0) on conflict do nothing",
        (user_id, query_type),
    )


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
    """Write the gate as a whole.

    Raises:
        StoreUnavailable: It is not the one any longer that was read; nothing changed. That is a
            gate which was not there yet when the unit locked the others.
    """
    stored = yield Statement(
        f"insert into balances (user_id, query_type, {_GATE})"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (user_id, query_type) do update set available = $3, granted = $4,"
        " debt = $5, version = $6, seated_grant = $7, seated_left = $8, expires_at = $9"
        " where balances.version = $6 - 1 returning version",
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
    if not stored:
        raise StoreUnavailable("the balance has changed meanwhile")


def types_with_expired_grants(user_id: str, now: int) -> Script[list[str]]:
    """Name the user's query types where something has expired since the gate was closed."""
    rows = yield Statement(
        "select query_type from balances where user_id = $1 and expires_at <= $2"
        " order by query_type",
        (user_id, now),
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


def list_grants(user_id: str, query_type: str, *, also: Sequence[str] = ()) -> Script[list[Grant]]:
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
