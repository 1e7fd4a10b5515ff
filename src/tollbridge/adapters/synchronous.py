"""Synchronous code over a gateway: `requests`, and the standard library's `urllib`.

Each sends with its own means, which in a page are the browser's: urllib3 has a way of its own, and
`urllib` takes the package `pyodide-http`. All else is a call of the gateway's.
"""

from typing import TYPE_CHECKING

from tollbridge.adapters.packages import load
from tollbridge.sdk import ApiGatewayClient

if TYPE_CHECKING:
    from tollbridge.adapters.over_requests import GatewaySession
    from tollbridge.adapters.over_urllib import GatewayOpener


def requests_session(gateway: ApiGatewayClient, provider_id: str) -> "GatewaySession":
    """Return a `requests.Session` whose addresses are paths of a provider.

    `requests_session(gateway, "prov_x").post("v1/chat/completions", json=…)`

    Raises:
        ConfigError: `invalid_config`: a package is missing; `invalid_argument`: no provider's id.
    """
    session: GatewaySession = load("tollbridge.adapters.over_requests").GatewaySession(
        gateway, provider_id
    )
    return session


def urllib_opener(gateway: ApiGatewayClient, provider_id: str) -> "GatewayOpener":
    """Return what opens a provider's paths as `urllib.request.urlopen` opens addresses.

    `urllib_opener(gateway, "prov_x").open("v1/chat/completions", {"model": …})`

    Raises:
        ConfigError: `invalid_config`: `pyodide-http` is missing in a page; `invalid_argument`: no
            provider's id.
    """
    opener: GatewayOpener = load("tollbridge.adapters.over_urllib").GatewayOpener(
        gateway, provider_id
    )
    return opener
