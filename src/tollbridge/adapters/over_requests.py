"""`requests` over a gateway."""

import contextlib
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tollbridge.adapters.driving import run_to_end
from tollbridge.adapters.headers import sent_on
from tollbridge.adapters.read_reply import ReadReply
from tollbridge.sdk import ApiGatewayClient, NetworkError, ProviderError, platform
from tollbridge.sdk.transport import Request


class GatewaySession(requests.Session):
    """A session that reaches one provider, and nothing else.

    A refusal of the provider's is a response, as `requests` has it. With `stream=True` the body is
    read as it comes, where the browser can; `close()` tells the gateway. Every request raises:

    - `QuotaExceededError`: the query type ran out. Nothing was sent to the provider.
    - `PaywallError`: what else `gateway.call()` raises.
    - `requests.InvalidSchema`: the address is none of the provider's. Nothing was sent.
    - `requests.RequestException`: a streamed answer broke off while the caller read it.

    Attributes:
        base_url: The address that paths are taken from; whole addresses below it do too.
    """

    def __init__(self, gateway: ApiGatewayClient, provider_id: str) -> None:
        """Make a session; nothing is sent."""
        super().__init__()
        self.base_url = gateway.address(provider_id) + "/"
        self.trust_env = False  # neither a proxy nor a password file has a say in it
        self.adapters.clear()  # so that any other address is refused
        self.mount(self.base_url, _Carrier(gateway, provider_id, self.base_url))

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Take a path as one of the provider's; see `requests.Session.prepare_request`."""
        if isinstance(request.url, str) and "://" not in request.url:
            request.url = self.base_url + request.url.lstrip("/")
        return super().prepare_request(request)


class _Carrier(HTTPAdapter):
    """Sends what a session prepared as a call of the gateway's."""

    def __init__(self, gateway: ApiGatewayClient, provider_id: str, base_url: str) -> None:
        super().__init__()
        self._gateway = gateway
        self._provider_id = provider_id
        self._base_url = base_url

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        """Send it; see `HTTPAdapter.send`."""
        answers: list[requests.Response] = []

        async def carry(signed: Request) -> ReadReply:
            prepared = request.copy()
            prepared.url = signed.url
            prepared.headers = requests.structures.CaseInsensitiveDict(signed.headers)
            prepared.body = signed.body
            if not platform.HAS_JS:  # a browser does it itself, and refuses to be told
                prepared.prepare_content_length(prepared.body)
            try:
                answer = HTTPAdapter.send(self, prepared, stream, timeout, verify, cert, proxies)
                answers.append(answer)
                whole = b"" if stream and 200 <= answer.status_code < 300 else answer.content
            except requests.RequestException as error:
                raise NetworkError(f"The gateway could not be reached: {error}.") from error
            return ReadReply(answer.status_code, list(answer.headers.items()), whole)

        given = [(str(name), str(value)) for name, value in request.headers.items()]
        call = self._gateway.call(
            provider_id=self._provider_id,
            path=(request.url or "")[len(self._base_url) :],
            method=request.method or "",
            body=_whole(request.body),
            headers=sent_on(given),
            transport=carry,
        )
        with contextlib.suppress(ProviderError):  # to `requests` an answer like any other
            run_to_end(call)
        return answers[-1]


def _whole(body: Any) -> Any:
    """Return the body of a prepared request as bytes or text."""
    if body is None or isinstance(body, str | bytes):
        return body
    return body.read() if hasattr(body, "read") else b"".join(body)
