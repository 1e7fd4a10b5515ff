"""Receipts: what became of a call, and what it cost."""

from tollbridge.sdk.errors import ConfigError, PaywallError
from tollbridge.wire import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.exchange import Exchange


async def get_receipt(exchange: "Exchange", call_id: str, key: str) -> "dict[str, Any] | None":
    """Ask for the receipt of a call, by its id or else by its key; None where there is no call.

    Raises:
        ConfigError: `invalid_argument`: neither was given.
        PaywallError: The gateway refused, or what it answered is no receipt.
    """
    if not call_id and not key:
        raise ConfigError("invalid_argument", "name the call: its id, or key=…")
    if call_id:
        receipt = await exchange.get(f"calls/{paths.quote(call_id)}")
    else:
        body = await exchange.get(f"calls?key={paths.quote(key)}")
        calls = body.get("calls") if isinstance(body, dict) else None
        if not isinstance(calls, list):
            raise PaywallError("unknown", "The gateway sent no list of calls.", body=body)
        if not calls:
            return None
        receipt = calls[0]
    charged = receipt.get("credits_charged") if isinstance(receipt, dict) else None
    if not isinstance(receipt, dict) or not isinstance(charged, int):
        raise PaywallError("unknown", "The gateway sent no receipt.", body=receipt)
    return receipt
