"""The engine against single coins: whatever is done, in whatever order, both count the same."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from tests.ledger.book import Book, a_grant
from tests.ledger.coins import GONE, Purse, Source
from tollbridge.gateway.ledger.values import Take

AMOUNTS = st.integers(1, 6)


class EngineLaws(RuleBasedStateMachine):
    """One account in memory, and one purse of coins."""

    grants = Bundle("grants")
    calls = Bundle("calls")

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.book = Book()
        self.purse = Purse()
        self.now = 0
        self.count = 0
        self.out: dict[Any, tuple[Take, ...]] = {}
        self.ever_taken: list[Take] = []

    def next(self, word: str) -> str:
        """Name something new."""
        self.count += 1
        return f"{word}_{self.count:04}"

    @rule(
        target=grants,
        amount=AMOUNTS,
        category=st.sampled_from(["promotional", "paid"]),
        priority=st.sampled_from([10, 50]),
        life=st.sampled_from([None, None, -1, 0, 1, 3]),
    )
    def grant(self, amount, category, priority, life):
        """Credits come in, some of them too late."""
        grant_id, until = self.next("grant"), None if life is None else self.now + life
        with self.book.open(self.now) as account:
            account.add(
                a_grant(
                    grant_id,
                    amount,
                    category=category,
                    priority=priority,
                    expires_at=until,
                    created_at=self.now,
                )
            )
        self.purse.put(Source(grant_id, amount, category, priority, until, self.now))
        return grant_id

    @rule(target=calls, amount=st.integers(0, 9))
    def take(self, amount):
        """A call takes credits, from the same grants and in the same order on both sides."""
        key = self.next("call")
        with self.book.open(self.now) as account:
            takes = account.take(amount)
        expected = self.purse.hand_to(key, amount)
        assert (takes is None) == (expected is None)
        self.out[key] = takes or ()
        self.ever_taken += takes or ()
        assert [(take.grant_id, take.amount) for take in takes or ()] == (expected or [])
        return key

    @rule(call=calls, kind=st.sampled_from(["void", "reversal"]))
    def give_back(self, call, kind):
        """A call returns its credits, once."""
        takes, self.out[call] = self.out[call], ()
        with self.book.open(self.now) as account:
            account.give_back(takes, kind=kind, key=f"{kind}:{call}", call_id=call, attempt=1)
        self.purse.take_back_from(call)

    @rule(amount=AMOUNTS)
    def debit(self, amount):
        """The owner takes credits for good, or cannot."""
        with self.book.open(self.now) as account:
            done = account.debit(amount, key=self.next("debit"))
        assert done == (self.purse.hand_to(GONE, amount) is not None)

    @rule(grant_id=grants)
    def claw_back(self, grant_id):
        """A grant is taken back, perhaps again."""
        with self.book.open(self.now) as account:
            account.claw_back(grant_id)
        self.purse.claw_back(grant_id)

    @rule(by=st.integers(1, 3))
    def pass_time(self, by):
        """Time passes; the book learns of it when it is opened next."""
        self.now += by
        self.purse.pass_time(self.now)

    @invariant()
    def both_count_the_same(self):
        """Balance, debt, live grants and what is left of each agree."""
        with self.book.open(self.now) as account:
            assert account.available == self.purse.available()
        assert self.book.gate.available == self.purse.available()
        assert self.book.gate.debt == self.purse.debt
        assert self.book.gate.granted == self.purse.granted()
        for grant_id in self.book.grants:
            assert self.book.left().get(grant_id, 0) == self.purse.left_of(grant_id)

    @invariant()
    def nothing_is_owed_while_something_is_left(self):
        """Debt means an empty balance, and nothing is ever below zero."""
        gate = self.book.gate
        assert gate.debt == 0 or gate.available == 0
        assert min(gate.available, gate.debt, gate.granted, gate.seated_left) >= 0

    @invariant()
    def the_journal_explains_what_is_left(self):
        """What is left of a grant is the sum of its entries, less what calls ever took."""
        keys = [entry.key for entry in self.book.journal]
        assert len(keys) == len(set(keys))
        left = {grant_id: 0 for grant_id in self.book.grants}
        for entry in self.book.journal:
            if entry.grant_id is not None:
                left[entry.grant_id] += entry.amount
        for take in self.ever_taken:
            left[take.grant_id] -= take.amount
        assert {grant_id: amount for grant_id, amount in left.items() if amount} == (
            self.book.left()
        )
        assert sum(entry.debt for entry in self.book.journal) == self.book.gate.debt


TestEngineLaws = pytest.mark.timeout(280)(EngineLaws.TestCase)  # with --long
TestEngineLaws.settings = settings(stateful_step_count=40)
