"""The ledger against single coins, in a real store: commands, repeats, time, crashes, sweeps."""

from dataclasses import replace
from math import inf

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from tests.ledger.coins import GONE, Source
from tests.ledger.people import hold_order, hold_shortcut
from tests.ledger.two_ledgers import ACCOUNTS, ExpectedCall, TwoLedgers
from tests.support.stores import POSTGRES, SQLITE
from tollbridge.gateway import ledger
from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.ledger import (
    Debited,
    GrantOrder,
    Hold,
    HoldLost,
    Insufficient,
    NotEnough,
    SourceKeyReused,
    queries,
)

MORE_THAN_LEFT = "more than is left"
accounts = st.sampled_from(ACCOUNTS)
costs = st.sampled_from([0, 1, 1, 3, MORE_THAN_LEFT])


class LedgerLaws(RuleBasedStateMachine):
    """Two users with two query types each; several calls under way at any time."""

    grants = Bundle("grants")
    calls = Bundle("calls")
    debits = Bundle("debits")
    kind = SQLITE

    def __init__(self) -> None:
        """Begin with users who have nothing."""
        super().__init__()
        self.two = TwoLedgers(self.kind)
        self.epoch_id = "epoch_0"

    def teardown(self) -> None:
        """Let go of the store."""
        self.two.close()

    @rule(
        target=grants,
        account=accounts,
        amount=st.integers(1, 5),
        category=st.sampled_from(["promotional", "paid"]),
        priority=st.sampled_from([10, 50]),
        life=st.sampled_from([None, None, -1, 0, 1, 20, 60]),
    )
    def grant(self, account, amount, category, priority, life):
        """Credits come in, some of them too late."""
        two, until = self.two, None if life is None else self.two.now + life
        order = GrantOrder(*account, amount, two.name("source"), category, priority, until)
        answer = two.write(ledger.grant(order, two.now))
        purse = two.purses[account]
        purse.put(Source(answer.grant_id, amount, category, priority, until, two.now))
        assert (answer.available, answer.repeated) == (purse.available(), False)
        return order, answer.grant_id

    @rule(known=grants)
    def grant_again(self, known):
        """The same source with the same content gives its first grant again."""
        order, grant_id = known
        answer = self.two.write(ledger.grant(order, self.two.now))
        assert (answer.grant_id, answer.repeated) == (grant_id, True)
        purse = self.two.purses[order.user_id, order.query_type]
        assert answer.available == purse.available()

    @rule(
        known=grants,
        other=st.sampled_from(
            [{"amount": 9}, {"category": "x"}, {"priority": 1}, {"expires_at": 1}]
        ),
    )
    def grant_other_content(self, known, other):
        """The same source with other content is refused."""
        script = ledger.grant(replace(known[0], **other), self.two.now)
        self.two.write_unchanged(script, SourceKeyReused)

    @rule(known=grants)
    def claw_back(self, known):
        """A grant is taken back, perhaps again."""
        order, grant_id = known
        self.two.write(ledger.claw_back(grant_id, self.two.now))
        self.two.purses[order.user_id, order.query_type].claw_back(grant_id)

    @rule(target=calls, account=accounts, cost=costs)
    def hold(self, account, cost):
        """A new call asks for its cost."""
        return self._hold(self.two.name("call"), 1, account, cost)

    @rule(target=calls, call=calls, cost=costs)
    def hold_next_attempt(self, call, cost):
        """A call is tried again, as a new attempt."""
        call_id = call.key[0]
        newest = max(key[1] for key in self.two.calls if key[0] == call_id)
        return self._hold(call_id, newest + 1, call.account, cost)

    @rule(call=calls)
    def hold_same_attempt(self, call):
        """An attempt is written once."""
        script = ledger.hold(call.hold.order, self.two.now)
        self.two.write_unchanged(script, StoreUnavailable)

    @rule(call=calls, ends=st.booleans())
    def settle(self, call, ends):
        """A hold becomes a charge, with or without its ending."""
        script = ledger.settle(call.hold, self.two.ending("ok") if ends else None)
        if call.state != "held":
            self.two.write_unchanged(script, HoldLost)
        else:
            self.two.write(script)
            call.state, call.ended = "settled", ends

    @rule(call=calls)
    def void(self, call):
        """A hold is given back."""
        script = ledger.void(call.hold, self.two.ending("failed"))
        if call.state != "held":
            self.two.write_unchanged(script, HoldLost)
        else:
            available, _ = self.two.write(script)
            self._take_back(call, "voided")
            assert available == self.two.purses[call.account].available()

    @rule(call=calls)
    def reverse(self, call):
        """A charge is taken back, once over all attempts of its call."""
        script = ledger.reverse(call.hold, self.two.ending("broken"))
        if call.state not in ("settled", "reversed"):
            self.two.write_unchanged(script, HoldLost)
            return
        done = self.two.write(script)
        assert done == (call.state == "reversed" or not self._was_reversed(call))
        self._expect_reversal(call)

    @rule(call=calls)
    def end(self, call):
        """A charged call's ending is written; it changes no credit."""
        self.two.write(ledger.end(call.hold, self.two.ending("ok")))
        call.ended = call.ended or call.state != "held"

    @rule(call=calls)
    def undo(self, call):
        """No charge is left behind, whatever had happened."""
        found = self.two.write(ledger.undo(call.hold.order, self.two.ending("failed")))
        assert found == call.state
        if call.state == "held":
            self._take_back(call, "voided")
        self._expect_reversal(call)

    @rule()
    def undo_what_never_was(self):
        """A call of which nothing was committed has nothing to undo."""
        order = hold_order(self.two.name("call"))
        assert self.two.write(ledger.undo(order, self.two.ending("failed"))) == "none"

    @rule(target=debits, account=accounts, amount=st.integers(1, 4))
    def debit(self, account, amount):
        """The owner takes credits for good, or cannot."""
        key, purse = self.two.name("debit"), self.two.purses[account]
        left = purse.available()
        answer = self.two.write(ledger.debit(*account, amount, key, self.two.now))
        if purse.hand_to(GONE, amount) is None:
            assert answer == Insufficient(left)
            return multiple()
        assert isinstance(answer, Debited)
        assert answer.available == left - amount
        return account, key

    @rule(done=debits, amount=st.integers(1, 4))
    def debit_again(self, done, amount):
        """A debit's key works once, whatever the credits would come from."""
        account, key = done
        if self.two.purses[account].available() >= amount:
            script = ledger.debit(*account, amount, key, self.two.now)
            self.two.write_unchanged(script, StoreUnavailable)

    @rule(account=accounts, amount=st.integers(1, 4))
    def many_at_once(self, account, amount):
        """Six callers in both ways want the same at once; as many get it as it is enough for."""
        orders = [self._order(self.two.name("call"), 1, account, amount) for _ in range(6)]
        answers = self.two.write_at_once(
            [ledger.hold(order, self.two.now) for order in orders],
            [hold_shortcut(o, self.two.now) if n % 2 else None for n, o in enumerate(orders)],
        )
        served = sorted(
            zip(orders, answers, strict=True),  # in the order in which they were
            key=lambda one: one[1].version if isinstance(one[1], Hold) else inf,
        )
        for order, answer in served:
            self._expect_hold(order, answer, account)

    @rule(account=accounts)
    def balances(self, account):
        """The balances are what the coins say, at any moment."""
        for row in self.two.write(ledger.balances(account[0], self.two.now)):
            purse = self.two.purses[account[0], row.query_type]
            assert (row.available, row.granted) == (purse.available(), purse.granted())

    @rule(by_ms=st.sampled_from([1, 20, 60]))
    def pass_time(self, by_ms):
        """Time passes."""
        self.two.pass_time(by_ms)

    @rule()
    def stop_and_start(self):
        """The gateway is stopped and started; nothing is lost."""
        self.two.stop_and_start()

    @rule()
    def crash_and_start(self):
        """The gateway dies and is started; nothing that was committed is lost."""
        self.two.crash_and_start()

    @rule(most=st.integers(1, 3))
    def sweep(self, most):
        """A new worker closes what dead ones left open, a few calls at a time."""
        self.epoch_id = self.two.name("epoch")
        self.two.write(ledger.begin_epoch(self.epoch_id, self.two.now))
        while self.two.write(ledger.sweep(self.epoch_id, self.two.now, most=most)) == most:
            pass
        for call in self.two.calls.values():
            if call.state == "held":
                self._take_back(call, "voided")
            call.ended = True

    @invariant()
    def both_agree(self):
        """Balances, grants, calls and journal agree with the coins and with each other."""
        self.two.compare()

    def _hold(self, call_id, attempt, account, cost):
        order = self._order(call_id, attempt, account, cost)
        return self._expect_hold(order, self.two.write(ledger.hold(order, self.two.now)), account)

    def _order(self, call_id, attempt, account, cost):
        if cost == MORE_THAN_LEFT:
            cost = self.two.purses[account].available() + 1
        return hold_order(
            call_id,
            cost,
            attempt=attempt,
            user_id=account[0],
            query_type=account[1],
            epoch_id=self.epoch_id,
        )

    def _expect_hold(self, order, answer, account):
        purse = self.two.purses[account]
        takes = purse.hand_to((order.call_id, order.attempt), order.amount)
        if takes is None:
            assert isinstance(answer, NotEnough)
            assert answer.held == self._held(account)
            call = ExpectedCall(Hold(order, (), 0, 0), account, 0, "refused", ended=True)
        else:
            assert isinstance(answer, Hold)
            assert [(take.grant_id, take.amount) for take in answer.takes] == takes
            assert answer.available == purse.available()
            call = ExpectedCall(answer, account, order.amount)
        self.two.calls[call.key] = call
        return call

    def _held(self, account):
        calls = self.two.calls.values()
        return sum(c.amount for c in calls if c.account == account and c.state == "held")

    def _take_back(self, call, state):
        call.state, call.ended = state, True
        self.two.purses[call.account].take_back_from(call.key)

    def _expect_reversal(self, call):
        if call.state == "settled":
            call.ended = True
            if not self._was_reversed(call):
                self._take_back(call, "reversed")

    def _was_reversed(self, call):
        calls = self.two.calls.values()
        return any(c.key[0] == call.key[0] and c.state == "reversed" for c in calls)


class PostgresLaws(LedgerLaws):
    """The same with round trips: what has a shortcut goes both ways, and both give one answer."""

    kind = POSTGRES

    @rule(target=LedgerLaws.calls, account=accounts, cost=costs)
    def hold_by_shortcut(self, account, cost):
        """It answers what the script would, and serves just those who pass the gate alone."""
        order = self._order(self.two.name("call"), 1, account, cost)
        script = self.two.rehearse(ledger.hold(order, self.two.now))
        passes = self.two.rehearse(queries.pass_gate(order, self.two.now)) is not None
        answer, served = self._write(
            ledger.hold(order, self.two.now), hold_shortcut(order, self.two.now)
        )
        assert answer == script
        assert served == (passes and order.amount > 0)
        return self._expect_hold(order, answer, account)

    @rule(call=LedgerLaws.calls)
    def hold_same_attempt_by_shortcut(self, call):
        """An attempt is written once, whichever way it comes the second time."""
        order = call.hold.order
        if shortcut := hold_shortcut(order, self.two.now):
            script = ledger.hold(order, self.two.now)
            self.two.write_unchanged(script, StoreUnavailable, shortcut)

    @rule(call=LedgerLaws.calls)
    def settle_by_shortcut(self, call):
        """It serves those whose hold still stands, and nobody else."""
        script, shortcut = ledger.settle(call.hold), ledger.settle_shortcut(call.hold)
        if call.state != "held":
            self.two.write_unchanged(script, HoldLost, shortcut)
            return
        answer, served = self._write(script, shortcut)
        assert served
        assert answer == call.hold
        call.state = "settled"

    @rule(call=LedgerLaws.calls)
    def settle_by_shortcut_in_another_epoch(self, call):
        """A hold belongs to the epoch that made it."""
        stranger = replace(call.hold, order=replace(call.hold.order, epoch_id="epoch_else"))
        script, shortcut = ledger.settle(stranger), ledger.settle_shortcut(stranger)
        self.two.write_unchanged(script, HoldLost, shortcut)

    @rule(call=LedgerLaws.calls)
    def end_by_shortcut(self, call):
        """It serves everybody, and writes an ending where there is none."""
        ending = self.two.ending("ok")
        _, served = self._write(
            ledger.end(call.hold, ending), ledger.end_shortcut(call.hold, ending)
        )
        assert served
        call.ended = call.ended or call.state != "held"

    def _write(self, script, shortcut):
        run = []

        def noting():
            run.append(True)
            return (yield from script)

        return self.two.write(noting(), shortcut), not run


TestLedgerLaws = pytest.mark.timeout(280)(LedgerLaws.TestCase)  # with --long
TestLedgerLaws.settings = settings(stateful_step_count=40)
TestPostgresLaws = pytest.mark.timeout(900)(PostgresLaws.TestCase)  # with --long
TestPostgresLaws.settings = settings(
    max_examples=settings().max_examples // 5, stateful_step_count=40
)
