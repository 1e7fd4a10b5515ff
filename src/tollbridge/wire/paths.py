"""URL paths. The SDK builds them, the gateway matches them, both from here."""

API = "/api/v1"
GATEWAY = "/api/v1/api-gateway"
WITHDRAW_TOKENS = "/api/v1/withdraw-tokens"
JWKS = "/.well-known/jwks.json"
HEALTH = "/healthz"
READY = "/readyz"
OPENAPI = "/openapi.json"

# A call names a provider or a sealed template; by this their ids are told apart.
TEMPLATE_PREFIX = "tpl_"

# Query parameters of a call that are the gateway's own and never travel to the provider.
PAYWALL_QUERY = "paywall_id"
TEST_MODE_QUERY = "test_mode"

_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def quote(text: str) -> str:
    """Percent-encode `text` as one URL segment (RFC 3986, unreserved characters stay).

    By hand, because importing `urllib.parse` costs a quarter of a second in the browser.
    """
    return "".join(
        char if char in _UNRESERVED else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in text
    )


def paywall(paywall_id: str, rest: str) -> str:
    """Return the path of a paywall's own endpoint, such as `balances` or `auth/refresh`."""
    return f"{API}/paywall/{quote(paywall_id)}/{rest}"


def call(called_id: str, path: str = "") -> str:
    """Return the path of a metered call; leading slashes of `path` are dropped.

    Args:
        called_id: Of the provider, or of the template, which has no path behind it.
        path: The provider's own; it is not encoded again, and may carry a query string.
    """
    path = path.lstrip("/")
    base = f"{GATEWAY}/{quote(called_id)}"
    if not path:
        return base
    return f"{base}{path}" if path.startswith("?") else f"{base}/{path}"
