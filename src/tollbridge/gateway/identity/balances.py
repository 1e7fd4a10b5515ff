"""A user's balances as the wire shows them: a row for each query type of the paywall."""

from collections.abc import Iterable

from tollbridge.gateway import ledger
from tollbridge.gateway.database import Script
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.providers.queries import has_provider
from tollbridge.wire.balance import Balance


def balances_shown(rows: Iterable[ledger.BalanceRow], paywall: Paywall) -> list[Balance]:
    """Return every query type of the paywall, with 0 where the user never had any of it."""
    found = {row.query_type: row for row in rows}
    shown = []
    for query_type in paywall.query_types:
        row = found.get(query_type) or ledger.BalanceRow(query_type, 0, 0, 0)
        shown.append(Balance(query_type, row.available, row.version, row.granted))
    return shown


def list_balances(paywall: Paywall, user_id: str, now: int) -> Script[list[Balance]]:
    """List the user's balance of every query type of the paywall.

    A script to write: the ledger retires on the way what has expired.
    """
    return balances_shown((yield from ledger.balances(user_id, now)), paywall)


def list_for_page(paywall: Paywall, user_id: str, now: int) -> Script[list[Balance]]:
    """List what the user's page may see: nothing where there is nothing to call."""
    if not paywall.tokenization or not (yield from has_provider(paywall.paywall_id)):
        return []
    return (yield from list_balances(paywall, user_id, now))
