"""The single-page app: a chat that pays with credits. `index.html` is its skeleton."""

from tollbridge.sdk import AuthClient, BillingClient, PaywallError
from tollbridge.ui import dom
from tollbridge.ui.chat_view import ChatView
from tollbridge.ui.conversation import Conversation
from tollbridge.ui.credit_badge import CreditBadge
from tollbridge.ui.problem import Problem
from tollbridge.ui.quota_notice import QuotaNotice
from tollbridge.ui.strings import no_trial_text
from tollbridge.ui.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import Balance, QuotaExceededError

# The path of the demo provider, and of every OpenAI-compatible one.
CHAT_PATH = "v1/chat/completions"


class Page:
    """The clients and views of one page, joined."""

    def __init__(self) -> None:
        """Read the page's `<meta>` settings and make every part; nothing is sent yet."""
        paywall_id = dom.meta("tollbridge-paywall")
        api_origin = dom.meta("tollbridge-gateway", dom.page_origin())
        self.tasks = Tasks()
        self.auth = AuthClient(paywall_id=paywall_id, api_origin=api_origin)
        self.billing = BillingClient(paywall_id=paywall_id, api_origin=api_origin, auth=self.auth)
        self.badge = CreditBadge()
        self.view = ChatView(tasks=self.tasks)
        self.problem = Problem(retry=lambda: self.tasks.start(self.begin()))
        self.notice = QuotaNotice(
            read_balances=self.read_balances,
            give_focus_back=self.view.focus_draft,
            say=self.view.alert,
            tasks=self.tasks,
        )
        self.conversation = Conversation(
            gateway=self.billing.create_api_gateway_client(),
            provider_id=dom.meta("tollbridge-provider"),
            path=CHAT_PATH,
            sign_in=self.sign_in,
            on_quota=self.out_of_credits,
            view=self.view,
        )
        self.billing.on_balance_change(self.badge.show)
        self.billing.on_balance_change(self.notice.balances_changed)
        self.view.attach(self.conversation)

    async def begin(self) -> None:
        """Sign in and count; what goes wrong is said above the composer."""
        try:
            await self.sign_in()
            await self.read_balances()
        except PaywallError as error:
            self.badge.show_unknown()
            self.problem.open(error)

    async def sign_in(self) -> None:
        """Make sure that there is a session; free when there is one.

        Where it came without free credits, the page says so in place of its promise of them.
        """
        session = await self.auth.sign_in_anonymously()
        self.problem.close()
        without = no_trial_text(session.user.no_trial) if session.user else ""
        if without:
            dom.set_text(dom.by_id("promise"), without)

    async def read_balances(self) -> "list[Balance]":
        """Ask the gateway for the balances; listeners hear of them too."""
        return await self.billing.get_balances(force=True)

    def out_of_credits(self, error: "QuotaExceededError", text: str) -> bool:
        """Open the notice; True when the unsent text is back in the composer."""
        self.notice.open(error)
        return self.view.put_back(text)


def main() -> None:
    """Take over the painted page, and go on beside whatever else runs on it.

    Raises:
        Exception: A mistake of ours, or a setting that cannot be; the page says that it failed.
    """
    try:
        page = Page()
    except Exception:
        dom.set_page_state("failed")
        raise
    page.tasks.start(page.begin())
