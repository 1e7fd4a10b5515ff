"""Balances: read, kept for five seconds, shown at once when a call was charged."""

from tollbridge.sdk import credit_moves, options, platform
from tollbridge.sdk.balance_news import BalanceNews
from tollbridge.sdk.balances import BalanceStore
from tollbridge.sdk.errors import ConfigError, PaywallError
from tollbridge.sdk.exchange import Exchange
from tollbridge.sdk.gateway import ApiGatewayClient
from tollbridge.sdk.metering import Meter
from tollbridge.sdk.replay import Replay
from tollbridge.sdk.single_flight import SingleFlight
from tollbridge.sdk.transport import OwnTransport
from tollbridge.wire import Balance, find_balance, read_balances

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.session import Session
    from tollbridge.sdk.transport import Transport

# Balances younger than this are not asked for again.
FRESH_S = 5

_OPTIONS = "paywall_id api_origin auth api_key identity transport clock"
_UNKNOWN_USER = ""


class BillingClient:
    """The balances of the signed-in user, and owner's credits and debits on a server."""

    def __init__(
        self,
        *,
        paywall_id: str = "",
        api_origin: str = "",
        auth: "Any" = None,
        api_key: "str | None" = None,
        identity: "dict[str, str] | None" = None,
        transport: "Transport | None" = None,
        clock: "Callable[[], float] | None" = None,
        **unknown: object,
    ) -> None:
        """Make a client; nothing is sent.

        Args:
            paywall_id: The app.
            api_origin: The gateway's origin, such as `https://gateway.example.com`.
            auth: An `AuthClient`, or anything with an async `get_access_token()`. With
                `on_auth_change` too, the balances follow who is signed in.
            api_key: The owner's key, never in a page.
            identity: On a server: whose credits the owner's key moves, `{"user_id": …}` or
                `{"email": …}`.
            transport: Carries the requests; by default the browser's `fetch`, else HTTP.
            clock: Returns seconds since 1970.
            **unknown: Refused.

        Raises:
            ConfigError: `invalid_config` or `apikey_in_browser`.
        """
        options.refuse_unknown(
            unknown, known=_OPTIONS, code="invalid_config", where="BillingClient"
        )
        self._paywall_id = options.check_paywall_id(paywall_id)
        self._api_origin = options.check_origin(api_origin)
        self._api_key = options.check_api_key(api_key)
        self._identity = options.check_identity(identity)
        options.check_methods(auth, option="auth", methods="get_access_token")
        options.check_callable(transport, option="transport")
        options.check_callable(clock, option="clock")
        self._auth = auth
        self._clock = clock or platform.now_s
        self._own_transport = OwnTransport(transport)
        self._exchange = self._make_exchange(auth)
        self._owner = self._make_exchange(None)
        self._store = BalanceStore()
        self._reading = SingleFlight(self._read, ends_with_callers=True)
        self._read_at = 0.0
        self._again = False
        self._user_id: str | None = _UNKNOWN_USER
        follow = getattr(auth, "on_auth_change", None)
        self._unfollow = follow(self._auth_changed) if follow is not None else None
        self._news: BalanceNews | None = None
        if follow is not None:
            self._news = BalanceNews(self._paywall_id, self._store, self._read_anew)

    async def get_balances(self, *, force: bool = False) -> list[Balance]:
        """Return the balances: those read less than 5 s ago, else read now.

        Callers at the same time share one request. Without `auth`, or signed out, the answer is []
        and nothing is sent.

        Args:
            force: Read now, however young the last reading is.

        Raises:
            PaywallError: They could not be read; the shown balances stay as they are.
        """
        if self._auth is None:
            return []
        cached = self.get_cached_balances()
        if cached is not None and not force and self._clock() - self._read_at < FRESH_S:
            return cached
        balances: list[Balance] = await self._reading.run()
        return list(balances)

    async def refresh_balances(self) -> list[Balance]:
        """Read the balances now; see `get_balances`."""
        return await self.get_balances(force=True)

    def get_cached_balances(self) -> "list[Balance] | None":
        """Return what is shown: the last reading less what was spent since; None before one."""
        shown = self._store.shown.get()
        return None if shown is None else list(shown)

    def on_balance_change(self, listener: "Callable[[list[Balance]], Any]") -> "Callable[[], None]":
        """Call `listener(balances)` whenever the shown balances change.

        What a listener raises is reported to the event loop; it costs nobody anything.

        Returns:
            The undo. Calling it twice is harmless.
        """

        def tell(shown: "list[Balance] | None") -> None:
            if shown is not None:
                platform.call_listener(listener, list(shown))

        return self._store.shown.subscribe(tell)

    def decrement_balance_local(self, query_type: "str | None" = None) -> None:
        """Lower the shown balance of a type by one, as after a charged call.

        An unknown type, an empty balance or nothing loaded: nothing happens. Without a type the
        balances are read anew in the background.
        """
        if query_type is None:
            self._read_anew()
        else:
            self._store.spend(query_type)

    def create_api_gateway_client(self, **overrides: "Any") -> ApiGatewayClient:
        """Make a gateway client that shares this one's session and keeps its balances true.

        Args:
            **overrides: Options of `ApiGatewayClient`; its hooks run after the balances changed.

        Raises:
            ConfigError: `invalid_config` or `apikey_in_browser`.
        """
        given: dict[str, Any] = {
            "paywall_id": self._paywall_id,
            "api_origin": self._api_origin,
            "auth": self._auth,
            "transport": self._own_transport.send,
            "meter": Meter(self._store, self._read_anew),
        }
        if self._auth is None and self._identity is not None:
            given["user_id"] = self._identity.get("user_id")
            given["api_key"] = self._api_key
        given.update(overrides)
        return ApiGatewayClient(**given)

    async def redeem_voucher(self, code: str) -> Balance:
        """Redeem a voucher for the signed-in user; the shown balances have it at once.

        Safe to repeat: a voucher counts once for a user. A lost answer is asked for once more.

        Returns:
            The new balance of the type that the voucher is for.

        Raises:
            ConfigError: No `auth`, or no code. Nothing was sent.
            SessionError: Nobody is signed in.
            PaywallError: `voucher_invalid`, or `rate_limited` after too many of those
                (`retry_after_s` says for how long). Nothing changed; after a `NetworkError` it may
                have.
        """
        if self._auth is None:
            raise ConfigError("invalid_config", "redeeming a voucher needs auth: whose is it?")
        sent = credit_moves.check_code(code)
        user, mark = self._store.user, self._store.mark()
        replay = Replay(self._own_transport.send, replayable=True, own_key=True)
        query_type, balances = await credit_moves.redeem(self._exchange, replay, sent)
        if user == self._store.user and not self._store.replace(balances, mark=mark):
            self._read_anew()
        return find_balance(balances, query_type) or Balance(query_type, 0)

    async def credit_tokens(
        self, *, type: str, amount: int, idempotency_key: "str | None" = None
    ) -> Balance:
        """Give credits to the `identity`, with the owner's key.

        Each call is a new grant, unless you give its key: then it is granted once, however often
        you call. Where the answer was lost on its way, it is asked for once more by itself.

        Args:
            type: The query type.
            amount: Credits, above 0.
            idempotency_key: 1 to 255 visible ASCII characters, such as the number of an order.

        Returns:
            The new balance of that type.

        Raises:
            ConfigError: No key, no identity, or no whole positive amount. Nothing was sent.
            PaywallError: The gateway refused, and nothing changed; after a `NetworkError` it may
                have. `idempotency_mismatch`: the key stands for another change.
        """
        return await self._move(credit_moves.CREDIT, type, amount, idempotency_key)

    async def debit_tokens(
        self, *, type: str, amount: int, idempotency_key: "str | None" = None
    ) -> Balance:
        """Take credits from the `identity`, with the owner's key; see `credit_tokens`.

        Raises:
            ConfigError: No key, no identity, or no whole positive amount. Nothing was sent.
            PaywallError: `insufficient`: fewer are left (`body["available"]`), nothing changed.
        """
        return await self._move(credit_moves.DEBIT, type, amount, idempotency_key)

    async def aclose(self) -> None:
        """Stop following the session and reading, and give the client's own connections back."""
        if self._unfollow is not None:
            self._unfollow()
        if self._news is not None:
            self._news.close()
        await self._reading.cancel()
        await self._own_transport.aclose()

    def _make_exchange(self, auth: "Any") -> Exchange:
        return Exchange(
            api_origin=self._api_origin,
            paywall_id=self._paywall_id,
            transport=self._own_transport.send,
            auth=auth,
        )

    async def _read(self) -> list[Balance]:
        """Read until nothing happened meanwhile that the answer cannot know of."""
        while True:
            self._again = False
            user_id, mark = self._user_id, self._store.mark()
            if await self._auth.get_access_token() is None:
                if self._store.shown.get():
                    self._store.reset([])
                return []
            body = await self._exchange.get("balances")
            if user_id != self._user_id and user_id != _UNKNOWN_USER:
                continue  # somebody else signed in: these are not his
            try:
                balances = read_balances(body.get("balances") if isinstance(body, dict) else None)
            except ValueError as error:
                raise PaywallError("unknown", f"The gateway sent no balances: {error}", body=body)
            self._read_at = self._clock()
            is_whole = self._store.replace(balances, mark=mark)
            if is_whole and not self._again:
                return self._store.shown.get() or []

    def _read_anew(self) -> None:
        """Read in the background, and once more if a reading runs that may know too little."""
        if self._auth is None:
            return
        self._read_at = 0.0
        self._again = True
        self._reading.start()

    def _auth_changed(self, event: str, session: "Session | None") -> None:
        user_id = session.user.id if session is not None and session.user is not None else None
        before, self._user_id = self._user_id, user_id
        if self._news is not None:
            self._news.user_id = user_id
        if before in (_UNKNOWN_USER, user_id) and event != "SIGNED_OUT":
            return
        self._read_at = 0.0
        if session is None:
            self._store.reset([])
            return
        self._store.reset(None)
        if self._store.shown.has_listeners:
            self._read_anew()

    async def _move(
        self, op: str, type: str, amount: int, idempotency_key: "str | None"
    ) -> Balance:
        sent, headers = credit_moves.check_move(
            op, type, amount, self._api_key, self._identity, idempotency_key
        )
        replay = Replay(self._own_transport.send, replayable=True, own_key=idempotency_key is None)
        return await credit_moves.move(self._owner, replay, sent, headers)
