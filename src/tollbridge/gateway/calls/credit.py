"""The credit of one call: held, settled, given back. The only part of a call that writes."""

from dataclasses import dataclass

from tollbridge.gateway import ledger
from tollbridge.gateway.calls import charge
from tollbridge.gateway.calls.charge import Action, Stop, judge
from tollbridge.gateway.calls.repairs import Repairs
from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database, Script, StoreUnavailable
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.settings import Limits
from tollbridge.wire import headers as names


@dataclass(frozen=True, slots=True)
class Till:
    """Where credits are counted, for every call of a gateway."""

    database: Database
    repairs: Repairs
    clock: Clock
    limits: Limits
    epoch_id: str


@dataclass(slots=True)
class Progress:
    """How far the answer has come; what a stop costs depends on it.

    Attributes:
        status: The provider's, once its headers are here.
        bytes_due: The provider's headers did not announce an empty body.
        bytes_sent: At least one byte of the body came.
        begun: Our own headers went out.
    """

    status: int | None = None
    bytes_due: bool = True
    bytes_sent: bool = False
    begun: bool = False


class Credit:
    """The credit that one attempt of a call costs."""

    def __init__(self, till: Till, order: ledger.HoldOrder) -> None:
        """Prepare it; nothing is held yet."""
        self._till = till
        self.order = order
        self._hold = ledger.Hold(order, (), 0, 0)
        self._settled = False
        self._available = 0
        self._version = 0

    async def hold(self) -> ledger.NotEnough | None:
        """Take the cost out of the balance, durably; or say what there is instead.

        Raises:
            Refusal: `ledger_unavailable`. Should the commit stand all the same, it is undone.
        """
        try:
            held = await self._till.database.write(ledger.hold(self.order, self._now()))
        except BaseException as error:
            # Nothing is sent, so nothing may stay held, whatever became of the commit.
            self._till.repairs.add(self.order, "failed")
            if isinstance(error, StoreUnavailable):
                raise unavailable() from error
            raise
        if isinstance(held, ledger.NotEnough):
            return held
        self._hold = held
        self._available, self._version = held.available, held.version
        return None

    async def settle(self) -> Refusal | None:
        """Turn the hold into a charge, durably; or say why nothing may be relayed."""
        try:
            await self._till.database.write(ledger.settle(self._hold))
        except ledger.HoldLost:
            return Refusal("hold_lost", "The call took too long to stay held; nothing is charged.")
        except StoreUnavailable:
            return unavailable()
        self._settled = True
        return None

    def finish(self, progress: Progress) -> None:
        """Write that the call came to its proper end."""
        self._end_later(self._ending("ok", progress))

    async def close(self, stop: Stop, progress: Progress) -> None:
        """Have the table's verdict on a stopped call committed.

        Raises:
            Refusal: The store would not take it and our answer has not begun; what is to be given
                back is given back as soon as the store takes it.
        """
        verdict = judge(
            stop,
            settled=self._settled,
            bytes_due=progress.bytes_due,
            bytes_sent=progress.bytes_sent,
        )
        ending = self._ending(verdict.outcome, progress)
        if verdict.action is Action.KEEP:
            self._end_later(ending)
            return
        try:
            gate = await self._till.database.write(self._closing(verdict.action, ending))
        except StoreUnavailable as error:
            self._till.repairs.add(self.order, verdict.outcome)
            if not progress.begun:
                raise unavailable() from error
        else:
            self._available, self._version = gate or (self._available, self._version)

    def headers(self, charged: int) -> list[tuple[str, str]]:
        """Return the answer headers that say what the call costs and what is left."""
        headers = [
            (names.CALL_ID, self.order.call_id),
            (names.CREDITS_CHARGED, str(charged)),
            (names.CREDITS_REMAINING, str(self._available)),
            (names.BALANCE_VERSION, str(self._version)),
        ]
        if charged == 1:  # a v3 client lowers its counter by one on seeing it
            headers.append((names.QUERY_TYPE, self.order.query_type))
        return headers

    def _end_later(self, ending: ledger.Ending) -> None:
        hold, repairs = self._hold, self._till.repairs
        self._till.database.write_later(
            ledger.end(hold, ending), lambda: repairs.add_ending(hold, ending)
        )

    def _closing(self, action: Action, ending: ledger.Ending) -> Script[tuple[int, int] | None]:
        try:
            if action is Action.VOID:
                return (yield from ledger.void(self._hold, ending))
            if action is Action.REVERSE:
                yield from ledger.reverse(self._hold, ending)
            else:
                yield from self._closing_early_leave(ending)
        except ledger.HoldLost:
            # A settle whose answer was lost may have committed; nothing was relayed.
            yield from ledger.undo(self.order, ending)
        return None

    def _closing_early_leave(self, ending: ledger.Ending) -> Script[None]:
        since = ending.at - charge.EARLY_LEAVE_WINDOW_MS
        left_before = yield from ledger.left_early(self.order.user_id, since)
        if charge.voids_early_leave(left_before, self._till.limits.user_early_leaves):
            yield from ledger.void(self._hold, ending)
        else:
            yield from ledger.settle(self._hold, ending)

    def _ending(self, outcome: str, progress: Progress) -> ledger.Ending:
        return ledger.Ending(outcome, progress.status, self._now())

    def _now(self) -> int:
        return self._till.clock.now_ms()


def unavailable() -> Refusal:
    """Say that credits cannot be counted just now."""
    return Refusal(
        "ledger_unavailable",
        "The credits cannot be counted just now; nothing was charged. Try again shortly.",
        headers={names.RETRY_AFTER: "1"},
    )
