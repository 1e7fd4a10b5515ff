"""What whoever built a site for a static host has to do next, in a few lines."""

import re
from urllib.parse import urlsplit

_PAYWALL = re.compile(r'<meta name="tollbridge-paywall" content="([A-Za-z0-9][A-Za-z0-9._-]*)">')
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


def next_steps(page: str, gateway_url: str) -> str:
    """The lines to print after a site was built.

    Args:
        page: The text of its `index.html`.
        gateway_url: Where the page finds its gateway; empty for its own origin.
    """
    if not gateway_url:
        return (
            "The page asks the origin that it is served from. Where the gateway is elsewhere, "
            "build with --gateway https://gateway.example.com"
        )
    named = _PAYWALL.search(page)
    paywall = named[1] if named else "PAYWALL"
    lines = [
        "Next: copy the folder to the host. Then, where the gateway runs, list the page's origin,",
        "or pages of any origin may call:",
        f"  tollbridge paywall set {paywall} --origin https://PAGE.EXAMPLE",
    ]
    parts = urlsplit(gateway_url)
    if parts.scheme == "http" and parts.hostname not in _OWN_MACHINE:
        lines.append(
            f"Browsers let no page on https call {gateway_url}: the gateway needs https as well."
        )
    return "\n".join(lines)
