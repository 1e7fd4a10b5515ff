"""The statements about a store as a whole."""

from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.ledger.call_queries import list_beats


def holds_anybody() -> Script[bool]:
    """Tell whether there is a paywall or a user."""
    rows = yield Statement("select 1 from paywalls limit 1")
    rows += yield Statement("select 1 from users limit 1")
    return bool(rows)


def count_processes() -> Script[int]:
    """Count the gateway processes that are not over; a killed one is not until it is swept."""
    return len((yield from list_beats("")))
