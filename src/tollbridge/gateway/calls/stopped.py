"""A call that stopped before its proper end, and what the page is told about it. No I/O."""

from tollbridge.gateway.calls.answer import value_of
from tollbridge.gateway.calls.charge import Stop
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.http import UpstreamAnswer
from tollbridge.wire import headers as names

# A provider's refusals of our own key or account say nothing about the page's session or balance.
_ACCOUNT_STATUSES = (401, 402, 403, 407)


class Stopped(Exception):
    """The call stopped before its proper end."""

    def __init__(self, stop: Stop, refusal: Refusal | None = None) -> None:
        """Say why, and what the page is told if its answer has not begun."""
        super().__init__(stop.value)
        self.stop = stop
        self.refusal = refusal


def in_our_words(answer: UpstreamAnswer, *, sealed: bool) -> Refusal | None:
    """Return what the page is told instead of a provider's answer, or None where that passes.

    Args:
        answer: No success.
        sealed: A template asked. A provider that refuses often repeats what it was asked.
    """
    status = answer.status
    details = {"status": status}
    if 300 <= status < 400:
        return Refusal(
            "provider_redirect",
            f"The provider answered {status}, a redirect; the gateway follows none.",
            details=details,
        )
    if status in _ACCOUNT_STATUSES:
        return Refusal(
            "provider_rejected",
            f"The provider refused the gateway's own key or account ({status}).",
            details=details,
        )
    if sealed:
        wait = value_of(answer, names.RETRY_AFTER)
        return Refusal(
            "provider_failed",
            f"The provider did not answer what the template asks ({status}).",
            details=details,
            headers={} if wait is None else {names.RETRY_AFTER: wait},
        )
    return None


def broke_off_before() -> Refusal:
    """Say that the provider's answer began and brought nothing."""
    return Refusal(
        "provider_unreachable",
        "The provider's answer broke off before its first byte.",
        details={"reason": "broke_off"},
    )
