"""The credit of one call: held, settled, given back. The only part of a call that writes."""

from dataclasses import dataclass, replace
from typing import Any

from tollbridge.gateway import ledger
from tollbridge.gateway.calls import charge, repeats
from tollbridge.gateway.calls.answer import Progress
from tollbridge.gateway.calls.charge import Action, Stop, judge
from tollbridge.gateway.calls.heart import Heart
from tollbridge.gateway.calls.repairs import Repairs
from tollbridge.gateway.calls.repeats import Charged
from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, Script, Shortcut, StoreUnavailable, lock
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.limits import AHEAD_MS
from tollbridge.gateway.settings import Limits
from tollbridge.wire import headers as names


@dataclass(frozen=True, slots=True)
class Till:
    """Where credits are counted, for every call of a gateway."""

    database: Database
    repairs: Repairs
    clock: Clock
    limits: Limits
    heart: Heart


class Credit:
    """The credit that one attempt of a call costs.

    Attributes:
        order: What is held; where a key was used before, `hold` finds out which attempt it is.
        call_id: Of the call that this is or repeats; empty where the store knows of none.
        charged: Whole credits that stay charged, as far as is known.
        outcome: What the receipt calls the call's state; empty while it runs.
    """

    def __init__(self, till: Till, order: ledger.HoldOrder, charge_on: str) -> None:
        """Prepare it; nothing is held yet. `charge_on` is the provider's."""
        self._till = till
        self._charge_on = charge_on
        self.order = order
        self._hold = ledger.Hold(order, (), 0, 0)
        self._settled = False
        self._available = 0
        self._version = 0
        self.call_id = ""
        self.charged = 0
        self.outcome = ""

    async def hold(self) -> ledger.NotEnough | Charged | None:
        """Take the cost out of the balance, durably; or say what there is instead.

        Raises:
            Refusal: `too_many_failures`; `call_in_progress` or `idempotency_mismatch` where the
                key was used before; `ledger_unavailable`. Should the commit stand all the same, it
                is undone.
        """
        try:
            held = await self._till.database.write(self._hold_once(), self._hold_shortcut())
        except Refusal as refusal:  # nothing was held
            if refusal.code == "call_in_progress" and refusal.details:
                self.call_id = refusal.details["call_id"]
            raise
        except BaseException as error:
            # Nothing is sent, so nothing may stay held, whatever became of the commit. Looked at
            # when it is undone: which attempt of which call this is, the store decides.
            if not isinstance(error, StoreUnavailable) or error.outcome_unknown:
                self._till.repairs.add(lambda: self.order, "failed")
            if isinstance(error, StoreUnavailable):
                raise unavailable() from error
            raise
        if isinstance(held, Charged):
            self.call_id = held.receipt["call_id"]
            return held
        self.call_id = self.order.call_id
        if isinstance(held, ledger.NotEnough):
            return held
        self._take(held)
        return None

    async def settle(self) -> Refusal | None:
        """Turn the hold into a charge, durably; or say why nothing may be relayed."""
        try:
            await self._till.database.write(self._charge(), ledger.settle_shortcut(self._hold))
        except ledger.HoldLost:
            return Refusal("hold_lost", "The call took too long to stay held; nothing is charged.")
        except StoreUnavailable:
            return unavailable()
        self._settled = True
        self.charged = self.order.amount
        return None

    def finish(self, progress: Progress) -> None:
        """Write that the call came to its proper end."""
        self.outcome = "ok"
        self._end_later(self._ending("ok", progress))

    async def close(self, stop: Stop, progress: Progress) -> None:
        """Have the table's verdict on a stopped call committed.

        Raises:
            Refusal: The store would not take it and our answer has not begun; what is to be given
                back is given back as soon as the store takes it.
        """
        verdict = judge(
            stop,
            charge_on=self._charge_on,
            settled=self._settled,
            bytes_due=progress.bytes_due,
            bytes_sent=progress.bytes_sent,
        )
        blamed = charge.is_callers_doing(stop, progress.status)
        self.charged = 0 if verdict.action in (Action.VOID, Action.REVERSE) else self.order.amount
        ending = self._ending(verdict.outcome, progress, blamed=blamed)
        self.outcome = verdict.outcome
        if verdict.action is Action.KEEP:
            self._end_later(ending)
            return
        try:
            gate = await self._till.database.write(self._closing(verdict.action, ending))
        except StoreUnavailable as error:
            self.charged = 0
            self._till.repairs.add(lambda: self.order, verdict.outcome)
            if not progress.begun:
                raise unavailable() from error
        else:
            self._available, self._version = gate or (self._available, self._version)

    def headers(self, charged: int | None) -> list[tuple[str, str]]:
        """Return the answer headers that say what the call costs and what is left.

        `charged` is None where that is decided at the answer's end.
        """
        headers = [
            (names.CALL_ID, self.order.call_id),
            (names.CREDITS_REMAINING, str(self._available)),
            (names.BALANCE_VERSION, str(self._version)),
        ]
        if charged is not None:
            headers.append((names.CREDITS_CHARGED, str(charged)))
        if charged == 1:  # a v3 client lowers its counter by one on seeing it
            headers.append((names.QUERY_TYPE, self.order.query_type))
        return headers

    def _hold_once(self) -> Script[ledger.Hold | ledger.NotEnough | Charged]:
        now = self._now()
        if self.order.key_hash is not None:
            # A user without credits has no row to lock, and may repeat all the same. Not the key:
            # his calls wait for each other anyway, and do so here without a connection each.
            yield lock("repeats", self.order.user_id)
        yield from ledger.lock_user(self.order.user_id)
        yield from repeats.refuse_after_failures(
            self.order.user_id, self._till.limits.user_failures, now
        )
        found = yield from repeats.find_repeated(self.order)
        if isinstance(found, Charged):
            return found
        self.order = replace(found, held_at=now)
        return (yield from ledger.hold(self.order, now))

    def _hold_shortcut(self) -> Shortcut[Any] | None:
        if not self.order.amount:
            return None
        now = self._now()
        self.order = replace(self.order, held_at=now)
        return ledger.hold_shortcut(
            self.order,
            now,
            failures=self._till.limits.user_failures,
            since=now - charge.FAILURES_WINDOW_MS,
            until=now + AHEAD_MS,
        )

    def _charge(self) -> Script[ledger.Hold]:
        epoch_id = self._till.heart.epoch_id
        held = yield from ledger.charge(self._hold, self._now(), epoch_id=epoch_id)
        if held is not self._hold:  # it was swept; whatever is undone now is the new attempt
            self._take(held)
        return held

    def _take(self, held: ledger.Hold) -> None:
        self._hold, self.order = held, held.order
        self._available, self._version = held.available, held.version

    def _end_later(self, ending: ledger.Ending) -> None:
        hold, repairs = self._hold, self._till.repairs
        self._till.database.write_later(
            ledger.end(hold, ending),
            lambda: repairs.add_ending(hold, ending),
            ledger.end_shortcut(hold, ending),
        )

    def _closing(self, action: Action, ending: ledger.Ending) -> Script[tuple[int, int] | None]:
        try:
            if action is Action.VOID:
                return (yield from ledger.void(self._hold, ending))
            if action is Action.REVERSE:
                if not (yield from ledger.reverse(self._hold, ending)):
                    self.charged = self.order.amount  # once per call, and it was before
            elif action is Action.SETTLE:
                epoch_id = self._till.heart.epoch_id
                yield from ledger.charge(self._hold, ending.at, ending, epoch_id=epoch_id)
            else:
                yield from self._closing_early_leave(ending)
        except ledger.HoldLost:
            # A settle whose answer was lost may have committed; nothing was relayed.
            self.charged = 0
            yield from ledger.undo(self.order, ending)
        return None

    def _closing_early_leave(self, ending: ledger.Ending) -> Script[None]:
        since = ending.at - charge.EARLY_LEAVE_WINDOW_MS
        until = ending.at + AHEAD_MS
        yield from ledger.lock_user(self.order.user_id)
        left_before = yield from ledger.left_early(self.order.user_id, since, until)
        if charge.voids_early_leave(left_before, self._till.limits.user_early_leaves):
            self.charged = 0
            yield from ledger.void(self._hold, ending)
        else:
            yield from ledger.settle(self._hold, ending)

    def _ending(self, outcome: str, progress: Progress, *, blamed: bool = False) -> ledger.Ending:
        return ledger.Ending(outcome, progress.status, self._now(), blamed)

    def _now(self) -> int:
        return self._till.clock.now_ms()


def unavailable() -> Refusal:
    """Say that credits cannot be counted just now."""
    return Refusal(
        "ledger_unavailable",
        "The credits cannot be counted just now; nothing was charged. Try again shortly.",
        headers={names.RETRY_AFTER: "1"},
    )
