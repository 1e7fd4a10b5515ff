"""The Telegram Mini App: a chat that pays with credits. `static/miniapp.html` is its skeleton."""

from tollbridge.sdk import AuthClient, BillingClient, PaywallError, platform
from tollbridge.ui import dom
from tollbridge.ui.chat import Chat
from tollbridge.ui.chat_kept import Kept, read_kept
from tollbridge.ui.connection_line import ConnectionLine
from tollbridge.ui.credit_badge import CreditBadge
from tollbridge.ui.dom.telegram import Client
from tollbridge.ui.language import pick
from tollbridge.ui.low_balance import LowBalance
from tollbridge.ui.paywall import PaywallUI
from tollbridge.ui.problem import Problem
from tollbridge.ui.quota_notice import QuotaNotice
from tollbridge.ui.reopen import ENDS, Reopen, left_over, take_left
from tollbridge.ui.strings.chat import READY
from tollbridge.ui.strings.counter import no_trial_text
from tollbridge.ui.tasks import Tasks
from tollbridge.ui.telegram_shell import TelegramShell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Under this key a reload finds that it is the same page; see `sign_in_with_telegram`.
RELOAD_KEY = "tollbridge-reload-key"
_RELOAD_KEY_BYTES = 16
SUGGESTIONS = ("suggestion-1", "suggestion-2", "suggestion-3")


class Page:
    """The clients and views of the app, joined."""

    def __init__(self, client: Client, kept: Kept, reload_key: str) -> None:
        """Read the page's `<meta>` settings and take the painted page over; nothing is sent yet.

        Args:
            client: Telegram's, around the page.
            kept: What a reload left of the chat.
            reload_key: What a reload brings again.
        """
        paywall_id = dom.meta("tollbridge-paywall")
        api_origin = dom.meta("tollbridge-gateway", dom.page_origin())
        self.client = client
        self._reload_key = reload_key
        self.tasks = Tasks()
        # In memory: each start of the app brings what begins the next session.
        self.auth = AuthClient(paywall_id=paywall_id, api_origin=api_origin, storage="memory")
        self.billing = BillingClient(paywall_id=paywall_id, api_origin=api_origin, auth=self.auth)
        self.gateway = self.billing.create_api_gateway_client()
        self.badge = CreditBadge()
        self.chat = Chat(
            gateway=self.gateway,
            provider_id=dom.meta("tollbridge-provider"),
            sign_in=self.sign_in,
            tasks=self.tasks,
            kept=kept,
        )
        self.connection = ConnectionLine(say=self.chat.view.say)
        self.problem = Problem(retry=lambda: self.tasks.start(self.begin()))
        self.reopen = Reopen(
            account=client.account,
            left=lambda: left_over(
                self.chat.conversation.transcript.turns, self.chat.composer.worth_keeping
            ),
            close_app=self._close_app,
            tasks=self.tasks,
        )
        self._join_paywall()
        self.shell = TelegramShell(client, chat=self.chat, paywall=self.paywall)
        self._undo = [
            client.open_links(),
            self.billing.on_balance_change(self.badge.show),
            dom.on_press(dom.by_id("counter"), self._open_paywall),
            dom.on_press(dom.by_id("new"), self.chat.clear),
        ]
        for name in SUGGESTIONS:
            self._undo.append(self._follow(name))
        dom.set_page_language(pick(client.language))
        # From here on nobody but us listens: what waited until now is ours to do.
        self.chat.take_early(dom.take_early())
        dom.set_page_state("ready")
        self.chat.view.say(READY)

    def _join_paywall(self) -> None:
        self.paywall = PaywallUI(billing=self.billing, auth=self.auth, resumes=True)
        self.paywall.attach(self.gateway)
        self.paywall.on("granted", lambda balance: self.chat.credits_came())
        self.paywall.on("close", self.chat.no_credits_came)
        self.paywall.on("blocked", lambda error: self.chat.no_credits_will_come())
        focus, say = self.chat.composer.focus, self.chat.view.say
        self.notice = QuotaNotice(
            paywall=self.paywall,
            billing=self.billing,
            give_focus_back=focus,
            say=self.chat.view.alert,
            tasks=self.tasks,
        )
        self.low = LowBalance(
            billing=self.billing,
            open_paywall=self.paywall.open,
            give_focus_back=focus,
            say=say,
            tasks=self.tasks,
        )

    async def begin(self) -> None:
        """Sign in, count, and learn who answers; then do what was done before Python was up.

        What goes wrong is said above the composer.
        """
        if not self.client.init_data:
            self.badge.show_unknown()
            self.reopen.open_outside()
            return
        try:
            await self.sign_in()
            await self.billing.get_balances(force=True)
        except PaywallError as error:
            self.badge.show_unknown()
            self.shell.refused()
            if error.code not in ENDS:
                self.problem.open(error)
        else:
            await self._list_providers()
        await self.chat.replay()
        await self.chat.conversation.settle()

    async def sign_in(self) -> None:
        """Make sure that there is a session; free when there is one.

        Raises:
            PaywallError: There is none to be had. Where only opening the app again helps, the page
                says so.
        """
        try:
            session = await self.auth.sign_in_with_telegram(
                self.client.init_data, reload_key=self._reload_key
            )
        except PaywallError as error:
            if error.code in ENDS:
                self.problem.close()
                self.reopen.open(error)
            raise
        self.problem.close()
        self.reopen.hide()
        without = no_trial_text(session.user.no_trial) if session.user else ""
        if without:
            dom.set_text(dom.by_id("promise"), without)

    async def close(self) -> None:
        """Stop what runs, let go of the page and give the connections back."""
        for off in self._undo:
            off()
        self.shell.close()
        self.notice.destroy()
        self.low.destroy()
        self.paywall.destroy()
        self.connection.close()
        self.problem.destroy()
        self.reopen.destroy()
        await self.chat.close()
        self.badge.close()
        await self.tasks.cancel()
        await self.gateway.aclose()
        await self.billing.aclose()
        await self.auth.aclose()

    def _open_paywall(self) -> None:
        self.paywall.open()

    def _close_app(self) -> None:
        self.client.ask_before_closing(False)
        self.client.close()

    def _follow(self, name: str) -> "Callable[[], None]":
        button = dom.by_id(name)
        return dom.on_press(button, lambda: self.chat.send(dom.text_of(button)))

    async def _list_providers(self) -> None:
        try:
            providers = await self.gateway.list_providers()
        except PaywallError:
            return  # an older gateway, or a moment without one: the page's own provider stays
        self.chat.choice.fill(providers)


async def open_page() -> Page:
    """Take over the painted page, with what was kept over a reload or a closing.

    Raises:
        Exception: A mistake of ours, or a setting that cannot be; the page says that it failed.
    """
    try:
        client = Client()
        kept, reload_key = await read_kept(), await _reload_key()
        kept.draft = kept.draft or await take_left(client.account)
        return Page(client, kept, reload_key)
    except Exception:
        dom.set_page_state("failed")
        raise


async def _reload_key() -> str:
    kept = await dom.kept(RELOAD_KEY)
    if kept:
        return kept
    made = platform.random_hex(_RELOAD_KEY_BYTES)
    await dom.keep(RELOAD_KEY, made)
    return made


def main() -> None:
    """Take over the painted page, and go on beside whatever else runs on it."""

    async def run() -> None:
        page = await open_page()
        await page.begin()

    _opening.start(run())


_opening = Tasks()
