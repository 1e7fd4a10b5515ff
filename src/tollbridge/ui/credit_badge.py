"""The counter beside the composer."""

from tollbridge.sdk import Signal
from tollbridge.ui import dom
from tollbridge.ui.strings.counter import COUNTER_UNKNOWN, counter_text, worth_showing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import Balance


def badge_state(balances: "list[Balance] | None") -> str:
    """Return how the counter looks: `waiting`, `none`, `empty`, `low` or `enough`. Pure.

    Low is a fifth of what was granted, as the warnings are; one type is enough to be low.
    """
    if balances is None:
        return "waiting"
    if not balances:
        return "none"
    shown = worth_showing(balances)
    if any(balance.count <= 0 for balance in shown):
        return "empty"
    return "low" if any(balance.count * 5 <= balance.granted for balance in shown) else "enough"


class CreditBadge:
    """Shows the balances, from the moment they are known.

    It is written at once. A charge is known before the first word, and words wait for a frame: so
    no word is ever painted before the credit that it took.

    Attributes:
        text: A signal: what the counter says.
    """

    def __init__(self) -> None:
        """Take the page's counter over from the skeleton."""
        node = dom.by_id("counter")
        self.text = Signal(counter_text(None))
        self._state = Signal("waiting")
        self._undo = [
            dom.bind_text(self.text, node),
            dom.bind_attr(self._state, node, "data-state"),
        ]

    def show(self, balances: "list[Balance]") -> None:
        """Show these balances."""
        self.text.set(counter_text(balances))
        self._state.set(badge_state(balances))

    def show_unknown(self) -> None:
        """Say that the balances could not be read."""
        self.text.set(COUNTER_UNKNOWN)
        self._state.set("none")

    def close(self) -> None:
        """Let go of the page."""
        for off in self._undo:
            off()
