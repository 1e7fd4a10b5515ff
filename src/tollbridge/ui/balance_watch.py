"""Reads the balances again and again while somebody waits for credits."""

import asyncio

from tollbridge.sdk import PaywallError
from tollbridge.ui import dom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk import Balance, BillingClient
    from tollbridge.ui.tasks import Tasks

# How often: often enough for somebody who has just typed the command beside the page, seldom enough
# for a page left open over night.
POLL_S = 3


class BalanceWatch:
    """Reads at once, every `POLL_S`, and when the person comes back to the window.

    Balances that another tab tells come to who listens to the `BillingClient`.
    """

    def __init__(
        self,
        billing: "BillingClient",
        tasks: "Tasks",
        *,
        read: "Callable[[list[Balance]], None] | None" = None,
        failed: "Callable[[PaywallError], None] | None" = None,
    ) -> None:
        """Stand still.

        Args:
            billing: Is asked.
            tasks: Runs the asking.
            read: Is told what a reading brought, changed or not.
            failed: Is told when a reading failed; the next one comes all the same.
        """
        self._billing = billing
        self._tasks = tasks
        self._told = read
        self._failed = failed
        self._undo: list[Callable[[], None]] = []
        self._starts = 0

    def start(self) -> None:
        """Begin, or begin anew."""
        self.stop()
        self._undo = [dom.on_return(self.read_now)]
        self._tasks.start(self._poll(self._starts))

    def stop(self) -> None:
        """Read no more; harmless when it stands still."""
        self._starts += 1
        undo, self._undo = self._undo, []
        for step in undo:
            step()

    def read_now(self) -> None:
        """Read once more, at once."""
        self._tasks.start(self._read(self._starts, True))

    async def _poll(self, start: int) -> None:
        await self._read(start, False)
        while start == self._starts:
            await asyncio.sleep(POLL_S)
            if start == self._starts:
                await self._read(start, True)

    async def _read(self, start: int, force: bool) -> None:
        try:
            balances = await self._billing.get_balances(force=force)
        except PaywallError as error:
            if self._failed is not None and start == self._starts:
                self._failed(error)
            return
        if self._told is not None and start == self._starts:
            self._told(balances)
