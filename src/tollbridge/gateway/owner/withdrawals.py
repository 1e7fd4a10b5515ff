"""`withdraw-tokens`: the published contract's older debit, in its own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tollbridge.gateway import ledger
from tollbridge.gateway.database import Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity.queries import find_user
from tollbridge.gateway.identity.refusals import no_identity
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.json_body import read_text
from tollbridge.gateway.owner.changes import read_amount, take
from tollbridge.gateway.owner.queries import OwnerKey

# Where a client of that contract expects a text in `error`; other refusals show their message.
_TEXTS = {
    "apikey_required": "API key is required",
    "invalid_api_key": "Invalid API key",
    "forbidden": "Unauthorized. You are not the owner of this paywall",
    "paywall_not_found": "Paywall not found",
    "identity_required": "User ID is required",
    "identity_not_found": "No balance found for this user and paywall",
    "insufficient": "Insufficient tokens",
}
INACTIVE = "API key is inactive"
DEFAULT_TYPE = "standard"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What is to be taken from whom."""

    paywall_id: str
    user_id: str
    tokens: int
    token_type: str


def read_withdrawal(body: Mapping[str, Any]) -> Withdrawal:
    """Read the body.

    Raises:
        Refusal: `paywall_required`, `identity_required`, `invalid_amount` or `invalid_request`.
    """
    paywall_id = read_text(body, "paywall_id")
    if paywall_id is None:
        raise Refusal("paywall_required", "Paywall ID is required")
    user_id = read_text(body, "user_id")
    if user_id is None:
        raise Refusal("identity_required", _TEXTS["identity_required"])
    tokens = read_amount(body.get("tokens"), "tokens")
    return Withdrawal(paywall_id, user_id, tokens, read_text(body, "token_type") or DEFAULT_TYPE)


def check_active(key: OwnerKey) -> None:
    """Refuse a revoked key as that contract has it: 403, not 401.

    Raises:
        Refusal: `forbidden`.
    """
    if key.revoked:
        raise Refusal("forbidden", INACTIVE, extra={"error": INACTIVE})


def withdraw(withdrawal: Withdrawal, now: int) -> Script[int]:
    """Take tokens from a user of the paywall and return what is left; all or nothing.

    Raises:
        Refusal: `identity_not_found` for an unknown user or one without any balance,
            `type_required` where they never had the type, `insufficient`. Nothing changed.
    """
    user = yield from find_user(withdrawal.paywall_id, withdrawal.user_id)
    known = (yield from ledger.balances(user.user_id, now)) if user else []
    if user is None or not known:
        raise no_identity()
    token_type = withdrawal.token_type
    if token_type not in [row.query_type for row in known]:
        raise Refusal("type_required", f"Token type {token_type[:64]} not found in user balance")
    entry_key = f"withdraw:{new_id('change')}"
    return (yield from take(user.user_id, token_type, withdrawal.tokens, entry_key, now))


def in_old_words(refusal: Refusal, tokens: int | None) -> Refusal:
    """Return a refusal with that contract's text in `error` and our code in `code`."""
    text = refusal.extra.get("error") or _TEXTS.get(refusal.code, refusal.message)
    extra = {**refusal.extra, "error": text, "code": refusal.code}
    if refusal.code == "insufficient":
        extra["requested"] = tokens
    return Refusal(
        refusal.code,
        refusal.message,
        details=refusal.details,
        extra=extra,
        headers=refusal.headers,
    )
