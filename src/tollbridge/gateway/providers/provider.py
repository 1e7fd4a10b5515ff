"""A provider: one upstream HTTP API of a paywall, with its key and what may be sent to it."""

import re
from dataclasses import dataclass, field

from tollbridge.gateway.providers.paths import check_pattern, matches, overlap, plain
from tollbridge.gateway.secret import Secret

METHODS = ("GET", "POST")
# A sum of costs must stay a number that JavaScript can hold.
COST_MAX = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A method and a path pattern that are allowed, such as `POST v1/things/*`.

    Attributes:
        method: GET or POST.
        pattern: Segments behind the base URL; `*` stands for one or more whole segments, and the
            empty pattern for the base URL itself.

    Raises:
        ValueError: It cannot be; the message is a sentence that shows the value.
    """

    method: str
    pattern: str

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"{self.method!r} is no method that is forwarded: GET or POST")
        check_pattern(self.pattern)

    @classmethod
    def parse(cls, text: str) -> "Rule":
        """Read a rule as it is written: a method, a space, a path; `POST /` is the base URL.

        Raises:
            ValueError: It is not a rule.
        """
        method, space, pattern = text.strip().partition(" ")
        if not space:
            raise ValueError(f"{text!r} is no rule: write a method and a path, as in POST v1/*")
        return cls(method.upper(), pattern.strip().removeprefix("/"))

    def allows_path(self, path: str) -> bool:
        """Tell whether the pattern matches a path, whatever the method."""
        return matches(self.pattern, path)

    def meets(self, other: "Rule") -> bool:
        """Tell whether there is a request that both allow."""
        return self.method == other.method and overlap(self.pattern, other.pattern)

    def __str__(self) -> str:
        return f"{self.method} {self.pattern or '/'}"


@dataclass(frozen=True, slots=True)
class CostRule:
    """What calls of some method and path cost, such as `GET v1/things/*=0`.

    Attributes:
        rule: The calls.
        cost: Whole credits.

    Raises:
        ValueError: It cannot be; the message is a sentence that shows the value.
    """

    rule: Rule
    cost: int

    def __post_init__(self) -> None:
        if type(self.cost) is not int or not 0 <= self.cost <= COST_MAX:
            raise ValueError(
                f"the cost {self.cost!r} of {self.rule} must be a whole number from 0 to {COST_MAX}"
            )

    @classmethod
    def parse(cls, text: str) -> "CostRule":
        """Read a rule as it is written: a method, a path, `=` and the credits.

        Raises:
            ValueError: It is not such a rule.
        """
        # From the right: a path may hold an equals sign.
        call, equals, cost = text.rpartition("=")
        if not equals or not re.fullmatch(r"[0-9]{1,10}", cost.strip()):
            raise ValueError(f"{text!r} is no cost of a path: write it as in 'GET v1/things/*=0'")
        return cls(Rule.parse(call), int(cost))

    def __str__(self) -> str:
        return f"{self.rule}={self.cost}"


@dataclass(frozen=True, slots=True)
class Provider:
    """One upstream HTTP API; made by `presets.make_provider`, which checks every field.

    Attributes:
        preset: A name in `presets.PRESETS`.
        base_url: Without a slash at the end; the page's path is appended behind one.
        cost: Whole credits for a call; 0 holds nothing.
        cost_for: What some calls cost instead; see `cost_of`.
        models: What an LLM preset lets through; empty for `http`.
        allow: Everything else is refused.
        charge_on: When a call is settled: `headers`, `first_byte` or `complete`.
        max_output_tokens: What a body's own number is clamped to, or None where the preset's
            bodies have none.
        max_body_bytes: For JSON, which is gathered; other bodies stream through.
        first_byte_timeout_s: Seconds until the headers must be here, or None for the gateway's
            own limit.
        idle_timeout_s: Seconds between two pieces of the body, or None for the gateway's own.
        key_header: In lower case; `authorization` is sent as `Bearer <key>`.
        key: None where the API wants none.
        allow_private: May lie in a private network, and be spoken to without TLS.
        anonymous_allowed: Users who are not signed in may call it.
        only_templates: Pages reach it through templates alone, and see it in no list.
    """

    provider_id: str
    paywall_id: str
    preset: str
    base_url: str
    query_type: str
    cost: int
    cost_for: tuple[CostRule, ...]
    models: tuple[str, ...]
    allow: tuple[Rule, ...]
    charge_on: str
    max_output_tokens: int | None
    max_body_bytes: int
    first_byte_timeout_s: int | None
    idle_timeout_s: int | None
    key_header: str
    key: Secret | None = field(repr=False)
    allow_private: bool
    anonymous_allowed: bool
    only_templates: bool
    enabled: bool

    def cost_of(self, method: str, path: str) -> int:
        """Return the credits that a call costs: those of the first rule that fits, else `cost`.

        A path that a lenient server reads as another one (`V1/Things;x/`) costs what the dearer of
        the two costs, so that no spelling makes a call cheaper.

        Args:
            method: In capitals.
            path: As `paths.parse_path` returned it.
        """
        rules = [one for one in self.cost_for if one.rule.method == method]
        if not rules:
            return self.cost
        fitting = (one.cost for one in rules if one.rule.allows_path(path))
        as_written = next(fitting, self.cost)
        path = plain(path)
        fitting = (one.cost for one in rules if matches(plain(one.rule.pattern), path))
        return max(as_written, next(fitting, self.cost))
