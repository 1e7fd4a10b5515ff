"""What can go wrong, as one tree. Match by class or compare `code`; never read the message.

PaywallError                  any of these, and every answer of the gateway's that has no class
├─ QuotaExceededError         402 not_enough_queries: a query type ran out
├─ SessionError               401: no session, or one that ended
├─ ProviderError              the provider's own refusal, passed on
├─ NetworkError               network_error: no answer, or an answer cut off
├─ AbortedError               aborted: somebody on this side stopped it
└─ ConfigError                the SDK was used wrongly; nothing was sent
"""

from tollbridge.wire import headers as names
from tollbridge.wire import read_error, read_quota

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.headers import Headers
    from tollbridge.wire import Balance


class PaywallError(Exception):
    """A call, a sign-in or a reading of balances failed.

    Attributes:
        code: What went wrong, stable; a code from `tollbridge.wire.codes`, a client's own code
            (`aborted`, `network_error`, `invalid_config`, …) or `http_<status>`.
        message: A sentence for a person.
        status: The answer's HTTP status; 0 where there was no answer.
        details: The `details` of the answer, else None.
        body: The whole parsed body; text where it is no JSON, None where it could not be read.
        request_id: The id under which the gateway logged it, "" where it never got there.
        call_id: The id of the metered call, "" where there is none.
        retry_after_s: Whole seconds after which to try again, None where nobody said.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 0,
        details: object = None,
        body: object = None,
        request_id: str = "",
        call_id: str = "",
        retry_after_s: "int | None" = None,
    ) -> None:
        """Make an error; see the class for the fields."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = details
        self.body = body
        self.request_id = request_id
        self.call_id = call_id
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        """Show the message, then what a log needs to find it again."""
        known = [self.code]
        if self.status:
            known.append(f"status {self.status}")
        if self.request_id:
            known.append(f"request {self.request_id}")
        return f"{self.message} [{', '.join(known)}]"


class QuotaExceededError(PaywallError):
    """A query type ran out. Nothing was charged, nothing was sent to the provider.

    Attributes:
        balances: Every balance of the user at that moment; [] where the answer named none.
        query_type: The type that ran out, "" where the answer did not say.
        current_balance: The balance of that type; None where the user never had any.
        held: Credits of that type in calls that still run; they may come back.
        hint: What an operator can type to help, "" where there is nothing to type.
    """

    def __init__(
        self,
        message: str,
        *,
        balances: "list[Balance] | None" = None,
        query_type: str = "",
        current_balance: "Balance | None" = None,
        held: int = 0,
        hint: str = "",
        details: object = None,
        body: object = None,
        request_id: str = "",
        call_id: str = "",
        retry_after_s: "int | None" = None,
    ) -> None:
        """Make an error with the code `not_enough_queries` and the status 402."""
        super().__init__(
            "not_enough_queries",
            message,
            status=402,
            details=details,
            body=body,
            request_id=request_id,
            call_id=call_id,
            retry_after_s=retry_after_s,
        )
        self.balances = balances or []
        self.query_type = query_type
        self.current_balance = current_balance
        self.held = held
        self.hint = hint


class SessionError(PaywallError):
    """There is no session, or it ended: status 401. Nothing was charged; sign in again."""


class ProviderError(PaywallError):
    """The provider refused; the gateway passed its answer on. Nothing was charged.

    `status`, `code` and `body` are the provider's own.
    """


class NetworkError(PaywallError):
    """No answer came, or the answer broke off. The call may have been charged.

    Its code is `network_error`. Read the balances to learn what a call cost.
    """

    def __init__(self, message: str) -> None:
        """Make an error with the code `network_error`."""
        super().__init__("network_error", message)


class AbortedError(PaywallError):
    """Somebody on this side stopped it. The call may have been charged.

    Its code is `aborted`. The gateway was told, and stopped the provider.
    """

    def __init__(self, message: str = "The call was stopped.") -> None:
        """Make an error with the code `aborted`."""
        super().__init__("aborted", message)


class ConfigError(PaywallError):
    """The SDK was used wrongly. Nothing was sent.

    Its code is `invalid_config`, `apikey_in_browser`, `apikey_required`, `identity_required`,
    `invalid_argument` or `body_used`.
    """


def error_for(status: int, body: object, headers: "Headers") -> PaywallError:
    """Return the error that an answer with a status other than 2xx means.

    A 402 is a quota error unless the provider made it; a provider's refusal keeps its own status
    and code; the code is read as `wire.read_error` says.

    Args:
        status: The answer's status.
        body: Its body: parsed JSON, else text, else None.
        headers: Its headers.
    """
    code, message = read_error(body, status)
    details = body.get("details") if isinstance(body, dict) else None
    request_id = headers.get(names.REQUEST_ID)
    if not request_id and isinstance(body, dict):
        request_id = str(body.get("request_id") or "")
    from_provider = headers.get(names.ERROR_SOURCE) == names.FROM_PROVIDER
    common: dict[str, Any] = {
        "details": details,
        "body": body,
        "request_id": request_id,
        "call_id": headers.get(names.CALL_ID),
        "retry_after_s": whole_number(headers.get(names.RETRY_AFTER)),
    }
    if status == 402 and not from_provider:
        balances, query_type, current_balance, held, hint = read_quota(body)
        return QuotaExceededError(
            message or "No credits are left for this.",
            balances=balances,
            query_type=query_type,
            current_balance=current_balance,
            held=held,
            hint=hint,
            **common,
        )
    common["status"] = status
    if from_provider:
        message = message or f"The provider answered with status {status}."
        return ProviderError(code, message, **common)
    if status == 401:
        return SessionError(code, message or "There is no valid session; sign in again.", **common)
    return PaywallError(code, message or f"The gateway answered with status {status}.", **common)


def whole_number(text: str) -> "int | None":
    """Read a header that holds a whole number; None where it is missing or anything else."""
    # Not `isdigit`, to which "²" is a digit; `int` refuses it.
    digits = 0 < len(text or "") <= 15 and all("0" <= char <= "9" for char in text)
    return int(text) if digits else None
