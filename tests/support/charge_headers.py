"""What the headers of a charged call say of its cost, as gateways of different kinds do it."""

from tollbridge.wire import Balance
from tollbridge.wire import headers as names


def exact(row: Balance) -> dict[str, str]:
    """Say what our gateway says of a call that cost one credit."""
    return {
        names.QUERY_TYPE: row.type,
        names.CREDITS_CHARGED: "1",
        names.CREDITS_REMAINING: str(row.count),
        names.BALANCE_VERSION: str(row.version),
    }


def type_only(row: Balance) -> dict[str, str]:
    """Say what the published contract's gateway says."""
    return {names.QUERY_TYPE: row.type}


def untold(row: Balance) -> dict[str, str]:
    """Say nothing of what it cost."""
    return {}
