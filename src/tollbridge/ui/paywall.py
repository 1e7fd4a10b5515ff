"""The upgrade dialog: opens when credits run out, and closes by itself when some have come."""

from tollbridge.sdk import PaywallError, QuotaExceededError, Signal, options, platform
from tollbridge.ui import dom
from tollbridge.ui.paywall_events import PaywallEvents
from tollbridge.ui.paywall_opening import Opening
from tollbridge.ui.paywall_state import (
    Lack,
    PaywallState,
    closed_text,
    closed_types,
    lack_of,
    words_for,
)
from tollbridge.ui.paywall_view import StatusLine
from tollbridge.ui.strings.paywall import BY_HAND_TITLE, SENDING
from tollbridge.ui.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any, TypeVar

    from tollbridge.sdk import ApiGatewayClient, Balance
    from tollbridge.sdk.remote import QuotaNews
    from tollbridge.ui.paywall_state import Words

    Result = TypeVar("Result")

_OPTIONS = "billing auth host redeem resumes"
# Under this key a tab keeps for which types a person has closed the dialog.
CLOSED = "tollbridge-paywall-closed"


class PaywallUI:
    """The upgrade dialog of a page.

    Attributes:
        lacking: A signal: the `QuotaExceededError` of the last refused call while no credit has
            come since, else None. A notice beside the dialog follows it.
    """

    def __init__(
        self,
        *,
        billing: "Any",
        auth: "Any" = None,
        host: "Any" = None,
        redeem: bool = True,
        resumes: bool = False,
        **unknown: object,
    ) -> None:
        """Put an empty status line on the page; nothing opens, nothing is sent.

        Args:
            billing: The page's `BillingClient`.
            auth: The page's `AuthClient`, which knows why an account has no free credits.
            host: The element that the dialog is put into; by default the page's body.
            redeem: Whether the dialog takes vouchers.
            resumes: Whether the page sends a refused message by itself on `granted`; the dialog
                says so only then, or while a `gate` waits.
            **unknown: Refused.

        Raises:
            ConfigError: `invalid_config`.
        """
        options.refuse_unknown(unknown, known=_OPTIONS, code="invalid_config", where="PaywallUI")
        methods = "get_balances get_cached_balances on_balance_change redeem_voucher"
        options.check_methods(billing, option="billing", methods=methods)
        options.check_methods(auth, option="auth", methods="get_cached_session")
        self.lacking = Signal(None)
        self._billing = billing
        self._auth = auth
        self._host = dom.page_body() if host is None else host
        self._vouchers = redeem
        self._resumes = resumes
        self._gates = 0
        self._state = Signal(PaywallState())
        self._events = PaywallEvents()
        self._tasks = Tasks()
        self._told = StatusLine(self._host, self._tasks)
        self._lack: Lack | None = None
        self._closed_types: list[str] = []
        self._opening: Opening | None = None
        self._latest: Opening | None = None
        self._destroyed = False
        self._undo: list[Callable[[], None]] = [billing.on_balance_change(self._balances_changed)]

    def attach(self, gateway: "ApiGatewayClient | QuotaNews") -> "Callable[[], None]":
        """Open by itself on the 402s of `gateway` from now on.

        It does not where a person has closed it before, in this tab, for the same query type, and
        no credit has come since; nor over another modal dialog. `blocked` is told instead.

        Returns:
            The undo. Calling it twice is harmless.

        Raises:
            ConfigError: `invalid_config`: that is no gateway client.
        """
        options.check_methods(gateway, option="gateway", methods="on_quota")
        self._tasks.start(self._remember())
        undo = gateway.on_quota(self._ran_out)
        self._undo.append(undo)
        return undo

    def open(self, error: "PaywallError | None" = None, *, title: "str | None" = None) -> bool:
        """Open it, or let it say something else where it stands.

        Args:
            error: Why; None where a person asked for it.
            title: A heading of your own.

        Returns:
            Whether it stands now. It does not open over another modal dialog.
        """
        if isinstance(error, QuotaExceededError) and error is not self.lacking.get():
            self._lacks(error)
        if error is None and title is None:
            title = BY_HAND_TITLE
        return self._open(error or self.lacking.get(), title or "", by_itself=False)

    def close(self) -> None:
        """Close it; harmless when it is closed. Whoever waits at a `gate` gets the error."""
        if self._opening is not None:
            self._opening.close()

    @property
    def takes_code(self) -> bool:
        """Whether it stands, and shows a field for a voucher's code."""
        return self._opening is not None and self._opening.takes_code

    def redeem(self) -> None:
        """Send off the code that stands in the dialog, as its button does; harmless without one."""
        if self._opening is not None:
            self._opening.redeem()

    def on(self, event: str, listener: "Callable[..., Any]") -> "Callable[[], None]":
        """Call `listener` at every `event` from now on; returns the undo.

        `open()`, `close()`; `granted(balance)`: the gateway has confirmed credits of the type that
        was missing, once per opening and before its `close`; `error(error)`: a code could not be
        redeemed, or the balances not be read; `blocked(error)`: it stayed closed at a 402.

        Raises:
            ConfigError: `invalid_argument`: there is no such event.
        """
        return self._events.on(event, listener)

    def off(self, event: str, listener: "Callable[..., Any]") -> None:
        """Call `listener` at `event` no more; harmless if it never was."""
        self._events.off(event, listener)

    def get_state(self) -> PaywallState:
        """Return how it is; the identical object while nothing changes."""
        state: PaywallState = self._state.get()
        return state

    def on_state_change(
        self, listener: "Callable[[PaywallState], Any]", *, immediate: bool = False
    ) -> "Callable[[], None]":
        """Call `listener(state)` at every change from now on, with `immediate` at once too.

        Returns:
            The undo. Calling it twice is harmless.
        """

        def tell(state: PaywallState) -> None:
            platform.call_listener(listener, state)

        if immediate:
            tell(self.get_state())
        return self._state.subscribe(tell)

    async def gate(self, action: "Callable[[], Awaitable[Result]]") -> "Result":
        """Run `action()`; where credits run out, wait for the dialog, and run it once more.

        Raises:
            QuotaExceededError: The dialog was closed without credits, or stayed closed (see
                `attach`), or the second run met the next 402.
            Exception: Whatever else `action` raised.
        """
        self._gates += 1
        try:
            try:
                return await action()
            except QuotaExceededError as error:
                refused = error
            if not await self._credits_came(refused):
                raise refused
        finally:
            self._gates -= 1
        return await action()

    def destroy(self) -> None:
        """Close it, follow nothing any more, and take all of it off the page."""
        self._destroyed = True
        self.close()
        undo, self._undo = self._undo, []
        for step in undo:
            step()
        self._events.clear()
        self._told.close()

    async def _credits_came(self, error: QuotaExceededError) -> bool:
        if self.lacking.get() is not error and not self._stands_for(error):
            self._ran_out(error)  # the gateway it came from is not attached
        opening = self._latest
        if opening is None or opening.reason is not error:
            return False
        await opening.ended.wait()
        return opening.granted

    def _stands_for(self, error: PaywallError) -> bool:
        return self._latest is not None and self._latest.reason is error

    def _ran_out(self, error: QuotaExceededError) -> None:
        self._lacks(error)
        kept_closed = self._opening is None and error.query_type in self._closed_types
        if kept_closed or not self._open(error, "", by_itself=True):
            self._events.emit("blocked", error)

    def _lacks(self, error: QuotaExceededError) -> None:
        self._lack = lack_of(error)
        self.lacking.set(error)

    def _open(self, reason: "PaywallError | None", title: str, *, by_itself: bool) -> bool:
        """Open it, or renew what stands; False where it must not."""
        if self._destroyed or (self._opening is None and dom.has_modal()):
            return False
        lack = self._lack
        if lack is None or not isinstance(reason, QuotaExceededError):
            lack = Lack(self._billing.get_cached_balances(), "", refused=False)
        if self._opening is not None:
            self._opening.show(reason, title, lack, by_itself=by_itself)
            return True
        self._opening = self._latest = Opening(
            billing=self._billing,
            host=self._host,
            vouchers=self._vouchers,
            words=self._words,
            state=self._state,
            events=self._events,
            over=self._over,
            tasks=self._tasks,
        )
        self._opening.show(reason, title, lack, by_itself=by_itself)
        self._opening.begin()
        self._events.emit("open")
        return True

    def _over(self, opening: Opening, by_person: bool, said: str) -> None:
        """An opening has ended, and is off the page."""
        self._opening = None
        if by_person and isinstance(opening.reason, QuotaExceededError):
            self._closed_types.append(opening.reason.query_type)
            self._tasks.start(self._keep())
        if said:
            self._told.say(f"{said} {SENDING}" if self._sends(opening) else said)
        self._state.set(PaywallState())
        self._events.emit("close")

    def _sends(self, opening: Opening) -> bool:
        return opening.by_itself and opening.is_recent and (self._resumes or self._gates > 0)

    def _words(self, opening: Opening) -> "Words":
        session = self._auth.get_cached_session() if self._auth is not None else None
        user = session.user if session is not None else None
        return words_for(
            opening.reason,
            opening.title,
            balances=opening.balances,
            no_trial=user.no_trial if user is not None else "",
            signed_out=self._auth is not None and session is None,
            sends=self._sends(opening),
        )

    def _balances_changed(self, balances: "list[Balance]") -> None:
        if self._lack is not None and self._lack.ended_by(balances) is not None:
            self._closed_types = [
                kept for kept in self._closed_types if kept != self._lack.query_type
            ]
            self._lack = None
            self._tasks.start(self._keep())
            self.lacking.set(None)
        if self._opening is not None:
            self._opening.balances_changed(balances)

    async def _remember(self) -> None:
        self._closed_types.extend(closed_types(await dom.kept(CLOSED)))

    async def _keep(self) -> None:
        await dom.keep(CLOSED, closed_text(self._closed_types))
