"""Credits that the owner gives by hand."""

from dataclasses import asdict, dataclass
from typing import Any

from tollbridge.gateway import ledger
from tollbridge.gateway.database import Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import list_balances
from tollbridge.gateway.identity.queries import find_user
from tollbridge.gateway.identity.refusals import no_identity
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.ledger import GrantOrder
from tollbridge.gateway.owner.changes import check_type
from tollbridge.gateway.owner.once import find_first_answer, keep_first_answer
from tollbridge.gateway.paywalls import need_paywall


@dataclass(frozen=True, slots=True)
class Gift:
    """What the owner gives to whom; `expires_at` in milliseconds since 1970, or None."""

    paywall_id: str
    user_id: str
    query_type: str
    amount: int
    expires_at: int | None = None


def give(gift: Gift, key: str | None, now: int) -> Script[tuple[dict[str, Any], bool]]:
    """Grant the credits; returns the answer and whether it had been given before.

    Under a `key` they are granted once; without one, each is a grant of its own.

    Raises:
        Refusal: `paywall_not_found`, `identity_not_found`, `type_required`, `invalid_request`
            where it would have expired already, `idempotency_mismatch`. Nothing changed.
    """
    paywall = yield from need_paywall(gift.paywall_id)
    content = {"change": "grant", **asdict(gift)}
    # The space keeps these keys apart from those of the owner's API, which cannot hold one.
    kept_under = None if key is None else f"user grant {key}"
    if kept_under is not None:
        first = yield from find_first_answer(gift.paywall_id, kept_under, content)
        if first is not None:
            return first, True
    if (yield from find_user(gift.paywall_id, gift.user_id)) is None:
        raise no_identity()
    check_type(paywall, gift.query_type)
    if gift.expires_at is not None and gift.expires_at <= now:
        raise Refusal("invalid_request", "The credits would have expired already.")
    source = new_id("change") if key is None else f"{gift.paywall_id}:{key}"
    order = GrantOrder(
        user_id=gift.user_id,
        query_type=gift.query_type,
        amount=gift.amount,
        source_key=f"user grant:{source}",
        category="paid",
        expires_at=gift.expires_at,
    )
    yield from ledger.grant(order, now)
    balances = yield from list_balances(paywall, gift.user_id, now)
    answer = {
        "user_id": gift.user_id,
        "type": gift.query_type,
        "amount": gift.amount,
        "count": next(row.count for row in balances if row.type == gift.query_type),
        "balances": [row.to_json() for row in balances],
    }
    if kept_under is not None:
        yield from keep_first_answer(gift.paywall_id, kept_under, content, answer, now)
    return answer, False
