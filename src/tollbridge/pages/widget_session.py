"""The widget's sessions, begun before the rest of its Python is imported: neither waits then."""

import json

import tollbridge_widget  # registered by `static/widget.js`

from tollbridge.sdk import AuthClient, BillingClient, ConfigError
from tollbridge.sdk.single_flight import SingleFlight

_clients: "dict[tuple[str, str, bool], tuple[AuthClient, BillingClient]]" = {}


def clients_for(paywall: str, gateway: str, *, keeps: bool) -> "tuple[AuthClient, BillingClient]":
    """Return the clients that all panels of a paywall share.

    Args:
        paywall: The paywall's id.
        gateway: The gateway's origin.
        keeps: Whether anything may be kept in the browser.

    Raises:
        ConfigError: What the page says of its gateway or paywall cannot be.
    """
    key = (paywall, gateway, keeps)
    if key not in _clients:
        storage = "auto" if keeps else "memory"
        auth = AuthClient(paywall_id=paywall, api_origin=gateway, storage=storage)
        billing = BillingClient(paywall_id=paywall, api_origin=gateway, auth=auth)
        _clients[key] = (auth, billing)
    return _clients[key]


def main() -> None:
    """Sign in for every panel that is open. Whatever fails, its panel tries again, and says it."""
    for text in json.loads(tollbridge_widget.waiting()):
        settings = json.loads(text)
        try:
            auth, _ = clients_for(settings["paywall"], settings["gateway"], keeps=settings["keeps"])
        except ConfigError:
            continue
        SingleFlight(auth.sign_in_anonymously).start()
