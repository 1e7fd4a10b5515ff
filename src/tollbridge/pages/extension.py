"""The extension's hidden half: one session, one conversation, for popup and side panel.

It runs in a worker of the offscreen document, which `static/extension/python.mjs` starts, and which
hands a line to `serve` for each view that comes.
"""

import asyncio

from tollbridge.pages.extension_lines import is_online, now_ms, open_line
from tollbridge.sdk import ApiGatewayClient, AuthClient, BillingClient, PaywallError
from tollbridge.sdk.remote import (
    Caller,
    Kind,
    RemoteStorage,
    Server,
    SessionKinds,
    failure_to_json,
)
from tollbridge.ui.conversation import Conversation
from tollbridge.ui.history import History
from tollbridge.ui.remote.chat_kinds import ChatKinds, blocked_text
from tollbridge.ui.remote.icon_badge import badge_text, title_text
from tollbridge.ui.remote.publisher import Publisher
from tollbridge.ui.remote.saved_chat import SavedChat
from tollbridge.ui.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk import Balance, QuotaExceededError
    from tollbridge.sdk.remote import Line
    from tollbridge.ui.blocked import Blocked

# Kept over a restart of the browser: whether an answer goes on when nobody looks any more.
GOES_ON = "goes_on"
_NO = "no"


class Host:
    """The clients and the conversation, and the server that the views ask."""

    def __init__(self, background: Caller, *, paywall_id: str, api_origin: str) -> None:
        """Make them; nothing is read or sent.

        Args:
            background: Asks the service worker, which has `chrome.storage` and the icon.
            paywall_id: The app.
            api_origin: The gateway's origin.
        """
        self._background = background
        self._settings = RemoteStorage(background, area="local")
        self._goes_on = True
        self._counts_at_end = False
        self._problem: dict[str, Any] | None = None
        self._providers: list[dict[str, Any]] = []
        self._tasks = Tasks()
        self._ready = asyncio.Event()
        self.auth = AuthClient(paywall_id=paywall_id, api_origin=api_origin, storage=self._settings)
        self.billing = BillingClient(paywall_id=paywall_id, api_origin=api_origin, auth=self.auth)
        self.gateway = ApiGatewayClient(
            paywall_id=paywall_id,
            api_origin=api_origin,
            auth=self.auth,
            on_charge_success=self._charged,
            on_quota_exceeded=self._ran_out,
        )
        self.server = Server()
        self._publisher = Publisher(self.server, self._tasks)
        self._saved = SavedChat(RemoteStorage(background, area="session"), self._tasks)
        self.conversation = Conversation(
            gateway=self.gateway,
            sign_in=self._sign_in,
            view=self._publisher,
            on_change=self._saved.touch,
            on_blocked=self._blocked,
            now_ms=now_ms,
            is_online=is_online,
        )
        history = History(self.conversation, view=self._publisher, on_change=self._saved.touch)
        self._session = SessionKinds(self.auth, self.billing)
        self._chat = ChatKinds(
            self.conversation, history, publisher=self._publisher, saved=self._saved
        )

        self._undo = [
            self.billing.on_balance_change(self._count_on_icon),
            self.conversation.busy.subscribe(self._busy_changed),
        ]

    async def begin(self) -> None:
        """Take over what was kept, then answer the views, then sign in."""
        try:
            self._goes_on = await self._settings.get_item(GOES_ON) != _NO
        except PaywallError:
            self._goes_on = True  # the storage refuses; what that costs, signing in will say
        await self._saved.load(self.conversation)
        for part in (self._session, self._chat):
            self.server.offer(part.kinds())
            part.follow(self.server)
        self.server.offer(
            {
                "begin_session": Kind(self.begin_session),
                "settings.goes_on": Kind(self._set_goes_on, on=bool),
            }
        )
        self._ready.set()
        await self.begin_session()
        await self.conversation.settle()

    async def begin_session(self) -> None:
        """Sign in, count, and learn who answers; every view is told, also of what goes wrong."""
        try:
            await self._sign_in()
            await self.billing.get_balances(force=True)
            providers = await self.gateway.list_providers()
            self._providers = [one.to_json() for one in providers]
        except PaywallError as error:
            self._problem = failure_to_json(error)
            self.server.tell("problem", self._problem)
        else:
            self._problem = None
            self.server.tell("providers", self._providers)

    async def ready(self) -> None:
        """Return once what was kept is taken over, and views can be answered."""
        await self._ready.wait()

    def connect(self, place: str, post: "Callable[[str], None]") -> "Line":
        """Take a view's line: it is told how everything is, then every change."""
        line = self.server.open(place, post)
        self._session.greet(self.server, line)
        self.server.tell("welcome", self._state(), only=line)
        return line

    def disconnect(self, line: "Line") -> None:
        """Forget a view that is gone; with the last one an answer ends, where that was chosen."""
        line.close()
        if not self.server.lines and not self._goes_on:
            self.conversation.stop()

    async def aclose(self) -> None:
        """Answer nobody any more, stop what runs and give the connections back."""
        self.conversation.stop()
        for off in self._undo:
            off()
        self._session.close()
        self._chat.close()
        await self.server.aclose()
        await self._tasks.cancel()
        await self.gateway.aclose()
        await self.billing.aclose()
        await self.auth.aclose()

    def _state(self) -> "dict[str, Any]":
        return {
            "chat": self._chat.state(),
            "providers": self._providers,
            "problem": self._problem,
            "goes_on": self._goes_on,
        }

    async def _sign_in(self) -> None:
        await self.auth.sign_in_anonymously()

    async def _set_goes_on(self, *, on: bool) -> None:
        self._goes_on = on
        self.server.tell("goes_on", on)
        await self._settings.set_item(GOES_ON, "" if on else _NO)

    def _charged(self, query_type: "str | None") -> None:
        # Shown at once; then what the gateway says. Where it named no type, the charge may be due
        # only at the end of the answer.
        if query_type is None:
            self._counts_at_end = True
        else:
            self.billing.decrement_balance_local(query_type)
        self._count()

    def _ran_out(self, error: "QuotaExceededError") -> None:
        self.server.tell("quota", failure_to_json(error))
        self._count()

    def _busy_changed(self, busy: bool) -> None:
        if not busy and self._counts_at_end:
            self._counts_at_end = False
            self._count()

    def _count(self) -> None:
        # Not `get_balances(force=True)`: it shares a reading that is on its way, and that one may
        # have been asked for before the charge.
        self.billing.decrement_balance_local(None)

    def _blocked(self, blocked: "Blocked | None") -> None:
        self._saved.keep_blocked(blocked)
        self.server.tell("chat.blocked", {"blocked": blocked_text(blocked)})

    def _count_on_icon(self, balances: "list[Balance]") -> None:
        self._background.tell("badge", text=badge_text(balances), title=title_text(balances))


class _Program:
    """What this worker runs, from its first line on."""

    tasks = Tasks()
    hosts: "list[Host]" = []
    begun = asyncio.Event()


def serve(js_line: "Any", js_told: "Any") -> None:
    """Take a line: first `background`, with the settings of the document, then one for each view.

    Args:
        js_line: A `MessagePort`.
        js_told: `{name: "background", gateway, paywall}` or `{name: "view", place}`.

    Raises:
        ConfigError: A setting is wrong.
    """
    if js_told.name != "background":
        _Program.tasks.start(_open_view(str(js_told.place), js_line))
        return
    background = Caller()
    background.begin(open_line(js_line, heard=background.hear, gone=background.end))
    host = Host(background, paywall_id=str(js_told.paywall), api_origin=str(js_told.gateway))
    _Program.hosts.append(host)
    _Program.begun.set()
    _Program.tasks.start(host.begin())


async def _open_view(place: str, js_line: "Any") -> None:
    await _Program.begun.wait()
    host = _Program.hosts[0]
    await host.ready()
    lines: list[Line] = []
    post = open_line(
        js_line,
        heard=lambda text: lines[0].hear(text),
        gone=lambda: host.disconnect(lines[0]),
    )
    lines.append(host.connect(place, post))


def main() -> None:
    """Do nothing yet: what there is to do comes over lines."""
