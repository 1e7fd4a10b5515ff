"""The single-page app: a chat that pays with credits. `index.html` is its skeleton."""

from tollbridge.sdk import AuthClient, BillingClient, PaywallError
from tollbridge.ui import dom
from tollbridge.ui.around_chat import AroundChat
from tollbridge.ui.chat import Chat
from tollbridge.ui.chat_kept import Kept, read_kept
from tollbridge.ui.conversation import SLOW_S
from tollbridge.ui.problem import Problem
from tollbridge.ui.strings.chat import READY
from tollbridge.ui.strings.counter import no_trial_text
from tollbridge.ui.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import Balance


class Page:
    """The clients and views of one page, joined."""

    def __init__(self, kept: "Kept | None" = None, *, slow_s: float = SLOW_S) -> None:
        """Read the page's `<meta>` settings and take the painted page over; nothing is sent yet.

        Args:
            kept: What a reload left of the chat.
            slow_s: See `Conversation`.
        """
        paywall_id = dom.meta("tollbridge-paywall")
        api_origin = dom.meta("tollbridge-gateway", dom.page_origin())
        self.tasks = Tasks()
        self.auth = AuthClient(paywall_id=paywall_id, api_origin=api_origin)
        self.billing = BillingClient(paywall_id=paywall_id, api_origin=api_origin, auth=self.auth)
        self.gateway = self.billing.create_api_gateway_client()
        self.chat = Chat(
            gateway=self.gateway,
            provider_id=dom.meta("tollbridge-provider"),
            sign_in=self.sign_in,
            tasks=self.tasks,
            kept=kept or Kept(),
            slow_s=slow_s,
        )
        self.problem = Problem(retry=lambda: self.tasks.start(self.begin()))
        self.around = AroundChat(
            self.chat, auth=self.auth, billing=self.billing, gateway=self.gateway, tasks=self.tasks
        )
        self._undo = dom.on_connection(self._connection_changed)
        # From here on nobody but us listens: what waited until now is ours to do.
        self.chat.take_early(dom.take_early())
        dom.set_page_state("ready")
        self.chat.view.say(READY)

    def _connection_changed(self) -> None:
        # A page that was opened without a network has no balances yet, and perhaps no session.
        if dom.is_online() and self.problem.is_open:
            self.tasks.start(self.begin())

    async def begin(self) -> None:
        """Sign in, count, and learn who answers; then do what was done before Python was up.

        What goes wrong is said above the composer.
        """
        try:
            await self.sign_in()
            await self.read_balances()
            self.problem.close()
        except PaywallError as error:
            self.around.badge.show_unknown()
            self.problem.open(error)
        else:
            await self._list_providers()
        await self.chat.replay()
        await self.chat.conversation.settle()

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

    async def close(self) -> None:
        """Stop what runs, let go of the page and give the connections back."""
        self._undo()
        self.around.close()
        self.problem.destroy()
        await self.chat.close()
        await self.tasks.cancel()
        await self.gateway.aclose()
        await self.billing.aclose()
        await self.auth.aclose()

    async def _list_providers(self) -> None:
        try:
            providers = await self.gateway.list_providers()
        except PaywallError:
            return  # an older gateway, or a moment without one: the page's own provider stays
        self.chat.choice.fill(providers)


async def open_page() -> Page:
    """Take over the painted page, with what was kept over a reload.

    Raises:
        Exception: A mistake of ours, or a setting that cannot be; the page says that it failed.
    """
    kept = await read_kept()
    try:
        return Page(kept)
    except Exception:
        dom.set_page_state("failed")
        raise


def main() -> None:
    """Take over the painted page, and go on beside whatever else runs on it."""

    async def run() -> None:
        page = await open_page()
        await page.begin()

    _opening.start(run())


_opening = Tasks()
