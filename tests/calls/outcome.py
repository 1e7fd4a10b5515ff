"""What a call has come to: its receipt, the balance, the ledger."""

from typing import Any

from tests.support.world import PROVIDER, TRIAL_CREDITS, TYPE, Receipt, Visitor, World
from tollbridge.gateway.clock import parse_rfc3339

FIELDS = (
    "call_id",
    "provider_id",
    "query_type",
    "state",
    "credits_charged",
    "created_at",
    "ended_at",
    "provider_status",
)


async def check_outcome(
    world: World,
    visitor: Visitor,
    state: str,
    *,
    charged: int = 0,
    provider_status: int | None = None,
    left: int | None = None,
) -> Receipt:
    """Look at a visitor's newest call once it has ended: receipt, balance and ledger agree.

    Args:
        world: Where it happened.
        visitor: Whose call it was.
        state: What the receipt calls it.
        charged: What it cost.
        provider_status: What the provider answered, or None.
        left: The credits left; by default the trial's less what this call cost.
    """
    receipt = await world.newest_receipt(visitor)
    assert await world.receipt(visitor, receipt["call_id"]) == receipt
    check_form(receipt)
    found = (receipt["state"], receipt["credits_charged"], receipt["provider_status"])
    assert found == (state, charged, provider_status)
    assert await world.balance(visitor) == (TRIAL_CREDITS - charged if left is None else left)
    assert await world.verify() == []
    return receipt


def check_form(receipt: dict[str, Any]) -> None:
    """Look that a receipt has the fields it should have, and times in their order."""
    assert tuple(receipt) == FIELDS
    assert receipt["call_id"].startswith("call_")
    assert (receipt["provider_id"], receipt["query_type"]) == (PROVIDER, TYPE)
    assert receipt["created_at"].endswith("Z")
    assert parse_rfc3339(receipt["created_at"]) <= parse_rfc3339(receipt["ended_at"])
