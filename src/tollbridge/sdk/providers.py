"""What there is to choose among: the providers that a user's page may call."""

from tollbridge.sdk.errors import PaywallError
from tollbridge.wire import Provider, read_providers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk.exchange import Exchange


async def list_providers(exchange: "Exchange") -> list[Provider]:
    """Ask the gateway for the providers of the user's paywall.

    Raises:
        PaywallError: It refused, or what it answered is no such list.
    """
    body = await exchange.get("providers")
    try:
        return read_providers(body.get("providers") if isinstance(body, dict) else None)
    except ValueError as error:
        raise PaywallError("unknown", f"The gateway sent no providers: {error}", body=body)
