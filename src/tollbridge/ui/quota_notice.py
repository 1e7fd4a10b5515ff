"""The notice above the composer, where the upgrade dialog stays closed and credits are missing."""

from tollbridge.ui import dom
from tollbridge.ui.balance_watch import BalanceWatch
from tollbridge.ui.paywall_state import quota_sentence
from tollbridge.ui.strings.paywall import KEPT, OVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk import BillingClient, QuotaExceededError
    from tollbridge.ui.paywall import PaywallUI
    from tollbridge.ui.tasks import Tasks


class QuotaNotice:
    """Says what ran out, and opens the dialog when asked to; goes by itself when credits came.

    Attributes:
        is_open: Whether it stands.
    """

    def __init__(
        self,
        *,
        paywall: "PaywallUI",
        billing: "BillingClient",
        give_focus_back: "Callable[[], None]",
        say: "Callable[[str], None]",
        tasks: "Tasks",
    ) -> None:
        """Follow `paywall`, whose place it takes while that is closed.

        Args:
            paywall: The dialog.
            billing: Is asked for the balances while the notice stands.
            give_focus_back: Called when the notice goes while the keyboard is in it.
            say: Says a sentence to those who listen to the page.
            tasks: Runs the asking.
        """
        self.is_open = False
        self._paywall = paywall
        self._give_focus_back = give_focus_back
        self._say = say
        self._watch = BalanceWatch(billing, tasks)
        self._node = dom.by_id("quota")
        self._undo = [
            paywall.on("blocked", self._show),
            paywall.on("close", self._dialog_closed),
            paywall.on("open", self.close),
            paywall.lacking.subscribe(self._lacking_changed),
            dom.on_press(dom.part(self._node, "open"), self._open_dialog),
            dom.on_press(dom.part(self._node, "close"), self.close),
        ]

    def close(self) -> None:
        """Take the notice away and stop asking; harmless when it is closed."""
        self.is_open = False
        self._watch.stop()
        held_focus = dom.has_focus(self._node)
        dom.show(self._node, False)
        if held_focus:
            self._give_focus_back()

    def destroy(self) -> None:
        """Close it, and let go of the dialog and of the page."""
        self.close()
        undo, self._undo = self._undo, []
        for step in undo:
            step()

    def _show(self, error: "QuotaExceededError") -> None:
        title = quota_sentence(error)
        dom.set_text(dom.part(self._node, "title"), title)
        dom.set_text(dom.part(self._node, "kept"), KEPT)
        dom.show(self._node)
        if not self.is_open:
            self.is_open = True
            self._watch.start()
        self._say(title)

    def _dialog_closed(self) -> None:
        error = self._paywall.lacking.get()
        if error is not None:
            self._show(error)

    def _open_dialog(self) -> None:
        self._paywall.open(self._paywall.lacking.get())

    def _lacking_changed(self, error: "QuotaExceededError | None") -> None:
        if error is None and self.is_open:
            self.close()
            self._say(OVER)
