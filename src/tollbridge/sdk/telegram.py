"""Signing in by what Telegram says of who opened a Mini App."""

from tollbridge.sdk.errors import ConfigError
from tollbridge.sdk.session import Session
from tollbridge.sdk.single_flight import SingleFlight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.sdk.exchange import Exchange
    from tollbridge.sdk.session_refresh import SessionRefresh
    from tollbridge.sdk.session_state import SessionState


class TelegramSignIn:
    """Exchanges launch data for a session, and again only where that session is over."""

    def __init__(
        self,
        state: "SessionState",
        refresh: "SessionRefresh",
        exchange: "Exchange",
        clock: "Callable[[], float]",
    ) -> None:
        """Take the session, its renewal, the line to the gateway, and the seconds since 1970."""
        self._state = state
        self._refresh = refresh
        self._exchange = exchange
        self._clock = clock
        self._launch = ("", "")
        self._sign_in_id = ""
        self._flight = SingleFlight(self._sign_in)

    async def run(self, init_data: object, reload_key: object) -> Session:
        """See `AuthClient.sign_in_with_telegram`."""
        if not isinstance(init_data, str) or not init_data:
            # It is not shown: whoever reads it can sign in with it.
            raise ConfigError(
                "invalid_argument",
                "init_data must be the text of Telegram.WebApp.initData; it is empty where the "
                "page was not opened in Telegram, or a redirect lost the address's fragment",
            )
        if not isinstance(reload_key, str):
            raise ConfigError("invalid_argument", "reload_key must be a text of random letters")
        if self._state.is_shared:
            raise ConfigError(
                "invalid_config",
                "a session from Telegram is kept in memory only, because each start of the app "
                "brings what begins the next one; make the AuthClient with storage='memory'",
            )
        if (init_data, reload_key) != self._launch:
            self._launch = (init_data, reload_key)
            self._sign_in_id = ""
            self._flight = SingleFlight(self._sign_in)
        session: Session = await self._flight.run()
        return session

    async def aclose(self) -> None:
        """Stop a sign-in that runs; whoever waits for it is cancelled."""
        await self._flight.cancel()

    async def _sign_in(self) -> Session:
        launch = init_data, reload_key = self._launch
        await self._state.ready()
        session = self._state.current
        if session is not None and session.sign_in_id == self._sign_in_id:
            if self._refresh.lasts(session):
                return session
            session = await self._refresh.run()
            if session is not None:
                return session
        body = {"init_data": init_data}
        if reload_key:
            body["reload_key"] = reload_key
        answer = await self._exchange.post("auth/telegram/signin", body)
        session = await self._state.begin(
            Session.from_answer(answer, user=None, now_s=self._clock())
        )
        if launch == self._launch:
            self._sign_in_id = session.sign_in_id
        return session
