"""Who may call what: every refusal before the body, in the order that the design lists.

Form, origin, token, paywall, provider, policy. The lookups behind it are cached for at most two
seconds, so that what an owner changes on the command line holds within that time.
"""

from dataclasses import dataclass
from typing import NamedTuple

from tollbridge.gateway.calls import sealed
from tollbridge.gateway.calls.request import CallRequest
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import Identities, Identity
from tollbridge.gateway.owner.keys import OwnerKeys
from tollbridge.gateway.paywalls import Paywall, Paywalls, check_origin
from tollbridge.gateway.paywalls.queries import no_paywall
from tollbridge.gateway.providers.policy import check_route
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.providers.registry import Registry
from tollbridge.gateway.templates import Template, Templates


class Admitted(NamedTuple):
    """A call that may be made, should its body be in order and its credit be there.

    Attributes:
        template: What is asked, or None where the page says that itself.
        to_provider: The request as it goes on: the page's own, or what the template makes of it.
    """

    identity: Identity
    paywall: Paywall
    provider: Provider
    template: Template | None
    to_provider: CallRequest


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides whether a call may be made."""

    paywalls: Paywalls
    identities: Identities
    owner_keys: OwnerKeys
    registry: Registry
    templates: Templates

    async def admit(self, request: CallRequest) -> Admitted:
        """Return who calls what.

        Raises:
            Refusal: The call may not be made; nothing was held or sent.
        """
        paywall = await self.paywalls.find(request.paywall_id)
        if paywall is not None:
            check_origin(paywall, request.origin)
        identity = await self._identify(request)
        if paywall is None:
            raise no_paywall(request.paywall_id)
        if not paywall.tokenization or not await self.registry.any_for(paywall.paywall_id):
            raise Refusal("provider-disabled", "This paywall offers no metered calls.")
        if request.to_template:
            template = await self._template(request)
            provider = sealed.check_provider(
                template, await self.registry.find(template.provider_id)
            )
            to_provider = sealed.request_to_provider(request, template)
        else:
            template, to_provider = None, request
            provider = await self._provider(request)
        if identity.anonymous and not provider.anonymous_allowed:
            raise Refusal("sign_in_required", "This provider is for signed-in users.")
        if template is not None:
            sealed.check_call(request)
        else:
            check_route(provider, request.method, request.path)
        return Admitted(identity, paywall, provider, template, to_provider)

    async def _identify(self, request: CallRequest) -> Identity:
        if request.api_key and not request.authorization:
            await self.owner_keys.check(request.api_key, request.paywall_id)
            return await self.identities.find_for_owner(request.paywall_id, request.user_id)
        return await self.identities.authenticate(request.authorization, request.paywall_id)

    async def _template(self, request: CallRequest) -> Template:
        template = await self.templates.find(request.called_id)
        if template is None or template.paywall_id != request.paywall_id:
            raise Refusal("template_not_found", f"There is no template {request.called_id!r}.")
        return template

    async def _provider(self, request: CallRequest) -> Provider:
        provider_id = request.called_id
        provider = await self.registry.find(provider_id)
        if provider is None or provider.paywall_id != request.paywall_id:
            raise Refusal("provider_not_found", f"There is no provider {provider_id!r}.")
        if not provider.enabled:
            raise Refusal("provider-disabled", f"The provider {provider_id!r} is off.")
        if provider.only_templates:
            raise Refusal(
                "templates_only", f"The provider {provider_id!r} is called through templates only."
            )
        return provider
