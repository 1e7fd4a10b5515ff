"""Who answers: the choice beside the composer, filled with what the gateway offers."""

from tollbridge.ui import dom
from tollbridge.ui.answerer import Answerer
from tollbridge.ui.formats import CHAT, format_of
from tollbridge.ui.strings.chat import SIGN_IN_FIRST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.wire import Provider

# The provider of `build.py run`, which knows the failures that the skeleton offers to try.
DEMO_PROVIDER = "prov_demo_chat"


class Offer:
    """One thing to choose.

    Attributes:
        value: What the page keeps: a bare model for the page's own provider, else with the
            provider's id before it.
        label: What a person reads.
        to: Who answers then.
        open: False where this visitor would have to sign in with a name.
    """

    __slots__ = ("label", "open", "to", "value")

    def __init__(self, value: str, label: str, to: Answerer, *, open: bool) -> None:
        """Make an offer; see the class for the fields."""
        self.value = value
        self.label = label
        self.to = to
        self.open = open


def offers_of(providers: "list[Provider]") -> "list[tuple[str, list[Offer]]]":
    """Return what there is to choose, by provider: (label, offers). Pure.

    What cannot chat is left out; where the owner named no models the provider itself is the choice.
    """
    groups = []
    for provider in providers:
        format = format_of(provider)
        if format is None:
            continue
        label = provider.id[5:] if provider.id[:5] == "prov_" else provider.id
        offers = [
            Offer(
                f"{provider.id}|{model}",
                model or label,
                Answerer(provider.id, model, format),
                open=not provider.sign_in_required,
            )
            for model in provider.models or [""]
        ]
        groups.append((label, offers))
    return groups


class Choice:
    """The select beside the composer."""

    def __init__(self, *, provider_id: str, on_change: "Callable[[], None]") -> None:
        """Take the skeleton's select over.

        Args:
            provider_id: Who answers to the models that the skeleton lists.
            on_change: Called when the person chooses; `value` then says what.
        """
        self._provider_id = provider_id
        self._node = dom.by_id("model")
        self._offers: list[Offer] = []
        self._own_format = CHAT
        self._wanted = ""
        self._undo = dom.on(self._node, "change", on_change)

    @property
    def value(self) -> str:
        """What is chosen, as the page keeps it."""
        return dom.value_of(self._node)

    def answerer(self, value: str = "") -> Answerer:
        """Return who answers: to what is chosen, or to `value`."""
        value = value or self.value
        for offer in self._offers:
            if offer.value == value:
                return offer.to
        return Answerer(self._provider_id, value, self._own_format)

    def prefer(self, value: str) -> None:
        """Choose what was chosen before a reload, now or when it is offered."""
        self._wanted = value
        self._choose()

    def fill(self, providers: "list[Provider]") -> None:
        """Offer these providers, and keep of the skeleton's models what is true.

        They stay where the page's own provider names no models itself; the failures to try among
        them only while that provider is the demo.
        """
        own = [p for p in providers if p.id == self._provider_id]
        keeps_skeleton = bool(own) and not own[0].models
        if keeps_skeleton:
            self._own_format = format_of(own[0]) or CHAT
            providers = [p for p in providers if p.id != self._provider_id]
        groups = offers_of(providers)
        if not groups and not own:
            return  # the page's own provider is better than none
        self._wanted = self._wanted or self.value
        self._offers = [offer for _, offers in groups for offer in offers]
        if not keeps_skeleton:
            dom.clear(self._node)
        elif self._provider_id != DEMO_PROVIDER:
            dom.remove(dom.by_id("failures"))
        for label, offers in groups:
            group = dom.create("optgroup")
            dom.set_attribute(group, "label", label)
            for offer in offers:
                dom.append(group, _option(offer))
            dom.append(self._node, group)
        self._choose()

    def close(self) -> None:
        """Let go of the page."""
        self._undo()

    def _choose(self) -> None:
        if self._wanted:
            dom.choose(self._node, self._wanted)


def _option(offer: Offer) -> object:
    node = dom.create("option")
    dom.set_attribute(node, "value", offer.value)
    dom.set_text(node, offer.label if offer.open else f"{offer.label} ({SIGN_IN_FIRST})")
    dom.enable(node, offer.open)
    return node
