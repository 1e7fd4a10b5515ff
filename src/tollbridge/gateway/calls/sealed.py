"""A call of a template: what may be asked, and what goes to the provider in its place.

Of the page's request nothing goes on but its texts, in their places.
"""

import logging
from dataclasses import replace

from tollbridge.gateway.calls.request import CallRequest
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers import policy
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.templates import Template, read_values

log = logging.getLogger(__name__)

# How the answer is packed on its way, which changes nothing in it.
_PASSES = b"accept-encoding"


def check_call(request: CallRequest) -> None:
    """Refuse whatever a call of a template has none of.

    Raises:
        Refusal: `method_not_allowed`, `path_not_allowed`, `invalid_request`.
    """
    if request.path:
        raise Refusal("path_not_allowed", "A template is called without a path behind it.")
    if request.method != "POST":
        raise Refusal(
            "method_not_allowed", "A call of a template is a POST.", headers={"allow": "POST"}
        )
    if request.query:
        raise Refusal("invalid_request", "A template takes nothing from the query.")


def check_provider(template: Template, provider: Provider | None) -> Provider:
    """Return a template's provider, which may have been changed since the template was made.

    Raises:
        Refusal: `provider-disabled`: it is off, gone, or takes no such call any more.
    """
    if provider is not None and provider.paywall_id == template.paywall_id and provider.enabled:
        try:
            policy.check_route(provider, "POST", template.path)
        except Refusal as refusal:
            _tell_owner(template, refusal)
        else:
            return provider
    raise Refusal("provider-disabled", f"The template {template.template_id!r} is off.")


def request_to_provider(request: CallRequest, template: Template) -> CallRequest:
    """Return what goes to the provider where a page called a template."""
    passing = [(name, value) for name, value in request.headers if name.lower() == _PASSES]
    return replace(
        request,
        path=template.path,
        query=b"",
        headers=[*passing, (b"content-type", b"application/json")],
        content_length=None,
    )


def filled_body(template: Template, provider: Provider, sent: bytes) -> bytes:
    """Return the body that goes to the provider for what a page sent.

    Raises:
        Refusal: See `templates.read_values`; `body_rule` where the provider's rules refuse what
            came out, `body_too_large` where it grew beyond what the provider takes.
    """
    values = read_values(template, sent)
    try:
        body = policy.prepare_body(provider, template.path, template.fill(values))
    except Refusal as refusal:
        # Its own words name models and members, which are the template's.
        _tell_owner(template, refusal)
        raise Refusal("body_rule", "The provider's rules refuse what this template asks.") from None
    if len(body) > provider.max_body_bytes:
        raise Refusal("body_too_large", "The template with these texts is too large.")
    return body


def _tell_owner(template: Template, refusal: Refusal) -> None:
    log.warning("%s: its provider's rules refuse it: %s", template.template_id, refusal.code)
