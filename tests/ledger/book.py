"""An account that lives in memory: what a store keeps of it, without a store."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tollbridge.gateway.ledger.engine import Account
from tollbridge.gateway.ledger.values import Entry, Gate, Grant


def a_grant(
    grant_id: str,
    amount: int,
    *,
    category: str = "paid",
    priority: int = 50,
    expires_at: int | None = None,
    created_at: int = 0,
) -> Grant:
    """Make a grant of which everything is left."""
    return Grant(grant_id, amount, amount, category, priority, expires_at, created_at)


class Book:
    """A gate, its grants and the journal, as they stand between two openings of the account."""

    def __init__(self, *grants: Grant, now: int = 0) -> None:
        """Begin with some grants."""
        self.gate = Gate()
        self.grants: dict[str, Grant] = {}
        self.journal: list[Entry] = []
        for grant in grants:
            with self.open(now) as account:
                account.add(replace(grant))

    @contextmanager
    def open(self, now: int = 0) -> Iterator[Account]:
        """Open the account and, at the end, keep what it says is to be stored."""
        account = Account(replace(self.gate), map(replace, self.grants.values()), now=now)
        yield account
        self.gate, changed, entries = account.close()
        self.grants |= {grant.grant_id: replace(grant) for grant in changed}
        self.journal += entries

    def left(self) -> dict[str, int]:
        """Say what is left of each grant that has something left, the seated one included."""
        left = {grant_id: grant.remaining for grant_id, grant in self.grants.items()}
        if self.gate.seated_grant is not None:
            left[self.gate.seated_grant] += self.gate.seated_left
        return {grant_id: amount for grant_id, amount in left.items() if amount}

    def written(self, kind: str) -> list[tuple[str | None, int]]:
        """List the (grant, amount) of the journal's entries of a kind."""
        return [(entry.grant_id, entry.amount) for entry in self.journal if entry.kind == kind]
