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

    It is written in the frame after a change. Words of an answer wait for a frame too, and the
    charge is known before them, so no word is ever on the page before the credit that it took.

    Attributes:
        text: A signal: what the counter says.
    """

    def __init__(self) -> None:
        """Take the page's counter over from the skeleton."""
        self._node = dom.by_id("counter")
        self._state = "waiting"
        self._due = False
        self._closed = False
        self.text = Signal(counter_text(None))
        self._write()

    def show(self, balances: "list[Balance]") -> None:
        """Show these balances."""
        self._show(counter_text(balances), badge_state(balances))

    def show_unknown(self) -> None:
        """Say that the balances could not be read."""
        self._show(COUNTER_UNKNOWN, "none")

    def close(self) -> None:
        """Let go of the page."""
        self._closed = True

    def _show(self, text: str, state: str) -> None:
        self._state = state
        self.text.set(text)
        if not self._due:
            self._due = True
            dom.next_frame(self._write)

    def _write(self) -> None:
        self._due = False
        if not self._closed:
            dom.set_text(self._node, self.text.get())
            dom.set_attribute(self._node, "data-state", self._state)
