"""A provider: one upstream HTTP API of a paywall, with its key and what may be sent to it."""

from dataclasses import dataclass, field

from tollbridge.gateway.providers.paths import check_pattern, matches
from tollbridge.gateway.secret import Secret

METHODS = ("GET", "POST")


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

    def __str__(self) -> str:
        return f"{self.method} {self.pattern or '/'}"


@dataclass(frozen=True, slots=True)
class Provider:
    """One upstream HTTP API; made by `presets.make_provider`, which checks every field.

    Attributes:
        preset: A name in `presets.PRESETS`.
        base_url: Without a slash at the end; the page's path is appended behind one.
        cost: Whole credits for a call; 0 holds nothing.
        models: What an LLM preset lets through; empty for `http`.
        allow: Everything else is refused.
        charge_on: When a call is settled: `headers`.
        max_body_bytes: For JSON, which is gathered; other bodies stream through.
        first_byte_timeout_s: Seconds until the headers must be here, or None for the gateway's
            own limit.
        idle_timeout_s: Seconds between two pieces of the body, or None for the gateway's own.
        key_header: In lower case; `authorization` is sent as `Bearer <key>`.
        key: None where the API wants none.
        allow_private: May lie in a private network, and be spoken to without TLS.
        anonymous_allowed: Users who are not signed in may call it.
    """

    provider_id: str
    paywall_id: str
    preset: str
    base_url: str
    query_type: str
    cost: int
    models: tuple[str, ...]
    allow: tuple[Rule, ...]
    charge_on: str
    max_body_bytes: int
    first_byte_timeout_s: int | None
    idle_timeout_s: int | None
    key_header: str
    key: Secret | None = field(repr=False)
    allow_private: bool
    anonymous_allowed: bool
    enabled: bool
