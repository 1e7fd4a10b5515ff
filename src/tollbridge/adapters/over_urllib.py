"""The standard library's `urllib` over a gateway: whole answers."""

import io
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.response import addinfourl

from tollbridge.adapters.driving import run_to_end
from tollbridge.adapters.packages import load
from tollbridge.adapters.read_reply import ReadReply
from tollbridge.sdk import ApiGatewayClient, NetworkError, platform
from tollbridge.sdk.transport import Request


class GatewayOpener:
    """Opens paths of one provider."""

    def __init__(self, gateway: ApiGatewayClient, provider_id: str) -> None:
        """Make it; nothing is sent. In a page `urllib` is patched by `pyodide-http`, for all."""
        gateway.address(provider_id)  # refuses what is no id
        if platform.HAS_JS:
            load("pyodide_http").patch_urllib()
        self._gateway = gateway
        self._provider_id = provider_id

    def open(
        self, path: str, data: Any = None, *, headers: dict[str, str] | None = None
    ) -> addinfourl:
        """Call the provider, and return its whole answer as `urllib.request.urlopen` does.

        Args:
            path: The path after the provider's base address, perhaps with a query.
            data: bytes or text, or a dict or list, which is sent as JSON; None makes it a GET.
            headers: More headers.

        Raises:
            QuotaExceededError: The query type ran out. Nothing was sent to the provider.
            PaywallError: What else `gateway.call()` raises; a refusal of the provider's is a
                `ProviderError`.
        """
        answers: list[addinfourl] = []

        async def carry(signed: Request) -> ReadReply:
            status, given, body = _send(signed)
            answers.append(addinfourl(io.BytesIO(body), given, signed.url, status))
            return ReadReply(status, list(given.items()), body)

        run_to_end(
            self._gateway.call(
                provider_id=self._provider_id,
                path=path,
                method="GET" if data is None else "POST",
                body=data,
                headers=headers,
                transport=carry,
            )
        )
        return answers[-1]


def _send(signed: Request) -> tuple[int, Any, bytes]:
    """Send a request, and return status, headers and body of whatever the answer is.

    Raises:
        NetworkError: There was none, or it broke off.
    """
    body = signed.body.encode() if isinstance(signed.body, str) else signed.body
    asked = urllib.request.Request(
        signed.url, data=body, headers=signed.headers, method=signed.method
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            if platform.HAS_JS:
                # The browser has put the chunks together; `pyodide-http` says that they still come.
                answer.chunked = False
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read()
    except (OSError, HTTPException, platform.JsException) as error:
        raise NetworkError(f"The gateway could not be reached: {error}.") from error
