"""The bodies of error answers: built by the gateway, read by the SDK."""

from tollbridge.wire.balance import Balance, find_balance, read_balances

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SLUG = "abcdefghijklmnopqrstuvwxyz0123456789_.-"


def error_body(code: str, message: str, details: object, request_id: str) -> "dict[str, Any]":
    """Return the body of every error of the gateway's own."""
    return {"error": code, "message": message, "details": details, "request_id": request_id}


def quota_body(
    balances: list[Balance],
    query_type: str,
    held: int,
    message: str,
    request_id: str,
    hint: str = "",
) -> "dict[str, Any]":
    """Return the body of a 402.

    `details.balances` is nested as the published contract has it (its client reads only the first
    row); the flat `balances`, `balance_version` and `held` beside it are ours.

    Args:
        balances: All balances of the user, as `Balance`.
        query_type: The type that ran out.
        held: Credits of that type in calls that still run.
        message: A sentence for a person.
        request_id: The id that is also in the gateway's log.
        hint: What an operator can type to help; only the demo paywall sends one.
    """
    rows = [balance.to_json() for balance in balances]
    current = find_balance(balances, query_type)
    details: dict[str, Any] = {
        "balances": [{"balances": rows}],
        "queryType": query_type,
        "currentBalance": current.to_json() if current else None,
    }
    if hint:
        details["hint"] = hint
    body = error_body("not-enough-queries", message, details, request_id)
    body["balances"] = rows
    body["balance_version"] = current.version if current else 0
    body["held"] = held
    return body


def read_error(body: object, status: int) -> tuple[str, str]:
    """Return (code, message) of an error answer, whoever made it.

    The code is the body's `code`, else its `error` if that is a slug, else `http_<status>`;
    the message is the body's `message`, else an `error` that is a sentence, else the `message`
    inside an `error` object (how OpenAI and Anthropic answer), else "".
    """
    if not isinstance(body, dict):
        return f"http_{status}", ""
    code, error, message = body.get("code"), body.get("error"), body.get("message")
    if not isinstance(message, str):
        message = error.get("message") if isinstance(error, dict) else error
    if not isinstance(message, str) or (message == error and _is_slug(message)):
        message = ""
    if isinstance(code, str) and code:
        return code, message
    if isinstance(error, str) and _is_slug(error):
        return error, message
    return f"http_{status}", message


def read_quota(body: object) -> "tuple[list[Balance], str, Balance | None, int, str]":
    """Return (balances, query_type, current_balance, held, hint) of a 402's body.

    Unreadable parts come back empty ([], "", None, 0, ""): a 402 is a quota error whatever its
    body looks like. The nested list is read as the contract has it: rows of `{balances: [...]}`
    or a list of lists, first row only.
    """
    if not isinstance(body, dict):
        return [], "", None, 0, ""
    details = body.get("details")
    if not isinstance(details, dict):
        details = {}
    balances = _readable_balances(body.get("balances"), details.get("balances"))
    query_type = details.get("queryType")
    held, hint = body.get("held"), details.get("hint")
    return (
        balances,
        query_type if isinstance(query_type, str) else "",
        _readable(details.get("currentBalance")),
        held if isinstance(held, int) and not isinstance(held, bool) else 0,
        hint if isinstance(hint, str) else "",
    )


def _readable_balances(flat: object, nested: object) -> list[Balance]:
    first = nested[0] if isinstance(nested, list) and nested else None
    if isinstance(first, dict):
        first = first.get("balances")
    for candidate in (flat, first):
        try:
            return read_balances(candidate)
        except ValueError:
            continue
    return []


def _readable(value: object) -> "Balance | None":
    try:
        return Balance.from_json(value)
    except ValueError:
        return None


def _is_slug(text: str) -> bool:
    return 0 < len(text) <= 64 and all(char in _SLUG for char in text.lower())
