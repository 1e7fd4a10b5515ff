"""What whoever built a site for a static host has to do next, in a few lines."""

import re
from urllib.parse import urlsplit

_PAYWALL = re.compile(r'<meta name="tollbridge-paywall" content="([A-Za-z0-9][A-Za-z0-9._-]*)">')
_MADE_UP = "https://SITE.EXAMPLE"
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
    paywall = _paywall_of(page)
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


def widget_tag(page: str, name: str, told: str) -> str:
    """The lines that say how other people's pages get the widget.

    Args:
        page: The text of the site's `index.html`.
        name: The loader of this version.
        told: Its hash.
    """
    return (
        "For the widget on other people's pages (docs/widget.md), this version and no other:\n"
        f'  <script async crossorigin integrity="{told}"\n'
        f'    src="{_MADE_UP}/{name}" data-paywall-id="{_paywall_of(page)}"></script>'
    )


def _paywall_of(page: str) -> str:
    named = _PAYWALL.search(page)
    return named[1] if named else "PAYWALL"
