"""The warning that credits run low: in the page, never over it, once per mark and grant."""

import json

from tollbridge.ui import dom
from tollbridge.ui.strings.paywall import low_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk import Balance, BillingClient
    from tollbridge.ui.tasks import Tasks

# Under this key a tab keeps which warnings were given.
WARNED = "tollbridge-warned"


def mark_of(balance: "Balance") -> int:
    """Return how low a balance is: 2 at a twentieth or the last credit, 1 at a fifth, 0. Pure.

    An empty one is 0 too: what to say of it is the upgrade dialog's.
    """
    if not 0 < balance.count < balance.granted:
        return 0
    if balance.count == 1 or balance.count * 20 <= balance.granted:
        return 2
    return 1 if balance.count * 5 <= balance.granted else 0


def warned_of(text: str) -> dict[str, list[int]]:
    """Read which warnings were given: type → [granted then, mark]; {} for anything else. Pure."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    return {
        name: pair
        for name, pair in value.items()
        if isinstance(pair, list)
        and len(pair) == 2
        and all([isinstance(number, int) for number in pair])
    }


def due(balances: "list[Balance]", warned: dict[str, list[int]]) -> "Balance | None":
    """Return the balance to warn of, and note it in `warned`; None where nothing is new. Pure.

    A grant begins anew. A balance that jumps over a mark, down or up, is warned of once.
    """
    found = None
    for balance in balances:
        granted, mark = warned.get(balance.type) or [balance.granted, 0]
        if granted != balance.granted:
            mark = 0
        now = mark_of(balance)
        warned[balance.type] = [balance.granted, max(mark, now)]
        if now > mark and (found is None or balance.count < found.count):
            found = balance
    return found


class LowBalance:
    """Shows the warning near the counter until it is closed or no longer true."""

    def __init__(
        self,
        *,
        billing: "BillingClient",
        open_paywall: "Callable[[], object]",
        give_focus_back: "Callable[[], None]",
        say: "Callable[[str], None]",
        tasks: "Tasks",
    ) -> None:
        """Follow the balances, hidden.

        Args:
            billing: Tells the balances.
            open_paywall: Called when somebody wants more.
            give_focus_back: Called when the warning goes while the keyboard is in it.
            say: Says a sentence to those who listen to the page.
            tasks: Runs the keeping.
        """
        self._give_focus_back = give_focus_back
        self._say = say
        self._tasks = tasks
        self._warned: dict[str, list[int]] | None = None
        self._shown: Balance | None = None
        self._node = dom.by_id("low")
        self._undo = [
            billing.on_balance_change(lambda rows: tasks.start(self._changed(rows))),
            dom.on_press(dom.part(self._node, "open"), lambda: self._more(open_paywall)),
            dom.on_press(dom.part(self._node, "close"), self.close),
        ]

    def close(self) -> None:
        """Take the warning away; harmless when there is none."""
        self._shown = None
        held_focus = dom.has_focus(self._node)
        dom.show(self._node, False)
        if held_focus:
            self._give_focus_back()

    def destroy(self) -> None:
        """Close it and follow nothing any more."""
        self.close()
        undo, self._undo = self._undo, []
        for step in undo:
            step()

    def _more(self, open_paywall: "Callable[[], object]") -> None:
        self.close()
        open_paywall()

    async def _changed(self, balances: "list[Balance]") -> None:
        if self._warned is None:
            kept = warned_of(await dom.kept(WARNED))
            self._warned = kept if self._warned is None else self._warned
        before = json.dumps(self._warned)
        balance = due(balances, self._warned)
        if json.dumps(self._warned) != before:
            await dom.keep(WARNED, json.dumps(self._warned))
        if balance is not None:
            self._show(balance)
        elif self._shown is not None:
            self._follow(balances)

    def _show(self, balance: "Balance") -> None:
        self._shown = balance
        dom.set_text(dom.part(self._node, "text"), low_text(balance))
        dom.show(self._node)
        self._say(low_text(balance))

    def _follow(self, balances: "list[Balance]") -> None:
        """Keep the number true, and go when it is low no more, or nothing."""
        for balance in balances:
            if self._shown is not None and balance.type == self._shown.type:
                if mark_of(balance):
                    dom.set_text(dom.part(self._node, "text"), low_text(balance))
                else:
                    self.close()
