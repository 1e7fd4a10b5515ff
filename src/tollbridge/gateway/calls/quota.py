"""The 402: what ran out, and every balance at that moment."""

from collections.abc import Callable
from typing import Any

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity.balances import balances_shown
from tollbridge.gateway.ledger import NotEnough
from tollbridge.gateway.paywalls import Paywall
from tollbridge.wire.envelope import quota_body

# Makes the line that helps, from (paywall id, user id, query type); "" where there is none.
Hint = Callable[[str, str, str], str]


def no_hint(paywall_id: str, user_id: str, query_type: str) -> str:
    """Say nothing: only the demo paywall tells a visitor how to help himself."""
    return ""


class QuotaRefusal(Refusal):
    """The balance does not cover the call: 402, nothing held, nothing sent."""

    def __init__(
        self,
        refused: NotEnough,
        *,
        paywall: Paywall,
        query_type: str,
        cost: int,
        call_id: str,
        hint: str,
    ) -> None:
        """Say what ran out of which."""
        self._balances = balances_shown(refused.balances, paywall)
        self._query_type = query_type
        self._held = refused.held
        self._hint = hint
        left = next((b.count for b in self._balances if b.type == query_type), 0)
        needs = "1 credit" if cost == 1 else f"{cost} credits"
        super().__init__(
            "not-enough-queries",
            f"This call needs {needs} of {query_type!r}; {left} left.",
            headers={"x-call-id": call_id},
        )

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the body of the published contract, with ours on top."""
        body: dict[str, Any] = quota_body(
            self._balances, self._query_type, self._held, self.message, request_id, self._hint
        )
        return body
