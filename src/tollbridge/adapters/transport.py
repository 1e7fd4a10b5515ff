"""What `openai` and `anthropic` send over: `httpx2` on the outside, `gateway.call()` inside."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import httpx2

from tollbridge.adapters.headers import sent_on
from tollbridge.adapters.kinship import made_kin
from tollbridge.sdk import ApiGatewayClient, ConfigError, NetworkError, PaywallError, ProviderError
from tollbridge.sdk.response import Response
from tollbridge.wire import headers as names

T = TypeVar("T")

# What comes out of a transport of ours is decoded already.
_NOT_PASSED_ON = {"content-encoding", "content-length", "transfer-encoding"}


class GatewayTransport(httpx2.AsyncBaseTransport):
    """Makes each request a metered call of one provider."""

    def __init__(self, gateway: ApiGatewayClient, provider_id: str, base: type[Exception]) -> None:
        """Take the client; nothing is sent.

        Args:
            gateway: Whose calls they are. It belongs to the caller and stays open.
            provider_id: The provider.
            base: What every error shall be, beside ours; see `made_kin`.
        """
        self._gateway = gateway
        self._provider_id = provider_id
        self._base = base
        self._address = httpx2.URL(gateway.address(provider_id))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Call the provider; see `httpx2.AsyncBaseTransport`.

        A refusal of the provider's is an answer, and its reader does with it what he does. A call
        that was refused cost nothing, so if he tries again, that is another call.

        Raises:
            PaywallError: All else that `gateway.call()` raises. A read timeout of the request's is
                a `NetworkError`: the call was stopped and may have been charged.
        """
        try:
            return await self._answer(request)
        except PaywallError as error:
            raise made_kin(error, self._base)  # noqa: B904 - it is the same object

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        read_s = request.extensions.get("timeout", {}).get("read")
        call = self._gateway.call(
            provider_id=self._provider_id,
            path=self._path(request.url),
            method=request.method,
            body=await request.aread() or None,
            headers=sent_on(request.headers.items()),
        )
        try:
            response = await _within(call, read_s)
        except ProviderError as error:
            return refusal(error)
        headers = [item for item in response.headers.items() if item[0] not in _NOT_PASSED_ON]
        stream = _Body(response, read_s, self._base)
        return httpx2.Response(response.status, headers=headers, stream=stream)

    def _path(self, url: httpx2.URL) -> str:
        """Return the provider's own path.

        Raises:
            ConfigError: `invalid_argument`: the address is none of the provider's.
        """
        whole, own = url.raw_path.decode(), self._address.raw_path.decode() + "/"
        same_origin = (url.scheme, url.netloc) == (self._address.scheme, self._address.netloc)
        if not same_origin or not whole.startswith(own):
            raise ConfigError("invalid_argument", f"{url} is not below {self._address}")
        return whole[len(own) :]


class _Body(httpx2.AsyncByteStream):
    """The bytes of an answer, as they come.

    Whoever iterates anew goes on where the last one left it: so `openai` reads a stream to its end
    when its last event is here, which keeps it from looking stopped.
    """

    def __init__(self, response: Response, read_s: float | None, base: type[Exception]) -> None:
        self._response = response
        self._chunks = aiter(response)
        self._read_s = read_s
        self._base = base

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while chunk := await _within(anext(self._chunks, None), self._read_s):
                yield chunk
        except PaywallError as error:
            raise made_kin(error, self._base)  # noqa: B904 - it is the same object

    async def aclose(self) -> None:
        """Stop it unless it has ended; the gateway is told, and stops the provider."""
        await self._response.aclose()


def refusal(error: ProviderError) -> httpx2.Response:
    """Return the answer that an error of the provider's was."""
    headers = {}
    if error.retry_after_s is not None:
        headers[names.RETRY_AFTER] = str(error.retry_after_s)
    for name, value in ((names.REQUEST_ID, error.request_id), (names.CALL_ID, error.call_id)):
        if value:
            headers[name] = value
    if isinstance(error.body, str):
        return httpx2.Response(error.status, headers=headers, text=error.body)
    if error.body is None:
        return httpx2.Response(error.status, headers=headers)
    headers["content-type"] = "application/json"
    return httpx2.Response(error.status, headers=headers, content=json.dumps(error.body))


async def _within(work: Awaitable[T], limit_s: float | None) -> T:
    """Return what `work` returns; stop it when that takes longer than the limit.

    Raises:
        NetworkError: It took longer.
    """
    try:
        async with asyncio.timeout(limit_s) as limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        raise NetworkError(f"Nothing came for {limit_s:g} s, so the call was stopped.") from None
