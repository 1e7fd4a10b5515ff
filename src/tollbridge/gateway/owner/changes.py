"""An owner's changes of a user's credits: read from a body, and made in one unit."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tollbridge.gateway import ledger
from tollbridge.gateway.database import Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import list_balances
from tollbridge.gateway.identity.queries import User, find_user, find_user_by_email
from tollbridge.gateway.identity.refusals import no_identity
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.json_body import read_text
from tollbridge.gateway.ledger import GrantOrder, Insufficient
from tollbridge.gateway.owner.once import find_first_answer, keep_first_answer
from tollbridge.gateway.paywalls import Paywall

# Far above what anybody sells at once; sums stay exact in every JSON reader (2**53).
AMOUNT_MAX = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """What an owner's server asks for; one of `user_id` and `email` names the user."""

    user_id: str | None
    email: str | None
    type: str
    amount: int
    op: str


def read_change(body: Mapping[str, Any]) -> Change:
    """Read the body of `POST balances`.

    Raises:
        Refusal: `identity_required`, `type_required`, `invalid_amount`, `invalid_op`, or
            `invalid_request`.
    """
    user_id, email = read_text(body, "user_id"), read_text(body, "email")
    if user_id is None and email is None:
        raise Refusal("identity_required", "Name the user: 'user_id' or 'email'.")
    query_type = read_text(body, "type")
    if query_type is None:
        raise Refusal("type_required", "'type' is missing: a query type of the paywall.")
    amount = read_amount(body.get("amount"), "amount")
    op = body.get("op")
    if op not in ("credit", "debit"):
        raise Refusal("invalid_op", "'op' must be 'credit' or 'debit'.")
    return Change(user_id, email, query_type, amount, op)


def read_amount(value: object, name: str) -> int:
    """Return a number of credits as it is.

    Raises:
        Refusal: `invalid_amount`: it is not a whole number from 1 to `AMOUNT_MAX`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= AMOUNT_MAX:
        raise Refusal("invalid_amount", f"{name!r} must be a whole number from 1 to {AMOUNT_MAX}.")
    return value


def check_type(paywall: Paywall, query_type: str) -> None:
    """Refuse a query type that the paywall does not have.

    Raises:
        Refusal: `type_required`.
    """
    if query_type not in paywall.query_types:
        known = ", ".join(paywall.query_types) or "none yet"
        raise Refusal(
            "type_required",
            f"{query_type[:64]!r} is no query type of this paywall; it has: {known}.",
            details={"types": list(paywall.query_types)},
        )


def change_balance(
    paywall: Paywall, change: Change, key: str | None, now: int
) -> Script[tuple[dict[str, Any], bool]]:
    """Credit or debit a user; returns the answer and whether it had been given before.

    All in one unit: the change is exact against calls that run, and a debit takes all or nothing.
    Under a `key` the change is made once; without one, each is a change of its own.

    Raises:
        Refusal: `type_required`, `identity_not_found`, `insufficient` with `available`, or
            `idempotency_mismatch`. Nothing changed.
    """
    content = {"change": "balances", **asdict(change)}
    if key is not None:
        first = yield from find_first_answer(paywall.paywall_id, key, content)
        if first is not None:
            return first, True
    check_type(paywall, change.type)
    user = yield from _find_user(paywall.paywall_id, change)
    if user is None:
        raise no_identity()
    entry_key = f"owner:{paywall.paywall_id}:{key}" if key else f"owner:{new_id('change')}"
    if change.op == "credit":
        yield from ledger.grant(
            GrantOrder(user.user_id, change.type, change.amount, entry_key, category="paid"), now
        )
    else:
        yield from take(user.user_id, change.type, change.amount, entry_key, now)
    balances = yield from list_balances(paywall, user.user_id, now)
    answer = {
        "success": True,
        "user_id": user.user_id,
        "type": change.type,
        "count": next(row.count for row in balances if row.type == change.type),
        "balances": [row.to_json() for row in balances],
    }
    if key is not None:
        yield from keep_first_answer(paywall.paywall_id, key, content, answer, now)
    return answer, False


def take(user_id: str, query_type: str, amount: int, entry_key: str, now: int) -> Script[int]:
    """Debit a user and return what is left.

    Raises:
        Refusal: `insufficient` with `available` at the top level; nothing changed.
    """
    taken = yield from ledger.debit(user_id, query_type, amount, entry_key, now)
    if isinstance(taken, Insufficient):
        raise Refusal(
            "insufficient",
            f"The user has {taken.available} of {query_type!r}, {amount} were asked for.",
            extra={"available": taken.available},
        )
    return taken.available


def _find_user(paywall_id: str, change: Change) -> Script[User | None]:
    if change.user_id is not None:
        return (yield from find_user(paywall_id, change.user_id))
    return (yield from find_user_by_email(paywall_id, change.email or ""))
