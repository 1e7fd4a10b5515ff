"""What an owner does with templates, as whole steps."""

from collections.abc import Mapping

from tollbridge.gateway.database import Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.owner.providers import need_provider
from tollbridge.gateway.paywalls import need_paywall
from tollbridge.gateway.templates import Shorthand, make_template
from tollbridge.gateway.templates.queries import (
    StoredTemplate,
    find_template,
    put_template,
    remove_template,
)


def add_template(
    template_id: str,
    now: int,
    *,
    paywall_id: str,
    provider_id: str,
    body: bytes | Shorthand,
    variables: Mapping[str, int],
    path: str = "",
) -> Script[tuple[StoredTemplate, bool]]:
    """Write a template; returns it as stored, and whether it took another's place.

    Raises:
        Refusal: `paywall_not_found`, `provider_not_found` (another paywall's is none), or what the
            provider's rules say against the body. Nothing changed.
        ValueError: See `make_template`; or the id is another paywall's template's.
    """
    yield from need_paywall(paywall_id)
    provider = (yield from need_provider(provider_id)).provider
    if provider.paywall_id != paywall_id:
        raise Refusal(
            "provider_not_found", f"The paywall {paywall_id} has no provider {provider_id}."
        )
    made = make_template(template_id, provider, body=body, variables=variables, path=path)
    before = yield from find_template(template_id)
    yield from put_template(made, now)
    return (yield from need_template(template_id)), before is not None


def drop_template(template_id: str) -> Script[None]:
    """Delete a template that must be there; calls that have begun go on.

    Raises:
        Refusal: `template_not_found`.
    """
    if not (yield from remove_template(template_id)):
        raise _no_template(template_id)


def need_template(template_id: str) -> Script[StoredTemplate]:
    """Read a template that must be there.

    Raises:
        Refusal: `template_not_found`.
    """
    found = yield from find_template(template_id)
    if found is None:
        raise _no_template(template_id)
    return found


def _no_template(template_id: str) -> Refusal:
    return Refusal("template_not_found", f"There is no template {template_id}.")
