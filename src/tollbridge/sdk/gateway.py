"""Metered calls. Read `ApiGatewayClient.call` first: it is the SDK's main path."""

import asyncio

from tollbridge.sdk import options, platform, providers, receipts
from tollbridge.sdk.body import prepare_body
from tollbridge.sdk.errors import (
    AbortedError,
    NetworkError,
    PaywallError,
    QuotaExceededError,
)
from tollbridge.sdk.exchange import Exchange, failure
from tollbridge.sdk.headers import callers_headers, trusted_headers
from tollbridge.sdk.metering import CallMeter
from tollbridge.sdk.replay import Replay, key_for
from tollbridge.sdk.request import call_url, check_method, check_signal, template_body
from tollbridge.sdk.response import Response
from tollbridge.sdk.transport import OwnTransport, Request
from tollbridge.wire import headers as names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.sdk.body import Body
    from tollbridge.sdk.metering import Meter
    from tollbridge.sdk.transport import Reply, Transport
    from tollbridge.wire import Provider

_OPTIONS = (
    "paywall_id api_origin auth user_id api_key capabilities transport on_charge_success "
    "on_quota_exceeded meter"
)
_CALL_OPTIONS = "provider_id path method body headers signal transport"


class ApiGatewayClient:
    """Calls providers through the gateway, which holds their keys and counts the credits."""

    def __init__(
        self,
        *,
        paywall_id: str = "",
        api_origin: str = "",
        auth: "Any" = None,
        user_id: "str | None" = None,
        api_key: "str | None" = None,
        capabilities: "list[str] | None" = None,
        transport: "Transport | None" = None,
        on_charge_success: "Callable[[str | None], Any] | None" = None,
        on_quota_exceeded: "Callable[[QuotaExceededError], Any] | None" = None,
        meter: "Meter | None" = None,
        **unknown: object,
    ) -> None:
        """Make a client; nothing is sent.

        Args:
            paywall_id: The app whose credits are spent.
            api_origin: The gateway's origin, such as `https://gateway.example.com`.
            auth: An `AuthClient`, or anything with an async `get_access_token()`; with an async
                `refresh()` too, an ended session is renewed once.
            user_id: Whose credits, where there is no token; the gateway believes it only together
                with the owner's key.
            api_key: The owner's key, on a server and never in a page; sent only with `user_id`.
            capabilities: What this client can do, told to the gateway.
            transport: Carries the requests; by default the browser's `fetch`, else HTTP.
            on_charge_success: Called (and awaited) after a 2xx, before `call` returns, with the
                query type (None: not named). What it raises is reported and costs no answer.
            on_quota_exceeded: Called (and awaited) with the error after a 402, before it is raised.
            meter: Is told what calls cost; `BillingClient.create_api_gateway_client` gives one.
            **unknown: Refused.

        Raises:
            ConfigError: `invalid_config` or `apikey_in_browser`.
        """
        options.refuse_unknown(
            unknown, known=_OPTIONS, code="invalid_config", where="ApiGatewayClient"
        )
        self._paywall_id = options.check_paywall_id(paywall_id)
        self._api_origin = options.check_origin(api_origin)
        options.check_methods(auth, option="auth", methods="get_access_token")
        options.check_methods(meter, option="meter", methods="begin")
        options.check_callable(on_charge_success, option="on_charge_success")
        options.check_callable(on_quota_exceeded, option="on_quota_exceeded")
        options.check_callable(transport, option="transport")
        trusted = trusted_headers(options.check_user_id(user_id), options.check_api_key(api_key))
        self._capabilities = options.check_capabilities(capabilities)
        self._on_charge_success = on_charge_success
        self._on_quota_exceeded = on_quota_exceeded
        self._meter = meter
        self._quota_listeners: list[list[Callable[[QuotaExceededError], Any]]] = []
        self._own_transport = OwnTransport(transport)
        self._exchange = Exchange(
            api_origin=self._api_origin,
            paywall_id=self._paywall_id,
            transport=self._own_transport.send,
            auth=auth,
            extra_headers=trusted,
        )

    async def call(
        self,
        *,
        provider_id: str = "",
        path: str = "",
        method: str = "POST",
        body: "Any" = None,
        headers: "dict[str, str] | None" = None,
        signal: "Any" = None,
        transport: "Transport | None" = None,
        **unknown: object,
    ) -> Response:
        """Call a provider and return its answer once the headers are here; the body still comes.

        There is no deadline: `signal` or a cancelled task ends a call, and the gateway is told.

        Every call has an `Idempotency-Key`, under which the gateway charges once. So where the
        connection breaks before an answer came, the call is sent once more: the same bytes under
        the same key. A call that you send again yourself is another one, unless you give its key.

        Args:
            provider_id: The provider's id.
            path: The path after the provider's base address, perhaps with a query.
            method: `GET` or `POST`.
            body: See `prepare_body`. A GET has none.
            headers: More headers. What the SDK sets itself (Authorization, X-Paywall-Id, …) is
                not taken from here; an `Idempotency-Key` of your own (1 to 255 visible ASCII
                characters) is.
            signal: The `signal` of an `AbortController`, ours or the browser's.
            transport: Carries this call instead of the client's; all else stays as it is.
            **unknown: Refused.

        Raises:
            QuotaExceededError: The query type ran out. Nothing was sent to the provider.
            SessionError: There is no valid session, also after one refresh. Nothing was charged.
            ProviderError: The provider refused. Nothing was charged.
            PaywallError: The gateway refused. Nothing was charged, but for two codes:
                `call_already_charged` (the receipt is in `body["receipt"]`), and
                `call_in_progress`, where the same call still runs.
            NetworkError: No answer came; the call may have been charged.
            AbortedError: The signal aborted; the call may have been charged.
            ConfigError: An argument is wrong. Nothing was sent.
        """
        options.refuse_unknown(unknown, known=_CALL_OPTIONS, code="invalid_argument", where="call")
        url = call_url(self._api_origin, self._paywall_id, provider_id, path)
        method = check_method(method, has_body=body is not None)
        check_signal(signal)
        options.check_callable(transport, option="transport", code="invalid_argument")
        sent = callers_headers(headers)
        own_key = names.IDEMPOTENCY_KEY not in sent
        sent[names.IDEMPOTENCY_KEY] = key_for(sent)
        if signal is not None and signal.aborted:
            raise AbortedError
        content = await self._prepare(body)
        self._add_own(sent, content)
        request = Request(method, url, headers=sent, body=content.payload, signal=signal)
        carrier = transport or self._own_transport.send
        replay = Replay(carrier, replayable=content.replayable, own_key=own_key)
        return await self._answer(request, replay, replayable=content.replayable)

    async def call_template(
        self,
        template_id: str,
        variables: "dict[str, str] | None" = None,
        *,
        headers: "dict[str, str] | None" = None,
        signal: "Any" = None,
    ) -> Response:
        """Call a sealed template: the gateway knows what is asked, the page fills in texts.

        It is charged, repeated, streamed and stopped as `call` says, and raises the same.

        Args:
            template_id: Such as `tpl_ask`.
            variables: Each text by the name of its variable; exactly those that the template has.
            headers: See `call`; of these only an `Idempotency-Key` is looked at.
            signal: See `call`.

        Raises:
            PaywallError: `template_not_found`; `template_variable`, whose `details` name the
                variable and how long it may be; or as `call`.
        """
        body = template_body(template_id, variables)
        return await self.call(provider_id=template_id, body=body, headers=headers, signal=signal)

    def address(self, provider_id: str) -> str:
        """Return the address below which a provider's calls go, for code that wants to know one.

        Raises:
            ConfigError: `invalid_argument`: that is no provider's id.
        """
        return call_url(self._api_origin, self._paywall_id, provider_id, "").partition("?")[0]

    def on_quota(self, listener: "Callable[[QuotaExceededError], Any]") -> "Callable[[], None]":
        """Call `listener(error)` at every 402 from now on, before `call` raises it.

        What a listener raises is reported to the event loop. `PaywallUI.attach` listens so.

        Returns:
            The undo. Calling it twice is harmless.
        """
        entry = [listener]  # a list of its own, so that one function may listen twice
        self._quota_listeners.append(entry)

        def undo() -> None:
            self._quota_listeners = [kept for kept in self._quota_listeners if kept is not entry]

        return undo

    async def list_providers(self) -> "list[Provider]":
        """Ask which providers this user's page may call, and what that costs; it costs nothing.

        The order is the owner's: the oldest first. The list is [] where nothing is metered.

        Raises:
            SessionError: There is no valid session; an owner's key is none.
            PaywallError: They could not be read.
        """
        return await providers.list_providers(self._exchange)

    async def get_receipt(self, call_id: str = "", *, key: str = "") -> "dict[str, Any] | None":
        """Ask what became of a call, and what it cost; it costs nothing.

        Args:
            call_id: The call's id: `X-Call-Id` of its answer, `call_id` of its error.
            key: Its `Idempotency-Key`, for a call whose answer never came.

        Returns:
            `{call_id, provider_id, query_type, state, credits_charged, created_at, ended_at,
            provider_status}`; None where no call was made under the key. While it runs its state
            is `running`, and what it cost may still change.

        Raises:
            ConfigError: Neither was given.
            PaywallError: `call_not_found`, or it could not be read.
        """
        return await receipts.get_receipt(self._exchange, call_id, key)

    async def aclose(self) -> None:
        """Give the client's own connections back; a transport that was given stays open."""
        await self._own_transport.aclose()

    async def _prepare(self, body: "Any") -> "Body":
        try:
            return await prepare_body(body)
        except platform.JsException as error:
            raise NetworkError(f"The body could not be read: {platform.js_failure(error)[1]}.")

    def _add_own(self, headers: dict[str, str], body: "Body") -> None:
        if body.content_type and (body.fixed_type or "content-type" not in headers):
            headers["content-type"] = body.content_type
        if self._capabilities:
            headers[names.SDK_CAPABILITIES] = self._capabilities

    async def _answer(self, request: Request, replay: Replay, *, replayable: bool) -> Response:
        meter = CallMeter() if self._meter is None else self._meter.begin()
        reply = await self._send(request, replay, meter, replayable=replayable)
        if not 200 <= reply.status < 300:
            raise await self._refused(reply, meter)
        return await self._charged(reply, meter)

    async def _send(
        self, request: Request, replay: Replay, meter: CallMeter, *, replayable: bool
    ) -> "Reply":
        try:
            reply = await self._exchange.send(request, replayable=replayable, carrier=replay)
        except (PaywallError, asyncio.CancelledError) as error:
            # Any other error came before the call was sent, or says that it was refused.
            unknown = (NetworkError, AbortedError, asyncio.CancelledError)
            if replay.lost or isinstance(error, unknown):
                meter.unsure()
            raise
        if replay.lost and not 200 <= reply.status < 300:
            meter.unsure()  # refused now, but the sending whose answer was lost was perhaps not
        return reply

    async def _charged(self, reply: "Reply", meter: CallMeter) -> Response:
        response = Response(reply, on_broken=meter.unsure)
        await platform.notify(meter.charged, response.headers)
        query_type = response.headers.get(names.QUERY_TYPE) or None
        try:
            await platform.notify(self._on_charge_success, query_type)
        except BaseException:  # cancelled in the hook: nobody will read the answer
            await response.aclose()
            raise
        return response

    async def _refused(self, reply: "Reply", meter: CallMeter) -> PaywallError:
        error = await failure(reply)
        if isinstance(error, QuotaExceededError):
            await platform.notify(meter.refused, error)
            for entry in self._quota_listeners:
                platform.call_listener(entry[0], error)
            await platform.notify(self._on_quota_exceeded, error)
        return error
