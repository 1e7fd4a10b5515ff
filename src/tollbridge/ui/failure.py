"""Why an answer did not come, as the page shows it. Pure."""

from tollbridge.sdk import ProviderError
from tollbridge.ui.chat_stream import StreamFault
from tollbridge.ui.strings.causes import (
    CUT_OFF,
    OFFLINE,
    cause_of,
    provider_cause,
    too_long_text,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import PaywallError
    from tollbridge.ui.transcript import Turn, Version


class Failure:
    """Why an answer did not come, or not whole.

    Attributes:
        cause: A sentence.
        code: The error's stable code.
        request_id: The id under which the gateway logged it, "" where it never got there.
        charged: Credits that it took all the same: 0 where an answer of the gateway proves that
            it took none, None where nobody knows yet.
        retry_after_s: Whole seconds after which to try again, None where nobody said.
    """

    __slots__ = ("cause", "charged", "code", "request_id", "retry_after_s")

    def __init__(
        self,
        cause: str,
        code: str,
        *,
        request_id: str = "",
        charged: "int | None" = None,
        retry_after_s: "int | None" = None,
    ) -> None:
        """Make a failure; see the class for the fields."""
        self.cause = cause
        self.code = code
        self.request_id = request_id
        self.charged = charged
        self.retry_after_s = retry_after_s


def failure_of(
    error: "PaywallError | StreamFault", *, midway: bool = False, online: bool = True
) -> Failure:
    """Say an error the way the page shows it.

    Args:
        error: What was raised.
        midway: Whether some of the answer had come before it.
        online: What the browser believes of its connection.
    """
    if isinstance(error, StreamFault):
        return Failure(cause_of(error.code, 0, error.message), error.code)
    if isinstance(error, ProviderError):
        cause = provider_cause(error.status)
    elif error.code == "network_error" and not online:
        cause = OFFLINE
    elif error.code == "network_error" and midway:
        cause = CUT_OFF
    elif error.code == "template_variable" and chars_max_of(error):
        cause = too_long_text(chars_max_of(error))
    else:
        cause = cause_of(error.code, error.status, error.message)
    return Failure(
        cause,
        error.code,
        request_id=error.request_id,
        # A call is charged only by an answer of the 2xx kind, so a refusal of any kind was free;
        # a call of before, under the same key, may be what it refuses.
        charged=0 if error.status >= 400 and error.code not in _OF_AN_EARLIER_CALL else None,
        retry_after_s=error.retry_after_s,
    )


def chars_max_of(error: "PaywallError") -> int:
    """Return how long a text for a template may be, where it was too long; else 0."""
    details = error.details if isinstance(error.details, dict) else {}
    most = details.get("max_chars")
    is_known = details.get("problem") == "too_long" and isinstance(most, int)
    return most if is_known else 0  # type: ignore[return-value]


def write_failure(
    question: "Turn", version: "Version", error: "PaywallError | StreamFault", *, online: bool
) -> None:
    """Write an error into the version that it ended, and settle what becomes of the key.

    Args:
        question: What was asked; it keeps its key where nobody knows whether it was charged.
        version: The answer that did not come, or not whole.
        error: What was raised.
        online: What the browser believes of its connection.
    """
    if error.code not in _SAME_CALL:
        question.key = ""
    if error.code == "aborted":
        version.state = "stopped"
        return
    version.state = "broken" if version.text else "failed"
    midway = bool(version.facts.call_id)
    version.failure = failure_of(error, midway=midway, online=online)


# After these nobody knows whether the call was charged: sent again, it must be the same one.
_SAME_CALL = ("network_error", "call_in_progress")
_OF_AN_EARLIER_CALL = ("call_in_progress", "call_already_charged")
