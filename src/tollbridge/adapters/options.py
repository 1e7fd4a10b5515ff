"""What the constructors of `openai` and `anthropic` take, so that they call through the gateway."""

from typing import Any

from tollbridge.adapters.packages import load
from tollbridge.sdk import ApiGatewayClient

# Both refuse to start without a key. This one stays here: `gateway.call()` sends none but its own.
_NO_KEY = "the-gateway-has-it"


def openai_options(gateway: ApiGatewayClient, provider_id: str) -> dict[str, Any]:
    """Return options for `openai.AsyncOpenAI`: `AsyncOpenAI(**openai_options(gateway, "prov_x"))`.

    Its calls are calls of `gateway`: with its session, balances, hooks and paywall. What the
    provider refuses raises as `openai` has it; every other failure raises the SDK's own error,
    which is an `openai.OpenAIError` too, and is never tried again behind the caller's back.

    Args:
        gateway: The client to call over; it stays open when the other one is closed.
        provider_id: A provider that speaks OpenAI's API.

    Raises:
        ConfigError: `invalid_config`: a package is missing; `invalid_argument`: no provider's id.
    """
    base = load("openai").OpenAIError
    return _options(gateway, provider_id, base, base_path="/v1")


def anthropic_options(gateway: ApiGatewayClient, provider_id: str) -> dict[str, Any]:
    """Return options for `anthropic.AsyncAnthropic`; see `openai_options`.

    Args:
        gateway: The client to call over; it stays open when the other one is closed.
        provider_id: A provider that speaks Anthropic's API.

    Raises:
        ConfigError: `invalid_config`: a package is missing; `invalid_argument`: no provider's id.
    """
    return _options(gateway, provider_id, load("anthropic").AnthropicError, base_path="")


def _options(
    gateway: ApiGatewayClient, provider_id: str, base: type[Exception], *, base_path: str
) -> dict[str, Any]:
    transport = load("tollbridge.adapters.transport").GatewayTransport(gateway, provider_id, base)
    return {
        "api_key": _NO_KEY,
        "base_url": gateway.address(provider_id) + base_path,
        "http_client": load("httpx2").AsyncClient(transport=transport),
    }
