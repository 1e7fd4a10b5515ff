"""What a page says of its widget, and who answers there. Pure."""

import json

from tollbridge.sdk import PaywallError
from tollbridge.ui.answerer import Answerer
from tollbridge.ui.formats import format_of
from tollbridge.ui.sealed import Sealed
from tollbridge.ui.strings.panel import NOBODY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk import Balance
    from tollbridge.wire import Provider


class Settings:
    """The settings of one panel, as `static/widget.js` collects them.

    Attributes:
        paywall: The paywall's id.
        gateway: The gateway's origin.
        page: Where else there is an answer.
        template: The sealed template that is asked; "" where a provider is.
        variable: Which of its variables takes the question.
        variables: The texts of its others.
        provider: Who is asked without a template; "" for the first that can chat.
        model: Which model; "" for the first of the provider's.
        keeps: Whether anything may be kept in the browser.
    """

    def __init__(self, fields: "dict[str, Any]") -> None:
        """Take the fields, all of which are there."""
        self.paywall: str = fields["paywall"]
        self.gateway: str = fields["gateway"]
        self.page: str = fields["page"]
        self.template: str = fields["template"]
        self.variable: str = fields["variable"]
        self.variables: dict[str, str] = fields["variables"]
        self.provider: str = fields["provider"]
        self.model: str = fields["model"]
        self.keeps: bool = fields["keeps"]

    @classmethod
    def from_text(cls, text: str) -> "Settings":
        """Read them from JSON."""
        return cls(json.loads(text))

    def sealed(self) -> "Answerer | None":
        """Return the template as somebody who answers; None where none is named."""
        if not self.template:
            return None
        form: Any = Sealed(self.template, self.variable, self.variables)
        return Answerer(self.template, "", form)

    def choose(self, providers: "list[Provider]") -> Answerer:
        """Return who answers of those that there are.

        Raises:
            PaywallError: `provider_not_found`: nobody who can chat, or nobody of that name.
        """
        for provider in providers:
            form = format_of(provider)
            if form is not None and self.provider in ("", provider.id):
                model = self.model or (provider.models[0] if provider.models else "")
                return Answerer(provider.id, model, form)
        raise PaywallError("provider_not_found", NOBODY)


class Price:
    """What a question costs, as far as that is known.

    Attributes:
        query_type: Which credits it takes; "" while that is not known.
        cost: How many; 1 until something else is known.
    """

    def __init__(self) -> None:
        """Start with nothing known."""
        self.query_type = ""
        self.cost = 1

    def of(self, provider: "Provider") -> None:
        """Take a provider's price."""
        self.query_type, self.cost = provider.query_type, provider.cost

    def balance(self, balances: "list[Balance]") -> "Balance | None":
        """Return which of these pays: that type, else the first that was ever granted."""
        if self.query_type:
            fitting = [row for row in balances if row.type == self.query_type]
        else:
            fitting = [row for row in balances if row.granted or row.count] or balances
        return fitting[0] if fitting else None

    def questions(self, credits: int) -> int:
        """Return for how many questions so many credits are enough."""
        return credits // self.cost if self.cost > 0 else credits
