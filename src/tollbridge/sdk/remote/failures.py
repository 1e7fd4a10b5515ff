"""Errors on their way over a line: flat on one side, of their own class again on the other. Pure.

Classes are not the same on both sides, so a class travels as a word beside the stable `code`,
`status` and `details`. An answer's `body` stays where it was read.
"""

from tollbridge.sdk.errors import (
    AbortedError,
    ConfigError,
    NetworkError,
    PaywallError,
    ProviderError,
    QuotaExceededError,
    SessionError,
)
from tollbridge.wire import find_balance, read_balances

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_QUOTA, _NETWORK, _ABORTED, _ANY = "quota", "network", "aborted", "paywall"
_WITH_STATUS = (("session", SessionError), ("provider", ProviderError), ("config", ConfigError))
# The narrower class first; the last one is every other's parent.
_OWN = ((_QUOTA, QuotaExceededError), (_NETWORK, NetworkError), (_ABORTED, AbortedError))
_TYPES = _OWN + _WITH_STATUS + ((_ANY, PaywallError),)
UNKNOWN = "unknown"


def failure_to_json(error: Exception) -> "dict[str, Any]":
    """Return what travels of an error; of one that is not ours only that there was one."""
    if not isinstance(error, PaywallError):
        # Its words may hold anything, and they are no use to who asked.
        return {"type": _ANY, "code": UNKNOWN, "message": "Something went wrong inside."}
    told: dict[str, Any] = {
        "type": next(word for word, kind in _TYPES if isinstance(error, kind)),
        "code": error.code,
        "message": error.message,
        "status": error.status,
        "details": error.details,
        "request_id": error.request_id,
        "call_id": error.call_id,
        "retry_after_s": error.retry_after_s,
    }
    if isinstance(error, QuotaExceededError):
        told["balances"] = [balance.to_json() for balance in error.balances]
        told["query_type"] = error.query_type
        told["held"] = error.held
        told["hint"] = error.hint
    return told


def failure_from_json(value: object) -> PaywallError:
    """Return the error that `failure_to_json` told of; a plain one where that cannot be read."""
    told = value if isinstance(value, dict) else {}
    word, code, message = told.get("type"), _text(told, "code") or UNKNOWN, _text(told, "message")
    common: dict[str, Any] = {
        "details": told.get("details"),
        "request_id": _text(told, "request_id"),
        "call_id": _text(told, "call_id"),
        "retry_after_s": _whole(told, "retry_after_s"),
    }
    if word == _QUOTA:
        return _quota(told, message, common)
    if word == _NETWORK:
        return NetworkError(message)
    if word == _ABORTED:
        return AbortedError(message)
    common["status"] = _whole(told, "status") or 0
    for known, kind in _WITH_STATUS:
        if known == word:
            return kind(code, message, **common)
    return PaywallError(code, message, **common)


def _quota(told: "dict[str, Any]", message: str, common: "dict[str, Any]") -> QuotaExceededError:
    try:
        balances = read_balances(told.get("balances"))
    except ValueError:
        balances = []
    query_type = _text(told, "query_type")
    return QuotaExceededError(
        message,
        balances=balances,
        query_type=query_type,
        current_balance=find_balance(balances, query_type),
        held=_whole(told, "held") or 0,
        hint=_text(told, "hint"),
        **common,
    )


def _text(told: "dict[str, Any]", name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


def _whole(told: "dict[str, Any]", name: str) -> "int | None":
    value = told.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
