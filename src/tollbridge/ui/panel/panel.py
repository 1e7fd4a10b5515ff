"""One panel: a conversation, what is left for it, and what is in its way."""

from tollbridge.sdk import PaywallError
from tollbridge.sdk.single_flight import SingleFlight
from tollbridge.ui import dom
from tollbridge.ui.answerer import Answerer
from tollbridge.ui.conversation import Conversation
from tollbridge.ui.panel.credits import CreditsNotice
from tollbridge.ui.panel.settings import Price
from tollbridge.ui.panel.turns import TurnsView
from tollbridge.ui.paywall_state import lack_of
from tollbridge.ui.strings.counter import no_trial_text
from tollbridge.ui.strings.panel import left_text, used_text
from tollbridge.ui.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from tollbridge.sdk import AuthClient, Balance, BillingClient, QuotaExceededError
    from tollbridge.ui.blocked import Blocked
    from tollbridge.ui.panel.settings import Settings
    from tollbridge.ui.paywall_state import Lack
    from tollbridge.ui.transcript import Turn

    class Shell(Protocol):
        """What JavaScript has drawn around the conversation, and does by itself.

        Attributes:
            node: The panel's node.
        """

        node: Any

        def busy(self, busy: bool) -> None:
            """Show Stop in place of Send, or back."""

        def give_back(self, text: str) -> None:
            """Put an unsent question into the draft, if that is empty."""

        def focus(self) -> None:
            """Move the keyboard to the draft."""

        def tell(self, event: str, detail: dict[str, Any]) -> None:
            """Tell the host page."""

        def mark(self, name: str) -> None:
            """Note the moment, for who measures."""


class Panel:
    """Joins a panel to a conversation. Whoever makes it hands on what is pressed there."""

    def __init__(
        self, settings: "Settings", shell: "Shell", *, auth: "AuthClient", billing: "BillingClient"
    ) -> None:
        """Take a drawn panel over; nothing is sent.

        Args:
            settings: What the page said.
            shell: What surrounds the conversation.
            auth: Shared by all panels of the paywall.
            billing: As well.
        """
        self._settings = settings
        self._shell = shell
        self._auth = auth
        self._billing = billing
        self._gateway = billing.create_api_gateway_client()
        self._tasks = Tasks()
        self._price = Price()
        self._to = settings.sealed()
        self._preparing = SingleFlight(self._make_ready)
        self._waiting: list[Turn] = []
        self._replays = False
        self._lack: Lack | None = None
        self._refused: QuotaExceededError | None = None
        self._left = dom.part(shell.node, "left")
        self._view = TurnsView(shell.node, retry=self._retry, tasks=self._tasks)
        self._conversation = Conversation(
            gateway=self._gateway,
            sign_in=self._prepare,
            view=self,
            on_change=lambda: None,
            on_blocked=self._blocked_changed,
            now_ms=dom.now_ms,
            is_online=dom.is_online,
        )
        self._credits = CreditsNotice(
            dom.part(shell.node, "credits"),
            billing=billing,
            elsewhere=settings.page,
            closed=self._give_up,
            say=self._view.say,
            tasks=self._tasks,
        )
        self._undo = [
            self._conversation.busy.subscribe(self._show_busy),
            billing.on_balance_change(self._show_left),
            self._gateway.on_quota(self._ran_out),
        ]

    def begin(self, questions: list[str]) -> None:
        """Sign in and count; then ask what was asked before Python was there."""
        for text in questions:
            self._waiting.append(self._conversation.add_waiting(text))
        self._tasks.start(self._begin())

    def send(self, text: str) -> None:
        """Ask `text`, behind what still waits."""
        self._waiting.append(self._conversation.add_waiting(text))
        self._tasks.start(self._replay())

    def stop(self) -> None:
        """End the answer that is on its way; its words so far stay."""
        self._conversation.stop()

    async def close(self) -> None:
        """Stop what runs and let go of the panel; the session and the balances stay."""
        self._conversation.stop()
        for off in self._undo:
            off()
        self._credits.close()
        self._view.close()
        await self._tasks.cancel()
        await self._gateway.aclose()

    # The conversation's view: the panel's, and the measurer's and the host page's ear.

    def turn_added(self, turn: "Turn", before: "Turn | None") -> None:
        """See `View`."""
        self._view.turn_added(turn, before)

    def turn_grew(self, turn: "Turn", words: str) -> None:
        """See `View`."""
        self._shell.mark("byte")
        self._view.turn_grew(turn, words)

    def turn_changed(self, turn: "Turn") -> None:
        """See `View`."""
        self._view.turn_changed(turn)

    def turn_removed(self, turn: "Turn") -> None:
        """See `View`."""
        self._view.turn_removed(turn)

    async def _begin(self) -> None:
        try:
            await self._prepare()
        except PaywallError as error:
            self._tell_error(error)  # a question that is asked says it on the panel, too
        await self._replay()

    async def _prepare(self) -> None:
        """Make sure that there is a session, and somebody who answers; free when there is."""
        await self._preparing.run()

    async def _make_ready(self) -> None:
        await self._auth.sign_in_anonymously()
        self._shell.mark("session")
        if self._billing.get_cached_balances() is None:
            self._tasks.start(self._count())
        if self._to is None:
            providers = await self._gateway.list_providers()
            self._to = self._settings.choose(providers)
            chosen = [one for one in providers if one.id == self._to.provider_id]
            self._price.of(chosen[0])
            self._show_left(self._billing.get_cached_balances() or [])

    async def _count(self) -> None:
        try:
            await self._billing.get_balances()
        except PaywallError as error:
            self._tell_error(error)

    async def _replay(self) -> None:
        """Ask what waits, each question when the one before it is answered."""
        if self._replays:
            return
        self._replays = True
        while self._waiting:
            await self._conversation.idle()
            question = self._waiting.pop(0)
            if self._conversation.blocked is None:
                await self._ask(question)
            else:
                self._conversation.give_up_waiting(question)
        self._replays = False

    async def _ask(self, question: "Turn") -> None:
        try:
            await self._prepare()
        except PaywallError:
            pass  # the conversation prepares too, and says on the panel what went wrong
        await self._conversation.resend(question, to=self._answerer())
        answer = self._conversation.transcript.answer_to(question)
        if answer is not None:
            detail = {"role": "assistant", "state": answer.state, "text": answer.text}
            self._shell.tell("message", detail)
            failure = answer.version.failure
            if failure is not None:
                self._shell.tell("error", {"code": failure.code, "message": failure.cause})

    def _answerer(self) -> Answerer:
        return self._to or Answerer(self._settings.provider, self._settings.model)

    def _retry(self, turn: "Turn") -> None:
        self._tasks.start(self._conversation.retry(turn, to=self._answerer()))

    def _show_busy(self, busy: bool) -> None:
        self._shell.busy(busy)
        self._view.show_busy(busy)

    # What is left

    @property
    def _is_free(self) -> bool:
        session = self._auth.get_cached_session()
        return session is not None and session.user is not None and session.user.is_anonymous

    def _show_left(self, balances: "list[Balance]") -> None:
        paying = self._price.balance(balances)
        if paying is not None:
            left = self._price.questions(paying.count)
            low = "low" if paying.count * 5 <= paying.granted else "enough"
            dom.set_text(self._left, left_text(left, free=self._is_free))
            dom.set_attribute(self._left, "data-state", low if left else "empty")
        if self._lack is not None and self._lack.ended_by(balances) is not None:
            self._lack = None
            self._credits.close(over=True)
            self._tasks.start(self._conversation.resume())

    def _ran_out(self, error: "QuotaExceededError") -> None:
        self._price.query_type = self._price.query_type or error.query_type
        self._refused, self._lack = error, lack_of(error)

    def _blocked_changed(self, blocked: "Blocked | None") -> None:
        error = self._refused
        if blocked is None or error is None:
            return
        balance = self._price.balance(error.balances)
        granted = self._price.questions(balance.granted) if balance is not None else 0
        session = self._auth.get_cached_session()
        reason = session.user.no_trial if session is not None and session.user else ""
        lead = "" if granted else no_trial_text(reason)
        self._credits.open(used_text(granted, free=self._is_free), lead)
        self._shell.tell("quota", {"query_type": error.query_type})

    def _give_up(self) -> None:
        """Close the notice: the question goes back into the draft, and is not sent by itself."""
        blocked = self._conversation.blocked
        self._lack = None
        self._conversation.unblock()
        self._credits.close()
        if blocked is not None:
            self._shell.give_back(blocked.text)
        self._shell.focus()

    def _tell_error(self, error: PaywallError) -> None:
        self._shell.tell("error", {"code": error.code, "message": error.message})
