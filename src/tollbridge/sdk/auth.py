"""The session: who is signed in, and an access token whenever one is needed.

The access token lives in memory only. The refresh token is in storage, which the tabs of an origin
share, and there it is the truth: it is read again before every refresh, because another tab may
have renewed it, and after, because somebody may have signed out meanwhile.
"""

from tollbridge.sdk import auth_events, options, platform
from tollbridge.sdk.auth_events import AuthEvents
from tollbridge.sdk.errors import PaywallError, SessionError
from tollbridge.sdk.exchange import Exchange
from tollbridge.sdk.session import Session
from tollbridge.sdk.session_store import SessionStore
from tollbridge.sdk.single_flight import SingleFlight
from tollbridge.sdk.storage import default_storage
from tollbridge.sdk.transport import OwnTransport
from tollbridge.wire import headers as names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.session import User
    from tollbridge.sdk.storage import Storage
    from tollbridge.sdk.transport import Transport

# An access token that ends sooner than this is renewed before it is used.
MARGIN_S = 60
# A refresh starts anew when another tab changed the stored session meanwhile; tabs are few.
_REFRESH_TRIES = 3

_OPTIONS = "paywall_id api_origin storage transport clock"


class AuthClient:
    """Signs in, keeps the session and renews its tokens."""

    def __init__(
        self,
        *,
        paywall_id: str = "",
        api_origin: str = "",
        storage: "Storage | None" = None,
        transport: "Transport | None" = None,
        clock: "Callable[[], float] | None" = None,
        **unknown: object,
    ) -> None:
        """Make a client; nothing is read or sent.

        Args:
            paywall_id: The app; its sessions are kept apart from every other app's.
            api_origin: The gateway's origin, such as `https://gateway.example.com`.
            storage: Where the refresh token survives a reload; by default `localStorage` in a
                page, else memory.
            transport: Carries the requests; by default the browser's `fetch`, else HTTP.
            clock: Returns seconds since 1970.
            **unknown: Refused.

        Raises:
            ConfigError: `invalid_config`.
        """
        options.refuse_unknown(unknown, known=_OPTIONS, code="invalid_config", where="AuthClient")
        paywall_id = options.check_paywall_id(paywall_id)
        api_origin = options.check_origin(api_origin)
        options.check_methods(storage, option="storage", methods="get_item set_item remove_item")
        options.check_callable(transport, option="transport")
        options.check_callable(clock, option="clock")
        self._clock = clock or platform.now_s
        self._kept = SessionStore(storage or default_storage(), paywall_id)
        self._own_transport = OwnTransport(transport)
        self._exchange = self._make_exchange(api_origin, paywall_id, None)
        self._signed = self._make_exchange(api_origin, paywall_id, self)
        self._session: Session | None = None
        self._loaded = False
        self._loading = SingleFlight(self._load)
        self._refreshing = SingleFlight(self._refresh)
        self._signing_in = SingleFlight(self._sign_in_anonymously)
        self._events = AuthEvents(self.ready)

    async def ready(self) -> None:
        """Return once the stored session is loaded; every other method waits for it itself."""
        if not self._loaded:
            await self._loading.run()
        self._events.open(self._session)

    def get_cached_session(self) -> "Session | None":
        """Return the session as it is known just now; None signed out, or before `ready`."""
        return self._session

    def get_cached_user(self) -> "User | None":
        """Return the session's user; None where there is none."""
        return self._session.user if self._session is not None else None

    def on_auth_change(
        self, listener: "Callable[[str, Session | None], Any]"
    ) -> "Callable[[], None]":
        """Call `listener(event, session)` at every change of the session.

        The first event is always `INITIAL_SESSION`, told soon after this returns; then come
        `SIGNED_IN`, `SIGNED_OUT`, `TOKEN_REFRESHED`. What a listener raises is reported to the
        event loop.

        Returns:
            The undo. Calling it twice is harmless.
        """
        return self._events.subscribe(listener)

    async def get_access_token(self) -> "str | None":
        """Return a token that is good for at least a minute, or None signed out.

        Raises:
            PaywallError: It had to be renewed and could not be, for want of an answer. The session
                stays. While the old token still lasts that one is returned instead.
        """
        await self.ready()
        session = self._session or await self._adopt_stored()
        if session is None:
            return None
        if session.expires_at - self._clock() > MARGIN_S:
            return session.access_token
        try:
            renewed = await self.refresh()
        except PaywallError:
            if self._session is session and session.expires_at > self._clock():
                return session.access_token
            raise
        return renewed.access_token if renewed is not None else None

    async def refresh(self) -> "Session | None":
        """Renew the tokens and return the session; callers at the same time share one request.

        Returns:
            None where there is no session, or where the gateway ended it: it is then forgotten
            here too, and `SIGNED_OUT` told.

        Raises:
            PaywallError: There was no answer, or none that says yes or no. The session stays.
        """
        session: Session | None = await self._refreshing.run()
        return session

    async def sign_in_anonymously(self) -> Session:
        """Make sure that there is an anonymous session, and return it.

        An anonymous session is returned as it is, and one from before a sign-out or a reload comes
        back with the same user and credits. Otherwise the gateway makes a new user. Callers at the
        same time share one sign-in.

        Raises:
            PaywallError: `anonymous_disabled`, `rate_limited`, or no answer. Nothing changed.
        """
        session: Session = await self._signing_in.run()
        return session

    async def sign_out(self, forget_anonymous: bool = False) -> None:
        """End the session here, then tell the gateway. Never fails; offline it is ended here.

        Args:
            forget_anonymous: Also give an anonymous user up, with all credits. Otherwise the next
                `sign_in_anonymously` brings the same one back.
        """
        await self.ready()
        session = self._session
        self._session = None
        await self._kept.clear()
        if forget_anonymous:
            await self._kept.clear_anonymous()
        if session is None:
            return
        self._events.emit(auth_events.SIGNED_OUT, None)
        if session.is_anonymous and not forget_anonymous:
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
        await self._kept.clear()
        await self._kept.clear_anonymous()
        self._end()

    async def aclose(self) -> None:
        """Stop what still runs and give the client's own connections back; the session stays."""
        for flight in (self._signing_in, self._refreshing, self._loading):
            await flight.cancel()
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

    async def _load(self) -> None:
        self._session = await self._kept.load()
        self._loaded = True

    async def _adopt_stored(self) -> "Session | None":
        """Take over a session that another tab began."""
        stored = await self._kept.load()
        if stored is not None and self._session is None:
            self._session = stored
            self._events.emit(auth_events.SIGNED_IN, stored)
        return self._session

    async def _sign_in_anonymously(self) -> Session:
        await self.ready()
        session = self._session or await self._adopt_stored()
        if session is not None and session.is_anonymous:
            if session.expires_at > self._clock():
                return session
            session = await self.refresh()
            if session is not None:
                return session
        saved = await self._kept.load_anonymous()
        if saved is not None:
            try:
                return await self._begin(await self._renew(saved))
            except SessionError:
                await self._kept.clear_anonymous()
        answer = await self._exchange.post("auth/anonymous/signin", {})
        return await self._begin(Session.from_answer(answer, user=None, now_s=self._clock()))

    async def _begin(self, session: Session) -> Session:
        self._session = session
        await self._kept.save(session)
        self._events.emit(auth_events.SIGNED_IN, session)
        return session

    def _end(self) -> None:
        if self._session is not None:
            self._session = None
            self._events.emit(auth_events.SIGNED_OUT, None)

    async def _refresh(self) -> "Session | None":
        await self.ready()
        for _ in range(_REFRESH_TRIES):
            sent = await self._kept.load()
            if sent is None:
                break  # signed out, here or in another tab
            try:
                renewed = await self._renew(sent)
            except SessionError:
                if await self._is_stored(sent):
                    await self._kept.forget(sent)
                    break
                continue  # another tab renewed it first
            if not await self._is_stored(sent) and not await self._is_stored(renewed):
                continue  # what is stored now is newer, or nobody's
            await self._kept.save(renewed)
            before, self._session = self._session, renewed
            same = before is None or _user_id(before) == _user_id(renewed)
            self._events.emit(
                auth_events.TOKEN_REFRESHED if same else auth_events.SIGNED_IN, renewed
            )
            return renewed
        self._end()
        return None

    async def _renew(self, session: Session) -> Session:
        """Trade a refresh token for the next tokens. A refresh brings no user: it is carried over.

        Raises:
            SessionError: The gateway ended the session.
            PaywallError: There was no answer, or none that says yes or no.
        """
        answer = await self._exchange.post("auth/refresh", {"refresh_token": session.refresh_token})
        return Session.from_answer(answer, user=session.user, now_s=self._clock())

    async def _is_stored(self, session: Session) -> bool:
        stored = await self._kept.load()
        return stored is not None and stored.refresh_token == session.refresh_token

    async def _end_at_gateway(self, session: Session) -> None:
        if session.expires_at <= self._clock():
            session = await self._renew(session)
        bearer = {names.AUTHORIZATION: f"Bearer {session.access_token}"}
        await self._exchange.post("auth/signout", {}, headers=bearer)


def _user_id(session: Session) -> "str | None":
    return session.user.id if session.user is not None else None
