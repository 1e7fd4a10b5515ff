"""The session: who is signed in, and an access token whenever one is needed.

The access token lives in memory only. The refresh token is in storage, which the tabs of an origin
share, and there it is the truth: it is read again before every refresh, because another tab may
have renewed it, and after, because somebody may have signed out meanwhile.
"""

from tollbridge.sdk import options, platform
from tollbridge.sdk.errors import PaywallError, SessionError
from tollbridge.sdk.exchange import Exchange
from tollbridge.sdk.session import Session
from tollbridge.sdk.session_refresh import SessionRefresh
from tollbridge.sdk.session_state import SessionState
from tollbridge.sdk.single_flight import SingleFlight
from tollbridge.sdk.storage import choose_storage
from tollbridge.sdk.telegram import TelegramSignIn
from tollbridge.sdk.transport import OwnTransport
from tollbridge.wire import headers as names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.session import User
    from tollbridge.sdk.storage import Storage
    from tollbridge.sdk.transport import Transport

_OPTIONS = "paywall_id api_origin storage transport clock"


class AuthClient:
    """Signs in, keeps the session and renews its tokens."""

    def __init__(
        self,
        *,
        paywall_id: str = "",
        api_origin: str = "",
        storage: "Storage | str | None" = None,
        transport: "Transport | None" = None,
        clock: "Callable[[], float] | None" = None,
        **unknown: object,
    ) -> None:
        """Make a client; nothing is read or sent.

        Args:
            paywall_id: The app; its sessions are kept apart from every other app's.
            api_origin: The gateway's origin, such as `https://gateway.example.com`.
            storage: Where the refresh token survives a reload, and other tabs find it: `auto` (the
                default: `localStorage` in a page, else memory), `local`, `memory`, or an object
                with async `get_item`, `set_item` and `remove_item`, and perhaps `watch`.
            transport: Carries the requests; by default the browser's `fetch`, else HTTP.
            clock: Returns seconds since 1970.
            **unknown: Refused.

        Raises:
            ConfigError: `invalid_config`.
        """
        options.refuse_unknown(unknown, known=_OPTIONS, code="invalid_config", where="AuthClient")
        paywall_id = options.check_paywall_id(paywall_id)
        api_origin = options.check_origin(api_origin)
        kept = choose_storage(storage)
        options.check_callable(transport, option="transport")
        options.check_callable(clock, option="clock")
        self._clock = clock or platform.now_s
        self._own_transport = OwnTransport(transport)
        self._exchange = self._make_exchange(api_origin, paywall_id, None)
        self._signed = self._make_exchange(api_origin, paywall_id, self)
        self._state = SessionState(kept, paywall_id)
        self._refresh = SessionRefresh(self._state, self._exchange, self._clock)
        self._signing_in = SingleFlight(self._sign_in_anonymously)
        self._telegram = TelegramSignIn(self._state, self._refresh, self._exchange, self._clock)

    async def ready(self) -> None:
        """Return once the stored session is loaded; every other method waits for it itself.

        No network is needed for that: who is signed in is known at once, and what the gateway says
        of it comes with the first request.
        """
        await self._state.ready()

    def get_cached_session(self) -> "Session | None":
        """Return the session as it is known just now; None signed out, or before `ready`."""
        return self._state.current

    def get_cached_user(self) -> "User | None":
        """Return the session's user; None where there is none."""
        session = self._state.current
        return session.user if session is not None else None

    def on_auth_change(
        self, listener: "Callable[[str, Session | None], Any]"
    ) -> "Callable[[], None]":
        """Call `listener(event, session)` at every change of the session, also by another tab.

        The first event is always `INITIAL_SESSION`, told soon after this returns; then come
        `SIGNED_IN`, `SIGNED_OUT`, `TOKEN_REFRESHED`, `USER_UPDATED`; see `auth_events`. What a
        listener raises is reported to the event loop.

        Returns:
            The undo. Calling it twice is harmless.
        """
        return self._state.events.subscribe(listener)

    async def get_access_token(self) -> "str | None":
        """Return a token that is good for at least a minute, or None signed out.

        Where it could not be renewed, the old token is returned while it lasts, and the gateway is
        left alone for a minute; after that for a second, and twice as long each time.

        Raises:
            PaywallError: It had to be renewed and could not be, for want of an answer, now or a
                moment ago. The session stays.
        """
        await self.ready()
        session = await self._state.adopt()
        return None if session is None else await self._refresh.token(session)

    async def refresh(self) -> "Session | None":
        """Renew the tokens now and return the session; callers at the same time share one request.

        It asks also where a refresh failed just before: a person presses a button, or the gateway
        refused the token.

        Returns:
            None where there is no session, or where the gateway ended it: it is then forgotten
            here too, and `SIGNED_OUT` told.

        Raises:
            PaywallError: There was no answer, or none that says yes or no. The session stays.
        """
        await self.ready()
        return await self._refresh.run()

    async def sign_in_anonymously(self) -> Session:
        """Make sure that there is a session, an anonymous one where nobody is signed in.

        A session that there is stays, and is returned: an anonymous one, and also that of somebody
        who is known, who is never replaced by a stranger; `sign_out` comes first. An anonymous
        session from before a sign-out or a reload comes back with the same user and credits.
        Otherwise the gateway makes a new user. Callers at the same time share one sign-in.

        Raises:
            PaywallError: `anonymous_disabled`, `rate_limited`, or no answer. Nothing changed.
        """
        session: Session = await self._signing_in.run()
        return session

    async def sign_in_with_telegram(self, init_data: str, *, reload_key: str = "") -> Session:
        """Make sure that there is a session of who opened this Telegram Mini App.

        The session that this launch began stays, renewed where needed, and nothing is sent; where
        it is over, and with another launch, the gateway begins one. It needs `storage="memory"`.
        Callers at the same time share one sign-in.

        Args:
            init_data: `Telegram.WebApp.initData` as it is; never `initDataUnsafe`.
            reload_key: 22 to 128 random letters, digits, `-` and `_` that the page keeps over a
                reload, in `sessionStorage` say. Without them a launch is good for one page only.

        Raises:
            SessionError: `init_data_expired`, `init_data_used`: the person has to open the app
                again. `init_data_invalid`.
            PaywallError: `telegram_disabled`, `rate_limited`, or no answer. Nothing changed.
            ConfigError: `init_data` is empty, or the client's storage is not memory.
        """
        return await self._telegram.run(init_data, reload_key)

    async def sign_out(self, forget_anonymous: bool = False) -> None:
        """End the session here and in the other tabs, then tell the gateway.

        Never fails; offline it is ended here.

        Args:
            forget_anonymous: Also give an anonymous user up, with all credits. Otherwise the next
                `sign_in_anonymously` brings the same one back.
        """
        await self.ready()
        session = await self._state.end(forget_anonymous=forget_anonymous)
        if session is None or (session.is_anonymous and not forget_anonymous):
            return
        try:
            await self._end_at_gateway(session)
        except PaywallError:
            return  # the person is signed out all the same; the tokens end by themselves

    async def revoke_all_sessions(self) -> None:
        """End every session of the user, on all devices, then this one.

        Raises:
            SessionError: `not_authenticated`: nobody is signed in.
            PaywallError: The gateway did not do it. The session stays.
        """
        if await self.get_access_token() is None:
            raise SessionError("not_authenticated", "Nobody is signed in.", status=401)
        await self._signed.post("auth/revoke-all", {})
        await self._state.end(forget_anonymous=True)

    async def aclose(self) -> None:
        """Stop what still runs and give the client's own connections back; the session stays.

        After that it hears nothing of other tabs.
        """
        await self._signing_in.cancel()
        await self._telegram.aclose()
        await self._refresh.aclose()
        await self._state.aclose()
        await self._own_transport.aclose()

    def _make_exchange(
        self, api_origin: str, paywall_id: str, auth: "AuthClient | None"
    ) -> Exchange:
        return Exchange(
            api_origin=api_origin,
            paywall_id=paywall_id,
            transport=self._own_transport.send,
            auth=auth,
        )

    async def _sign_in_anonymously(self) -> Session:
        await self.ready()
        session = await self._state.adopt()
        if session is not None:
            if self._refresh.lasts(session):
                return session
            session = await self._refresh.run()
            if session is not None:
                return session
        saved = await self._state.stored_anonymous()
        if saved is not None:
            try:
                return await self._begin(await self._refresh.trade(saved))
            except SessionError:
                await self._state.forget_anonymous()
        answer = await self._exchange.post("auth/anonymous/signin", {})
        return await self._begin(Session.from_answer(answer, user=None, now_s=self._clock()))

    async def _begin(self, anonymous: Session) -> Session:
        """Keep an anonymous session, unless another tab began one first."""
        session = await self._state.begin(anonymous, unless_stored=True)
        if session.access_token is None:
            session = await self._refresh.run() or session
        return session

    async def _end_at_gateway(self, session: Session) -> None:
        if not self._refresh.lasts(session):
            session = await self._refresh.trade(session)
        bearer = {names.AUTHORIZATION: f"Bearer {session.access_token}"}
        await self._exchange.post("auth/signout", {}, headers=bearer)
