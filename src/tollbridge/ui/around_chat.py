"""What stands around a chat: the counter, the menu, the dialog about credits and its notices."""

from tollbridge.ui import dom
from tollbridge.ui.connection_line import ConnectionLine
from tollbridge.ui.credit_badge import CreditBadge
from tollbridge.ui.low_balance import LowBalance
from tollbridge.ui.menu import Menu
from tollbridge.ui.paywall import PaywallUI
from tollbridge.ui.quota_notice import QuotaNotice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.ui.chat import Chat
    from tollbridge.ui.tasks import Tasks


class AroundChat:
    """Joins it to a chat and to what knows of credits.

    Attributes:
        badge: The counter.
        paywall: The dialog.
    """

    def __init__(
        self, chat: "Chat", *, auth: "Any", billing: "Any", gateway: "Any", tasks: "Tasks"
    ) -> None:
        """Take the skeleton's parts over.

        Args:
            chat: The chat.
            auth: An `AuthClient`, or one of another context.
            billing: A `BillingClient`, or one of another context.
            gateway: Whose 402s open the dialog.
            tasks: Runs what is pressed.
        """
        self._chat = chat
        self.badge = CreditBadge()
        self._menu = Menu(chat)
        self._connection = ConnectionLine(say=chat.view.say)
        self.paywall = PaywallUI(billing=billing, auth=auth, resumes=True)
        self.paywall.attach(gateway)
        self.paywall.on("granted", lambda balance: chat.credits_came())
        self.paywall.on("close", chat.no_credits_came)
        self.paywall.on("blocked", lambda error: chat.no_credits_will_come())
        self._notice = QuotaNotice(
            paywall=self.paywall,
            billing=billing,
            give_focus_back=chat.composer.focus,
            say=chat.view.alert,
            tasks=tasks,
        )
        self._low = LowBalance(
            billing=billing,
            open_paywall=self.paywall.open,
            give_focus_back=chat.composer.focus,
            say=chat.view.say,
            tasks=tasks,
        )
        self._undo = [
            dom.on_press(dom.by_id("counter"), self._open_paywall),
            billing.on_balance_change(self.badge.show),
        ]

    def close(self) -> None:
        """Take all of it off the page and let go of it."""
        for off in self._undo:
            off()
        self._notice.destroy()
        self._low.destroy()
        self.paywall.destroy()
        self._menu.close()
        self._connection.close()
        self.badge.close()

    def _open_paywall(self) -> None:
        self.paywall.open()
