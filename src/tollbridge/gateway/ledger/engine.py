"""The rules of credits, as pure functions of what is known: no I/O, no clock, no SQL.

An `Account` is everything that matters of one user's credits of one query type: its gate and its
live grants. Operations change it in memory and write down what they did; `close` gives the gate,
the grants and the journal entries that must be stored together, or not at all.

The order of use (priority, soonest expiry, promotional before paid, oldest) follows what billing
systems agree on for credit grants.
"""

from collections.abc import Iterable
from dataclasses import replace

from tollbridge.gateway.ledger.values import Entry, Gate, Grant, Take


class Account:
    """One user's credits of one query type, opened for changes at a moment.

    Opening it retires what has expired. While it is open no grant is seated: every credit stands
    in its grant. What always holds when it closes: available is the sum of what remains; debt
    above zero means that nothing remains.
    """

    def __init__(self, gate: Gate, grants: Iterable[Grant], *, now: int) -> None:
        """Open the account.

        Args:
            gate: The stored gate, or a fresh one.
            grants: The grants that live or have credit, and those that credit may return to, in
                any order; the seated one's row says 0.
            now: Milliseconds since 1970.
        """
        self._gate = gate
        self._now = now
        self._debt = gate.debt
        self._granted = gate.granted
        self._grants = {grant.grant_id: replace(grant) for grant in grants}
        self._stored = {grant_id: replace(grant) for grant_id, grant in self._grants.items()}
        if gate.seated_grant is not None:
            self._grants[gate.seated_grant].remaining += gate.seated_left
        self.entries: list[Entry] = []
        for grant in self._in_order():
            if self._has_expired(grant):
                self._retire(grant)

    @property
    def available(self) -> int:
        """Whole credits that can be taken now."""
        return sum(grant.remaining for grant in self._grants.values())

    def take(self, amount: int) -> tuple[Take, ...] | None:
        """Take credits out, from as many grants as it needs; None, and no change, if too few.

        Raises:
            ValueError: The amount is negative: it would make credits.
        """
        if amount < 0:
            raise ValueError(f"cannot take {amount} credits")
        if amount > self.available:
            return None
        takes = []
        for grant in self._in_order():
            part = min(amount, grant.remaining)
            if part:
                grant.remaining -= part
                amount -= part
                takes.append(Take(grant.grant_id, part))
        return tuple(takes)

    def debit(self, amount: int, *, key: str) -> bool:
        """Take credits out for good; False, and no change, if too few."""
        takes = self.take(amount)
        for part, take in enumerate(takes or ()):
            self._write(f"{key}:{part}", "debit", take.grant_id, -take.amount)
        return takes is not None

    def add(self, grant: Grant) -> None:
        """Let a new grant in; it pays debt first. One that has expired already adds nothing."""
        self._grants[grant.grant_id] = grant
        self._granted += grant.amount
        self._write(f"grant:{grant.grant_id}", "grant", grant.grant_id, grant.amount)
        self._settle(grant)

    def give_back(
        self, takes: Iterable[Take], *, kind: str, key: str, call_id: str, attempt: int
    ) -> None:
        """Return what a call took, each part to its own grant, where it expires with it.

        Args:
            takes: What the call took.
            kind: `void` or `reversal`.
            key: Makes the return unique.
            call_id: The call.
            attempt: Its attempt.
        """
        # In the order of use, so that which credit pays a debt does not depend on who asks.
        ordered = sorted(takes, key=lambda take: self._grants[take.grant_id].rank())
        for part, take in enumerate(ordered):
            grant = self._grants[take.grant_id]
            grant.remaining += take.amount
            self.entries.append(
                Entry(
                    f"{key}:{part}",
                    kind,
                    take.grant_id,
                    take.amount,
                    call_id=call_id,
                    attempt=attempt,
                )
            )
            self._settle(grant)

    def claw_back(self, grant_id: str) -> None:
        """Take a grant back whole: what is left of it, then of others; the rest becomes debt.

        Credits that running calls hold count as spent; should they come back, they pay the debt.
        A grant that has ended already is left as it is.
        """
        grant = self._grants[grant_id]
        if grant.ended_at is not None:
            return
        missing = grant.amount - grant.remaining
        key = f"claw_back:{grant_id}"
        if grant.remaining:
            self._write(f"{key}:{grant_id}", "claw_back", grant_id, -grant.remaining)
        grant.remaining = 0
        self._end(grant)
        covered = min(missing, self.available)
        for take in self.take(covered) or ():
            self._write(f"{key}:{take.grant_id}", "claw_back", take.grant_id, -take.amount)
        if missing > covered:
            self._debt += missing - covered
            self._write(f"{key}:debt", "debt", None, 0, debt=missing - covered)

    def close(self) -> tuple[Gate, list[Grant], list[Entry]]:
        """Seat the next grant; return the gate, the changed grants and the journal entries.

        The version rises by one, whatever was done.
        """
        available = self.available
        gate = Gate(
            available=available,
            granted=self._granted,
            debt=self._debt,
            version=self._gate.version + 1,
            expires_at=min(
                (
                    grant.expires_at
                    for grant in self._grants.values()
                    if grant.expires_at is not None and (grant.ended_at is None or grant.remaining)
                ),
                default=None,
            ),
        )
        for grant in self._in_order():
            if grant.remaining:
                gate.seated_grant, gate.seated_left = grant.grant_id, grant.remaining
                grant.remaining = 0
                break
        changed = [
            grant for grant_id, grant in self._grants.items() if grant != self._stored.get(grant_id)
        ]
        return gate, changed, self.entries

    def _in_order(self) -> list[Grant]:
        return sorted(self._grants.values(), key=Grant.rank)

    def _settle(self, grant: Grant) -> None:
        # A credit that arrives vanishes where its grant has expired, and else pays debt first. It
        # stays in a grant that was clawed back: the claw-back took its worth from elsewhere.
        if self._has_expired(grant):
            self._retire(grant)
        if self._debt and grant.remaining:
            paid = min(self._debt, grant.remaining)
            grant.remaining -= paid
            self._debt -= paid
            self._write(self._next_key("repay", grant), "repay", grant.grant_id, -paid, debt=-paid)

    def _has_expired(self, grant: Grant) -> bool:
        # Once it was seen to expire it has, although the clock may be a little earlier now; a grant
        # that was clawed back ended before its time.
        latest = self._now if grant.ended_at is None else max(self._now, grant.ended_at)
        return grant.expires_at is not None and grant.expires_at <= latest

    def _retire(self, grant: Grant) -> None:
        # A grant may retire more than once: a call may return credits to it after its end.
        if grant.remaining:
            self._write(self._next_key("expire", grant), "expire", grant.grant_id, -grant.remaining)
        grant.remaining = 0
        self._end(grant)

    def _end(self, grant: Grant) -> None:
        if grant.ended_at is None:
            grant.ended_at = self._now
            self._granted -= grant.amount

    def _next_key(self, kind: str, grant: Grant) -> str:
        # Unique, since a version of a balance row is closed once.
        return f"{kind}:{grant.grant_id}:{self._gate.version + 1}.{len(self.entries)}"

    def _write(
        self, key: str, kind: str, grant_id: str | None, amount: int, *, debt: int = 0
    ) -> None:
        self.entries.append(Entry(key, kind, grant_id, amount, debt))
