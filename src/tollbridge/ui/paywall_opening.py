"""One time that the upgrade dialog stands: what it shows, what it waits for, how it ends."""

import asyncio

from tollbridge.sdk import Balance, PaywallError, QuotaExceededError
from tollbridge.ui import dom
from tollbridge.ui.balance_watch import BalanceWatch
from tollbridge.ui.paywall_state import ERROR, GRANTED, LAYOUT, LOADING, Lack, PaywallState
from tollbridge.ui.paywall_view import PaywallView
from tollbridge.ui.strings.paywall import VOUCHER_REPEATED, added_text
from tollbridge.ui.voucher_form import voucher_cause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk import BillingClient, Signal
    from tollbridge.ui.paywall_events import PaywallEvents
    from tollbridge.ui.paywall_state import Words
    from tollbridge.ui.tasks import Tasks

# A refused message that is older than this is not sent without asking; see surfaces of the chat.
RESUMES_WITHIN_MS = 30 * 60 * 1000


class Opening:
    """The dialog from its opening to its closing.

    Attributes:
        reason: Why it stands: a 402, another refusal, None where a person asked for it.
        title: The caller's own heading, "" for ours.
        by_itself: Whether a refused call opened it.
        ended: Set when it is closed.
        granted: Whether credits closed it.
        balances: What is left; None while that is not known.
    """

    def __init__(
        self,
        *,
        billing: "BillingClient",
        host: "Any",
        vouchers: bool,
        words: "Callable[[Opening], Words]",
        state: "Signal",
        events: "PaywallEvents",
        over: "Callable[[Opening, bool, str], None]",
        tasks: "Tasks",
    ) -> None:
        """Build the dialog, closed.

        Args:
            billing: Reads the balances, redeems the codes.
            host: The element that it is put into.
            vouchers: Whether it takes vouchers.
            words: Returns what it says.
            state: The signal of `PaywallState`, written from here while it stands.
            events: Is told `granted` and `error`.
            over: Called once with (this, whether a person closed it, what there is to say) when it
                is off the page.
            tasks: Runs what takes time.
        """
        self.reason: PaywallError | None = None
        self.title = ""
        self.by_itself = False
        self.ended = asyncio.Event()
        self.granted = False
        self._billing = billing
        self._words = words
        self._state = state
        self._events = events
        self._over = over
        self._tasks = tasks
        self._lack = Lack(None, "", refused=False)
        self._opened_at_ms = dom.now_ms()
        self.balances: list[Balance] | None = billing.get_cached_balances()
        self._watch = BalanceWatch(
            billing, tasks, read=self.balances_changed, failed=self._reading_failed
        )
        self._view = PaywallView(
            host,
            dismiss=lambda: self.close(by_person=True),
            retry=self._read_again,
            redeem=(lambda code: tasks.start(self._redeem(code))) if vouchers else None,
            tasks=tasks,
        )

    @property
    def is_recent(self) -> bool:
        """Whether what was refused is young enough to be sent without asking."""
        return dom.now_ms() - self._opened_at_ms < RESUMES_WITHIN_MS

    def show(
        self, reason: "PaywallError | None", title: str, lack: Lack, *, by_itself: bool
    ) -> None:
        """Say why it stands; where it stands already, what is newer."""
        self.reason = reason
        self.title = title
        self._lack = lack
        self.by_itself = self.by_itself or by_itself
        self._opened_at_ms = dom.now_ms()
        self._write()

    def begin(self) -> None:
        """Open it, and read the balances until they are what it waits for."""
        known = self.balances is not None
        self._set_state(PaywallState(True, LAYOUT if known else LOADING))
        self._view.open()
        self._watch.start()

    def balances_changed(self, balances: "list[Balance]") -> None:
        """Show these balances; close where they are what it waits for.

        Never while `begin` runs: whoever was refused must have gone on before he is told.
        """
        self.balances = balances
        came = self._lack.ended_by(balances)
        if came is not None:
            self._end_with_credits(came[0], came[1])
            return
        self._write()  # first, so that who hears of the state sees what it shows
        if self._state.get().view != LAYOUT:
            self._set_state(PaywallState(True, LAYOUT))

    @property
    def takes_code(self) -> bool:
        """Whether it shows a field for a voucher's code."""
        return self._view.takes_code

    def redeem(self) -> None:
        """Send off the code that stands in the dialog; harmless where it takes none."""
        if self._view.voucher is not None and self.takes_code:
            self._view.voucher.send()

    def close(self, *, by_person: bool = False) -> None:
        """Close it and take it off the page; harmless when it is closed."""
        self._end(by_person, "")

    def _end_with_credits(self, balance: Balance, added: int) -> None:
        if self.granted:
            return  # a listener below changed the balances once more
        self.granted = True
        self._set_state(PaywallState(True, GRANTED))
        self._events.emit("granted", balance)
        self._end(False, added_text(added, balance.type))

    def _end(self, by_person: bool, said: str) -> None:
        if self.ended.is_set():
            return
        self.ended.set()
        self._watch.stop()
        self._view.close()
        self._over(self, by_person, said)

    def _write(self) -> None:
        self._view.show_words(self._words(self))
        if self.balances is not None:
            lacking = self.reason if isinstance(self.reason, QuotaExceededError) else None
            self._view.show_balances(self.balances, lacking.query_type if lacking else "")

    def _set_state(self, state: PaywallState) -> None:
        self._state.set(state)
        if not self.ended.is_set():  # a listener may have closed it
            self._view.show_state(state)

    def _reading_failed(self, error: PaywallError) -> None:
        """Say so, but only where nothing is known; else the next reading may go through."""
        state = self._state.get()
        if state.view == LOADING:
            self._set_state(PaywallState(True, ERROR, error))
            self._events.emit("error", error)

    def _read_again(self) -> None:
        self._set_state(PaywallState(True, LOADING))
        self._watch.start()

    async def _redeem(self, code: str) -> None:
        state = self._state.get()
        if state.processing or self.ended.is_set():
            return
        self._set_state(PaywallState(True, state.view, None, True))
        before = self._billing.get_cached_balances() or []
        failed: PaywallError | None = None
        balance: Balance | None = None
        try:
            balance = await self._billing.redeem_voucher(code)
        except PaywallError as error:
            failed = error
        finally:
            if not self.ended.is_set():
                self._set_state(PaywallState(True, self._state.get().view, failed, False))
        if failed is not None:
            self._not_redeemed(failed)
        elif balance is not None and not self.ended.is_set():
            self._redeemed(balance, before)

    def _not_redeemed(self, error: PaywallError) -> None:
        if not self.ended.is_set() and self._view.voucher is not None:
            self._view.voucher.fail(voucher_cause(error), wait_s=error.retry_after_s or 0)
        self._events.emit("error", error)

    def _redeemed(self, balance: Balance, before: list[Balance]) -> None:
        """Say what a code brought that did not end the lack."""
        voucher = self._view.voucher
        counts = [row.count for row in before if row.type == balance.type]
        added = balance.count - (counts[0] if counts else 0)
        if voucher is None:
            return
        if added <= 0:
            voucher.fail(VOUCHER_REPEATED)
            return
        voucher.clear()
        self._view.say(added_text(added, balance.type))
