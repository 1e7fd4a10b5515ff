"""Sends requests with the session's token, and reads the answers that are JSON."""

import json

from tollbridge import __version__
from tollbridge.sdk.errors import PaywallError, error_for
from tollbridge.sdk.headers import Headers
from tollbridge.sdk.transport import Request
from tollbridge.wire import headers as names
from tollbridge.wire import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.transport import Reply, Transport

SDK_VERSION = f"tollbridge-python/{__version__}"

# An answer that is read whole, such as a refusal. Ours have a few hundred bytes; a provider that
# sends more explains nothing.
WHOLE_BODY_BYTES_MAX = 1024 * 1024


class Exchange:
    """One client's line to the gateway."""

    def __init__(
        self,
        *,
        api_origin: str,
        paywall_id: str,
        transport: "Transport",
        auth: "Any" = None,
        extra_headers: "dict[str, str] | None" = None,
    ) -> None:
        """Take what every request of a client shares.

        Args:
            api_origin: The gateway's origin.
            paywall_id: Goes with every request.
            transport: Carries the requests.
            auth: Has `get_access_token()`, perhaps `refresh()`; None sends no token.
            extra_headers: Sent where there is no token; names in lower case.
        """
        self._transport = transport
        self._api_origin = api_origin
        self._paywall_id = paywall_id
        self._auth = auth
        self._extra_headers = extra_headers or {}

    async def send(
        self, request: Request, *, replayable: bool = True, carrier: "Transport | None" = None
    ) -> "Reply":
        """Send a request under the current token; after a 401 once more under a new one.

        The replay carries the same bytes. There is none without a token, without a new token, or
        where the body cannot be sent twice; the 401 is then the reply.

        Args:
            request: What to send.
            replayable: Whether the body can be sent twice.
            carrier: Carries this one instead of the client's transport.

        Raises:
            PaywallError: What the transport or the refresh raised.
        """
        carrier = carrier or self._transport
        token = await self._token()
        reply = await carrier(self._signed(request, token))
        if reply.status != 401 or token is None or not replayable:
            return reply
        try:
            fresh = await self._token_instead_of(token)
        except BaseException:
            await reply.close()
            raise
        if fresh is None:
            return reply
        await reply.close()
        return await carrier(self._signed(request, fresh))

    async def post(
        self,
        endpoint: str,
        body: object,
        *,
        headers: "dict[str, str] | None" = None,
        carrier: "Transport | None" = None,
    ) -> object:
        """POST JSON to an endpoint of the paywall, such as `auth/refresh`; return the answer.

        Args:
            endpoint: Its path below the paywall's.
            body: What is sent.
            headers: More headers.
            carrier: Carries this one instead of the client's transport.

        Raises:
            PaywallError: The answer is not 2xx, is cut off, or is no JSON.
        """
        sent = {"content-type": "application/json"}
        sent.update(headers or {})
        return await self._json(endpoint, "POST", sent, json.dumps(body).encode(), carrier)

    async def get(self, endpoint: str) -> object:
        """GET an endpoint of the paywall and return the answer.

        Raises:
            PaywallError: The answer is not 2xx, is cut off, or is no JSON.
        """
        return await self._json(endpoint, "GET", {}, None)

    async def _json(
        self,
        endpoint: str,
        method: str,
        headers: dict[str, str],
        body: "bytes | None",
        carrier: "Transport | None" = None,
    ) -> object:
        url = self._api_origin + paths.paywall(self._paywall_id, endpoint)
        sent = {"accept": "application/json"}
        sent.update(headers)
        reply = await self.send(Request(method, url, headers=sent, body=body), carrier=carrier)
        if not 200 <= reply.status < 300:
            raise await failure(reply)
        text = await _whole(reply)
        try:
            return json.loads(text)
        except ValueError:
            raise PaywallError(
                "unknown", "The gateway's answer is no JSON.", status=reply.status, body=text
            )

    def _signed(self, request: Request, token: "str | None") -> Request:
        headers = {names.PAYWALL_ID: self._paywall_id, names.SDK_VERSION: SDK_VERSION}
        if token is None:
            headers.update(self._extra_headers)
        else:
            headers[names.AUTHORIZATION] = f"Bearer {token}"
        return request.with_headers(headers)

    async def _token(self) -> "str | None":
        token = None if self._auth is None else await self._auth.get_access_token()
        return token if isinstance(token, str) and token else None

    async def _token_instead_of(self, token: str) -> "str | None":
        """Return another token than the refused one, or None where there is none to be had."""
        current = await self._token()
        if current == token and hasattr(self._auth, "refresh"):
            await self._auth.refresh()
            current = await self._token()
        return current if current != token else None


async def failure(reply: "Reply") -> PaywallError:
    """Read a reply that is not 2xx and return the error it means.

    A body that breaks off or is too long costs its words, not the status, which is known.

    Raises:
        AbortedError: The request's signal was aborted meanwhile.
    """
    headers = Headers(reply.headers)
    try:
        body: object = await _whole(reply)
    except PaywallError as error:
        if error.code == "aborted":
            raise
        body = None
    try:
        body = json.loads(body) if isinstance(body, str) else body
    except (ValueError, RuntimeError):
        pass  # the text is all there is; RuntimeError: nested beyond what an interpreter follows
    return error_for(reply.status, body, headers)


async def _whole(reply: "Reply") -> str:
    """Read a reply to its end as text, and close it.

    Raises:
        PaywallError: It broke off, or has more than `WHOLE_BODY_BYTES_MAX`.
    """
    parts = []
    size = 0
    try:
        while True:
            chunk = await reply.read()
            if chunk is None:
                break
            parts.append(chunk)
            size += len(chunk)
            if size > WHOLE_BODY_BYTES_MAX:
                raise PaywallError(
                    "unknown", f"The answer is longer than {WHOLE_BODY_BYTES_MAX} bytes."
                )
    finally:
        await reply.close()
    return b"".join(parts).decode("utf-8", "replace")
