"""What stands on the panel when the credits are used up: why, a voucher, another page."""

from tollbridge.sdk import PaywallError
from tollbridge.ui import dom
from tollbridge.ui.balance_watch import BalanceWatch
from tollbridge.ui.strings.panel import ELSEWHERE, NOT_NOW
from tollbridge.ui.strings.paywall import KEPT_AND_SENT, OVER, VOUCHER_REPEATED
from tollbridge.ui.voucher_form import VoucherForm, voucher_cause

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk import BillingClient
    from tollbridge.ui.tasks import Tasks


class CreditsNotice:
    """Says that the credits are used up and takes a voucher; goes when some came.

    Attributes:
        is_open: Whether it stands.
    """

    def __init__(
        self,
        place: "Any",
        *,
        billing: "BillingClient",
        elsewhere: str,
        closed: "Callable[[], None]",
        say: "Callable[[str], None]",
        tasks: "Tasks",
    ) -> None:
        """Show nothing yet.

        Args:
            place: The node that it is put into.
            billing: Redeems the codes; its balances end the lack, wherever they come from.
            elsewhere: The address of a page where more can be done.
            closed: Called when a person closes it.
            say: Says a sentence to those who listen to the page.
            tasks: Runs the redeeming.
        """
        self.is_open = False
        self._place = place
        self._billing = billing
        self._elsewhere = elsewhere
        self._closed = closed
        self._say = say
        self._tasks = tasks
        self._watch = BalanceWatch(billing, tasks)
        self._form: VoucherForm | None = None
        self._undo: list[Callable[[], None]] = []

    def open(self, title: str, lead: str = "") -> None:
        """Show it: what ran out and, where there is more to say, why."""
        if self.is_open:
            return
        self.is_open = True
        box = dom.add(self._place, "section", "notice")
        dom.add(box, "h3", "", title)
        dom.add(box, "p", "", f"{lead} {KEPT_AND_SENT}" if lead else KEPT_AND_SENT)
        self._form = VoucherForm(
            redeem=lambda code: self._tasks.start(self._redeem(code)), tasks=self._tasks
        )
        dom.append(box, self._form.node)
        link = dom.add(box, "a", "button", ELSEWHERE)
        dom.set_attribute(link, "href", self._elsewhere)
        dom.set_attribute(link, "target", "_blank")
        dom.set_attribute(link, "rel", "noopener")
        later = dom.add(box, "button", "button quiet", NOT_NOW)
        dom.set_attribute(later, "type", "button")
        self._undo = [dom.on_press(later, self._closed)]
        self._watch.start()
        self._say(title)

    def close(self, *, over: bool = False) -> None:
        """Take it away; `over` where there are credits again. Harmless when it is closed."""
        if not self.is_open:
            return
        self.is_open = False
        self._watch.stop()
        for off in self._undo:
            off()
        if self._form is not None:
            self._form.close()
            self._form = None
        dom.clear(self._place)
        if over:
            self._say(OVER)

    async def _redeem(self, code: str) -> None:
        form = self._form
        if form is None:
            return
        before = self._billing.get_cached_balances() or []
        form.set_busy(True)
        try:
            balance = await self._billing.redeem_voucher(code)
        except PaywallError as error:
            if self._form is form:
                form.set_busy(False)
                form.fail(voucher_cause(error), wait_s=error.retry_after_s or 0)
            return
        if self._form is form:  # it did not end the lack
            form.set_busy(False)
            if any([row.type == balance.type and row.count >= balance.count for row in before]):
                form.fail(VOUCHER_REPEATED)
            else:
                form.clear()
