"""What became of a call: receipts, from the latest attempt's row."""

from typing import Any

from tollbridge.gateway.clock import rfc3339
from tollbridge.gateway.database.script import Script, Statement
from tollbridge.gateway.ids import may_be_id

_COLUMNS = (
    "call_id, paywall_id, user_id, provider_id, query_type, outcome, state, amount, held_at,"
    " ended_at, provider_status"
)
_LATEST = "attempt = (select max(attempt) from calls other where other.call_id = calls.call_id)"


def find_call(call_id: str) -> Script[dict[str, Any] | None]:
    """Read one call as a receipt with `paywall_id` and `user_id` beside it."""
    if not may_be_id(call_id):
        return None
    rows = yield Statement(
        f"select {_COLUMNS} from calls where call_id = $1 order by attempt desc limit 1", (call_id,)
    )
    return _listed(rows[0]) if rows else None


def find_call_by_key(key_hash: bytes) -> Script[dict[str, Any] | None]:
    """Read the call that was made under a key, as `find_call` does."""
    rows = yield Statement(
        f"select {_COLUMNS} from calls where key_hash = $1 order by attempt desc limit 1",
        (key_hash,),
    )
    return _listed(rows[0]) if rows else None


def list_calls(
    paywall_id: str | None, user_id: str | None, limit: int
) -> Script[list[dict[str, Any]]]:
    """Read the newest calls, newest first: call ids sort by time."""
    rows = yield Statement(
        f"select {_COLUMNS} from calls where {_LATEST}"
        " and paywall_id = coalesce($1, paywall_id) and user_id = coalesce($2, user_id)"
        " order by call_id desc limit $3",
        (paywall_id, user_id, limit),
    )
    return [_listed(row) for row in rows]


def receipt(call: dict[str, Any]) -> dict[str, Any]:
    """Return what the user of the call may see of it."""
    return {name: value for name, value in call.items() if name not in ("paywall_id", "user_id")}


def _listed(row: tuple[Any, ...]) -> dict[str, Any]:
    call_id, paywall_id, user_id, provider_id, query_type, outcome, state = row[:7]
    amount, held_at, ended_at, provider_status = row[7:]
    return {
        "call_id": call_id,
        "paywall_id": paywall_id,
        "user_id": user_id,
        "provider_id": provider_id,
        "query_type": query_type,
        "state": outcome,
        "credits_charged": amount if state == "settled" else 0,
        "created_at": rfc3339(held_at),
        "ended_at": rfc3339(ended_at),
        "provider_status": provider_status,
    }
