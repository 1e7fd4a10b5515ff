"""The extension's popup and side panel: the chat, shown. It runs in the offscreen document.

The page stays as it is painted, and keeps what is typed and pressed, until the other end has said
how everything is.
"""

import asyncio

from tollbridge.pages.extension_lines import open_port
from tollbridge.sdk import platform
from tollbridge.sdk.remote import (
    Caller,
    QuotaNews,
    RemoteAuthClient,
    RemoteBillingClient,
    failure_from_json,
)
from tollbridge.ui import dom
from tollbridge.ui.around_chat import AroundChat
from tollbridge.ui.chat import Chat
from tollbridge.ui.problem import Problem
from tollbridge.ui.remote.remote_chat import RemoteChat
from tollbridge.ui.strings.chat import READY
from tollbridge.ui.strings.counter import no_trial_text
from tollbridge.ui.tasks import Tasks
from tollbridge.wire import read_providers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# After the offscreen document went, a new one is asked for; where that goes too, later and later.
AGAIN_S = (0, 1, 2, 5, 10)


class Page:
    """The views of one page, joined to what the other end says.

    It is made when the other end says so for the first time, within the telling: no change is
    missed.
    """

    def __init__(
        self,
        caller: Caller,
        state: "dict[str, Any]",
        *,
        auth: RemoteAuthClient,
        billing: RemoteBillingClient,
        tasks: Tasks,
    ) -> None:
        """Take the painted page over."""
        self._auth = auth
        self._caller = caller
        self._tasks = tasks
        self._remote = RemoteChat(caller, state["chat"])
        news: Any = QuotaNews(caller)
        self.chat = Chat(
            gateway=news,
            provider_id=dom.meta("tollbridge-provider"),
            sign_in=self._sign_in,
            tasks=tasks,
            kept=self._remote.kept(),
            remote=self._remote,
        )
        self.problem = Problem(retry=self._begin_session)
        self.around = AroundChat(self.chat, auth=auth, billing=billing, gateway=news, tasks=tasks)
        self._goes_on = dom.by_id("goes-on")
        self._is_on = True
        balances = billing.get_cached_balances()
        if balances is not None:
            self.around.badge.show(balances)
        caller.on("providers", self._providers_came)
        caller.on("problem", self._problem_came)
        caller.on("goes_on", self._show_goes_on)
        caller.on("auth", lambda told: self._show_promise())
        dom.on_press(self._goes_on, self._goes_on_pressed)
        dom.on_connection(self._connection_changed)
        self._show(state)
        self.chat.take_early(dom.take_early())
        dom.set_page_state("ready")
        self.chat.view.say(READY)
        tasks.start(self.chat.replay())

    def reset(self, state: "dict[str, Any]") -> None:
        """Show how everything is: the other end was gone, and is there again."""
        self._remote.reset(state["chat"])
        self._show(state)

    def _show(self, state: "dict[str, Any]") -> None:
        self._show_goes_on(state["goes_on"])
        self._show_promise()
        if state["problem"] is not None:
            self._problem_came(state["problem"])
        else:
            self._providers_came(state["providers"])

    def _begin_session(self) -> None:
        self._caller.tell("begin_session")

    def _connection_changed(self) -> None:
        if dom.is_online() and self.problem.is_open:
            self._begin_session()

    async def _sign_in(self) -> None:
        await self._auth.sign_in_anonymously()

    def _providers_came(self, rows: object) -> None:
        self.problem.close()
        providers = read_providers(rows)
        if providers:
            self.chat.choice.fill(providers)

    def _problem_came(self, told: object) -> None:
        self.around.badge.show_unknown()
        self.problem.open(failure_from_json(told))

    def _show_promise(self) -> None:
        user = self._auth.get_cached_user()
        without = no_trial_text(user.no_trial) if user is not None else ""
        if without:
            dom.set_text(dom.by_id("promise"), without)

    def _show_goes_on(self, on: bool) -> None:
        self._is_on = on
        dom.set_text(self._goes_on, dom.attribute(self._goes_on, "data-on" if on else "data-off"))

    def _goes_on_pressed(self) -> None:
        self._caller.tell("settings.goes_on", on=not self._is_on)


class View:
    """Keeps a line to the other end, and the page that shows what comes over it."""

    def __init__(self) -> None:
        """Listen; nothing is opened yet."""
        self._caller = Caller()
        self._tasks = Tasks()
        self._gone = asyncio.Event()
        self._losses = 0
        self._auth = RemoteAuthClient(self._caller)
        self._billing = RemoteBillingClient(self._caller)
        self.page: Page | None = None
        self._caller.on("welcome", self._welcomed)

    async def run(self) -> None:
        """Connect, and again whenever the line is gone, for as long as the page is there."""
        place = dom.meta("tollbridge-place")
        while True:
            await asyncio.sleep(AGAIN_S[min(self._losses, len(AGAIN_S) - 1)])
            self._losses += 1
            self._gone = gone = asyncio.Event()
            try:
                post = await open_port(place, heard=self._caller.hear, gone=gone.set)
            except platform.JsException:
                continue
            self._caller.begin(post)
            await gone.wait()
            self._caller.end()

    def _welcomed(self, state: "dict[str, Any]") -> None:
        self._losses = 0
        if self.page is not None:
            self.page.reset(state)
            return
        try:
            self.page = Page(
                self._caller, state, auth=self._auth, billing=self._billing, tasks=self._tasks
            )
        except Exception:
            dom.set_page_state("failed")
            raise


def main() -> None:
    """Take over the painted page, and go on beside whatever else runs on it."""
    _running.start(View().run())


_running = Tasks()
