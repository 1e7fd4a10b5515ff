"""Learns what an answer cost, where its headers did not tell or it broke off."""

import asyncio

from tollbridge.sdk import PaywallError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk import ApiGatewayClient
    from tollbridge.ui.transcript import Transcript, Version

# A call that broke off ends at the gateway a moment later than here.
RECEIPT_TRIES = 4
RECEIPT_PAUSE_S = 0.5


def lacks_receipt(version: "Version") -> bool:
    """Return whether only the receipt tells what a version cost. Pure."""
    failure = version.failure
    if failure is not None:
        return failure.charged is None
    return version.state in ("done", "stopped") and version.facts.credits is None


async def learn_charge(
    gateway: "ApiGatewayClient", transcript: "Transcript", version: "Version", key: str
) -> bool:
    """Write what a version cost into it, and into what its conversation has spent.

    Args:
        gateway: Whom to ask.
        transcript: Which it belongs to.
        version: Of an answer.
        key: The `Idempotency-Key` of its call, for a call without a known id.

    Returns:
        False where nobody knows: nothing is written then, and the page says nothing.
    """
    try:
        receipt = await _ended_receipt(gateway, version.facts.call_id, key)
    except PaywallError:
        return False
    if receipt is None:
        return False
    charged = receipt["credits_charged"]
    transcript.spent += charged - (version.facts.credits or 0)
    version.facts.credits = charged
    if version.failure is not None:
        version.failure.charged = charged
    return True


async def _ended_receipt(
    gateway: "ApiGatewayClient", call_id: str, key: str
) -> "dict[str, Any] | None":
    """Return what became of a call once it has ended; None where it runs on, or never was."""
    for _ in range(RECEIPT_TRIES):
        receipt = await gateway.get_receipt(call_id, key=key)
        if receipt is None or receipt["state"] != "running":
            return receipt
        await asyncio.sleep(RECEIPT_PAUSE_S)
    return None
