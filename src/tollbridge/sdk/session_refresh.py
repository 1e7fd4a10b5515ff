"""Renewing the tokens: one request at a time, nothing kept that came too late, no storm.

The tokens are renewed when they are needed and not by the clock. A page that calls nothing needs no
token, and one that does asks for it first; so there is no timer to stop while a tab is hidden, and
none that fires in twenty tabs at once.
"""

from tollbridge.sdk.errors import PaywallError, SessionError
from tollbridge.sdk.session import Session
from tollbridge.sdk.single_flight import SingleFlight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk.exchange import Exchange
    from tollbridge.sdk.session_state import SessionState

# An access token that ends sooner than this is renewed before it is used.
MARGIN_S = 60
# After a renewal that brought no answer the next one waits: so long while the old token lasts.
COOLDOWN_S = 60
# Once it has ended somebody is waiting: so long at first, then twice as long each time, up to
# COOLDOWN_S. Who tries again by hand gets through, a loop does not.
_FIRST_WAIT_S = 1
# A refresh starts anew when another tab changed the stored session meanwhile; tabs are few.
_TRIES_MAX = 3


class Cooldown:
    """How long to leave the gateway alone after renewals that failed. Pure but for the clock.

    It is about one refresh token: another one is another try.
    """

    def __init__(self, clock: "Callable[[], float]") -> None:
        """Start with nothing failed."""
        self._clock = clock
        self._token = ""
        self._failures = 0
        self._failed_at = 0.0
        self._error: PaywallError | None = None

    def failed(self, refresh_token: str, error: PaywallError) -> None:
        """Take note of a failure."""
        self._failures = self._failures + 1 if refresh_token == self._token else 1
        self._token = refresh_token
        self._failed_at = self._clock()
        self._error = error

    def worked(self) -> None:
        """Forget every failure."""
        self._token = ""

    def error(self, refresh_token: str, *, lasts: bool) -> "PaywallError | None":
        """Return what went wrong, if it is too early to try again; else None.

        Args:
            refresh_token: What would be traded.
            lasts: Whether the access token is good on, so that nobody has to wait.
        """
        if refresh_token != self._token:
            return None
        wait_s = COOLDOWN_S if lasts else self._wait_s()
        return self._error if 0 <= self._clock() - self._failed_at < wait_s else None

    def _wait_s(self) -> int:
        if self._error is None or isinstance(self._error, SessionError):
            return 0  # the gateway said no, once; now that it matters it is asked again
        wait_s = _FIRST_WAIT_S << min(self._failures - 1, 6)
        return min(COOLDOWN_S, max(wait_s, self._error.retry_after_s or 0))


class SessionRefresh:
    """Trades refresh tokens for the next ones."""

    def __init__(
        self, state: "SessionState", exchange: "Exchange", clock: "Callable[[], float]"
    ) -> None:
        """Take the session, the line to the gateway, and the seconds since 1970."""
        self._state = state
        self._exchange = exchange
        self._clock = clock
        self._cooldown = Cooldown(clock)
        self._flight = SingleFlight(self._renew_stored)
        self._refused: Session | None = None

    def lasts(self, session: Session) -> bool:
        """Return whether the session has an access token that did not end yet."""
        return session.expires_at > self._clock()

    async def run(self) -> "Session | None":
        """Renew now, whatever failed before; see `AuthClient.refresh`.

        Raises:
            PaywallError: There was no answer, or none that says yes or no. The session stays.
        """
        try:
            renewed: Session | None = await self._flight.run()
        except SessionError:
            if self._refused is not None:
                await self._state.forget(self._refused)
            return None
        return renewed

    async def token(self, session: Session) -> "str | None":
        """Return an access token of the session that is good for a while, renewed where needed.

        A failure costs nothing while the old token lasts, not even where the gateway says that the
        session is over: it is asked again when the token has ended, or has refused it.

        Raises:
            PaywallError: The token has ended and could not be renewed, for want of an answer. The
                session stays.
        """
        if session.expires_at - self._clock() > MARGIN_S:
            return session.access_token
        lasts = self.lasts(session)
        error = self._cooldown.error(session.refresh_token, lasts=lasts)
        if not lasts:
            if error is not None:
                raise error
            renewed = await self.run()
            return renewed.access_token if renewed is not None else None
        if error is not None:
            return session.access_token
        try:
            await self._flight.run()
        except PaywallError as failure:
            current = self._state.current
            if current is None or not self.lasts(current):
                if isinstance(failure, SessionError):
                    return None
                raise
        current = self._state.current
        return current.access_token if current is not None else None

    async def trade(self, session: Session) -> Session:
        """Trade a refresh token. A refresh brings no user: that is carried over. Nothing is kept.

        Raises:
            SessionError: The gateway ended the session.
            PaywallError: There was no answer, or none that says yes or no.
        """
        answer = await self._exchange.post("auth/refresh", {"refresh_token": session.refresh_token})
        return Session.from_answer(
            answer, user=session.user, now_s=self._clock(), sign_in_id=session.sign_in_id
        )

    async def aclose(self) -> None:
        """Stop a refresh that runs; whoever waits for it is cancelled."""
        await self._flight.cancel()

    async def _renew_stored(self) -> "Session | None":
        """Trade what is stored, and take the answer unless somebody was faster.

        Raises:
            SessionError: The gateway ended the session, which stays for now; it is `_refused`.
            PaywallError: There was no answer, or none that says yes or no.
        """
        for _ in range(_TRIES_MAX):
            sent = await self._state.stored()
            if sent is None:
                break  # signed out, here or in another tab
            try:
                renewed = await self.trade(sent)
            except SessionError as error:
                if not await self._state.is_stored(sent):
                    continue  # another tab renewed it first
                self._refused = sent
                self._cooldown.failed(sent.refresh_token, error)
                raise
            except PaywallError as error:
                if not 400 <= error.status < 500:
                    self._cooldown.failed(sent.refresh_token, error)
                raise
            if await self._state.renew(sent, renewed):
                self._cooldown.worked()
                return renewed
        await self._state.follow()
        return None
