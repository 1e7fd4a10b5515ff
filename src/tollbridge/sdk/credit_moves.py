"""Requests that change balances: a voucher, and an owner's credits and debits.

The gateway does each of them once, however often it comes: it knows who redeemed a voucher, and the
key of a credit. So a `Replay` carries them: where the answer was lost, the same is sent once more.
"""

from tollbridge.sdk.errors import ConfigError, PaywallError
from tollbridge.sdk.replay import key_for
from tollbridge.wire import Balance, find_balance, read_balances
from tollbridge.wire import headers as names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.exchange import Exchange
    from tollbridge.sdk.transport import Transport

CREDIT = "credit"
DEBIT = "debit"


def check_code(code: object) -> str:
    """Return a voucher's code, without white space around it.

    Raises:
        ConfigError: `invalid_argument`: it is empty, or no text.
    """
    trimmed = code.strip() if isinstance(code, str) else ""
    if not trimmed:
        raise ConfigError("invalid_argument", "code must be the text of a voucher")
    return trimmed


def check_move(
    op: str,
    type: object,
    amount: object,
    api_key: "str | None",
    identity: "dict[str, str] | None",
    idempotency_key: "str | None",
) -> "tuple[dict[str, Any], dict[str, str]]":
    """Return the body and the headers of a credit or debit.

    Args:
        op: `CREDIT` or `DEBIT`.
        type: The query type.
        amount: Credits.
        api_key: The owner's.
        identity: Whose credits.
        idempotency_key: Under which it happens once; None makes one.

    Raises:
        ConfigError: `apikey_required`, `identity_required` or `invalid_argument`.
    """
    if api_key is None:
        raise ConfigError("apikey_required", "moving credits needs the owner's api_key")
    if identity is None:
        raise ConfigError(
            "identity_required", "say whose credits: identity={'user_id': …} or {'email': …}"
        )
    if not isinstance(type, str) or not type:
        raise ConfigError("invalid_argument", f"type must be a query type, not {type!r}")
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0:
        raise ConfigError(
            "invalid_argument", f"amount must be a whole number above 0, not {amount!r}"
        )
    headers = {names.API_KEY: api_key}
    if idempotency_key is not None:
        headers[names.IDEMPOTENCY_KEY] = idempotency_key
    headers[names.IDEMPOTENCY_KEY] = key_for(headers)
    sent: dict[str, Any] = {"type": type, "amount": amount, "op": op}
    sent.update(identity)
    return sent, headers


async def redeem(
    exchange: "Exchange", carrier: "Transport", code: str
) -> tuple[str, list[Balance]]:
    """Redeem a voucher for whoever is signed in: (the type that grew, every balance).

    Raises:
        PaywallError: `voucher_invalid`, `rate_limited`, or another refusal; nothing changed. After
            a `NetworkError` it may have.
    """
    answer = await exchange.post("vouchers/redeem", {"code": code}, carrier=carrier)
    rows = _rows(answer)
    query_type = answer.get("type") if isinstance(answer, dict) else None
    return (query_type if isinstance(query_type, str) else ""), rows


async def move(
    exchange: "Exchange", carrier: "Transport", sent: "dict[str, Any]", headers: dict[str, str]
) -> Balance:
    """Give or take credits with the owner's key; returns what is then left of the type.

    Raises:
        PaywallError: The gateway refused, and nothing changed; after a `NetworkError` it may have.
    """
    answer = await exchange.post("balances", sent, headers=headers, carrier=carrier)
    return find_balance(_rows(answer), sent["type"]) or Balance(sent["type"], 0)


def _rows(answer: object) -> list[Balance]:
    try:
        return read_balances(answer.get("balances") if isinstance(answer, dict) else None)
    except ValueError as error:
        raise PaywallError("unknown", f"The gateway sent no balances: {error}", body=answer)
