"""A paywall: an app of the owner, what may call it and what it counts. No I/O here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tollbridge.gateway.errors import Refusal
from tollbridge.wire.headers import PAYWALL_ID

# Every answer of balances lists all of them.
QUERY_TYPES_MAX = 32
# A list that nobody can read over is a list that nobody checks.
ORIGINS_MAX = 64
# Far above any free trial, far below what sums of whole numbers can hold.
TRIAL_CREDITS_MAX = 1_000_000
NAME_CHARS_MAX = 200

_PAYWALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_QUERY_TYPE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>\d{1,5}))?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Paywall:
    """An app of the owner; every user, balance and provider belongs to exactly one.

    Attributes:
        origins: Web origins that may call; empty means any.
        tokenization: Whether it counts credits; without it there is nothing to call.
        query_types: Each query type with the credits that a new user is given of it.
        origin_trial_credits: What the pages of each origin may give away of these in a day; None
            is the gateway's own limit.

    Raises:
        ValueError: A field cannot be; the message is a sentence that shows the value.
    """

    paywall_id: str
    name: str = ""
    origins: tuple[str, ...] = ()
    tokenization: bool = True
    query_types: Mapping[str, int] = field(default_factory=dict)
    origin_trial_credits: int | None = None

    def __post_init__(self) -> None:
        check_paywall_id(self.paywall_id)
        if len(self.name) > NAME_CHARS_MAX or not self.name.isprintable():
            raise ValueError(f"a name is one line of at most {NAME_CHARS_MAX} characters")
        if len(self.origins) > ORIGINS_MAX:
            raise ValueError(f"a paywall has at most {ORIGINS_MAX} origins")
        if len(self.query_types) > QUERY_TYPES_MAX:
            raise ValueError(f"a paywall has at most {QUERY_TYPES_MAX} query types")
        for origin in self.origins:
            if read_origin(origin) != origin:
                raise ValueError(f"{origin!r} is not spelled as browsers send it")
        for query_type, trial_credits in self.query_types.items():
            check_query_type(query_type)
            check_trial_credits(trial_credits)
        if self.origin_trial_credits is not None and not (
            1 <= self.origin_trial_credits <= TRIAL_CREDITS_MAX
        ):
            raise ValueError(
                f"trial credits of an origin are from 1 to {TRIAL_CREDITS_MAX}, "
                f"not {self.origin_trial_credits}"
            )


def check_paywall_id(text: str) -> str:
    """Return a paywall's id as it is.

    Raises:
        ValueError: It cannot be one.
    """
    if not _PAYWALL_ID.fullmatch(text):
        raise ValueError(
            f"{text!r} is no paywall id: letters, digits, . _ and - (at most 64), such as pw_demo"
        )
    return text


def check_query_type(text: str) -> str:
    """Return a query type as it is.

    Raises:
        ValueError: It cannot be one.
    """
    if not _QUERY_TYPE.fullmatch(text):
        raise ValueError(
            f"{text!r} is no query type: lower-case letters, digits, . _ and - (at most 64), "
            "such as standard"
        )
    return text


def check_trial_credits(amount: int) -> int:
    """Return the trial credits of a query type as they are.

    Raises:
        ValueError: They are below 0 or too many.
    """
    if not 0 <= amount <= TRIAL_CREDITS_MAX:
        raise ValueError(f"trial credits are from 0 to {TRIAL_CREDITS_MAX}, not {amount}")
    return amount


def read_origin(text: str) -> str:
    """Return an origin as browsers send it: `scheme://host[:port]` in lower case, or `null`.

    A slash at the end and the scheme's own port are dropped, because no browser sends them.

    Raises:
        ValueError: It is no origin.
    """
    origin = text.strip().lower().removesuffix("/")
    if origin == "null":
        return origin
    if "*" in origin:
        raise ValueError(f"{text!r} has a wildcard; name each origin, or none to allow any")
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        raise ValueError(
            f"{text!r} is no origin: write scheme://host or scheme://host:port without a path, "
            "such as https://app.example (other alphabets in punycode)"
        )
    scheme, host, port = match["scheme"], match["host"], match["port"]
    if port is None or int(port) == _DEFAULT_PORTS.get(scheme):
        return f"{scheme}://{host}"
    if not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} has no possible port")
    return f"{scheme}://{host}:{int(port)}"


def check_origin(paywall: Paywall, origin: str | None) -> None:
    """Refuse a request from a page that the paywall does not list.

    A request without the header passes: no browser sends one across origins without it, and who
    calls without a browser can write any origin. The list is for visitors, tokens are for credits.

    Raises:
        Refusal: `origin_not_allowed`.
    """
    if not origin or not paywall.origins or origin.lower() in paywall.origins:
        return
    raise Refusal(
        "origin_not_allowed",
        "This page's origin is not in the paywall's list.",
        details={"origin": origin[:200]},
    )


def check_same_paywall(paywall_id: str, headers: Mapping[str, str]) -> None:
    """Refuse a request whose `X-Paywall-Id` names another paywall than its URL.

    Raises:
        Refusal: `paywall_mismatch`.
    """
    if headers.get(PAYWALL_ID, paywall_id) != paywall_id:
        raise Refusal("paywall_mismatch", "The URL and X-Paywall-Id name different paywalls.")
