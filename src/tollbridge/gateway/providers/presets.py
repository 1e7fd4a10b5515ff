"""Presets: what is known about an API beforehand, as data, and the making of a provider."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tollbridge.gateway.providers import body_rules
from tollbridge.gateway.providers import provider_fields as fields
from tollbridge.gateway.providers.body_rules import BodyRules
from tollbridge.gateway.providers.provider import COST_MAX, CostRule, Provider, Rule
from tollbridge.gateway.secret import Secret

MAX_BODY_BYTES_DEFAULT = 1024 * 1024
# A gathered body is held in memory; files belong into multipart, which streams.
MAX_BODY_BYTES_MAX = 20 * 1024 * 1024
# A long answer of a chat. Whoever sells longer ones raises it, and the cost with it.
MAX_OUTPUT_TOKENS_DEFAULT = 1024
# More than any model writes in one answer; it catches a slip of the finger.
MAX_OUTPUT_TOKENS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Preset:
    """What is known about an API.

    Attributes:
        base_url: The API's public address, or "" where the owner must name one.
        bodies: The rules of a language model's API, by the path that takes such a body; only
            POST to these paths is allowed. Empty where the owner names what may be called.
        key_header: The header that carries the key.
        adds: Headers that go out where the page sent none of that name.
        drops: Headers of the page that choose whose account pays; they never go out.
    """

    base_url: str
    bodies: Mapping[str, BodyRules] = field(default_factory=dict)
    key_header: str = "authorization"
    adds: tuple[tuple[str, str], ...] = ()
    drops: tuple[str, ...] = ()

    @property
    def llm(self) -> bool:
        """Whether it is a language model's API, of which bodies are read and models allowed."""
        return bool(self.bodies)

    @property
    def allow(self) -> tuple[Rule, ...]:
        """What may be called, or () where the owner names it."""
        return tuple(Rule("POST", path) for path in self.bodies)

    @property
    def bounds_output(self) -> bool:
        """Whether its bodies have a number of output tokens."""
        return any(rules.output_tokens for rules in self.bodies.values())


_OPENAI = "https://api.openai.com"
_OPENAI_ACCOUNT = ("openai-organization", "openai-project")

PRESETS = {
    "openai-chat": Preset(
        _OPENAI, {"v1/chat/completions": body_rules.OPENAI_CHAT}, drops=_OPENAI_ACCOUNT
    ),
    "openai-responses": Preset(
        _OPENAI, {"v1/responses": body_rules.OPENAI_RESPONSES}, drops=_OPENAI_ACCOUNT
    ),
    "openai-embeddings": Preset(
        _OPENAI, {"v1/embeddings": body_rules.OPENAI_EMBEDDINGS}, drops=_OPENAI_ACCOUNT
    ),
    "anthropic-messages": Preset(
        "https://api.anthropic.com",
        {"v1/messages": body_rules.ANTHROPIC_MESSAGES},
        key_header="x-api-key",
        adds=(("anthropic-version", "2023-06-01"),),
        drops=("anthropic-workspace-id",),
    ),
    "openai-compatible": Preset(
        "", {"v1/chat/completions": body_rules.OPENAI_COMPATIBLE}, drops=_OPENAI_ACCOUNT
    ),
    "http": Preset(""),
}


def make_provider(
    provider_id: str,
    *,
    paywall_id: str,
    preset: str,
    query_type: str,
    base_url: str = "",
    cost: int = 1,
    cost_for: Iterable[CostRule | str] = (),
    models: Iterable[str] = (),
    allow: Iterable[Rule | str] = (),
    charge_on: str = "headers",
    max_output_tokens: int | None = None,
    max_body_bytes: int = MAX_BODY_BYTES_DEFAULT,
    first_byte_timeout_s: int | None = None,
    idle_timeout_s: int | None = None,
    key_header: str = "",
    key: Secret | None = None,
    allow_private: bool = False,
    anonymous_allowed: bool = True,
    only_templates: bool = False,
    enabled: bool = True,
) -> Provider:
    """Make a provider, every field checked; see `Provider` for what they mean.

    `base_url`, `key_header` and `max_output_tokens` may be left out where the preset knows them.
    `models` must be named for an LLM preset and only there, `allow` for `http` and only there; a
    rule may be text such as `POST v1/things/*`, or `GET v1/things/*=0` for a cost.

    Raises:
        ValueError: A field cannot be; the message is a sentence that shows the value, never a key.
    """
    known = _find_preset(preset)
    allowed = _read_rules(tuple(allow), preset)
    return Provider(
        provider_id=fields.read_provider_id(provider_id),
        paywall_id=fields.read_id(paywall_id, "paywall id", "pw_demo"),
        preset=preset,
        base_url=_read_base_url(base_url, preset, allow_private=allow_private),
        query_type=fields.read_query_type(query_type),
        cost=fields.read_whole("cost", cost, low=0, high=COST_MAX),
        cost_for=_read_cost_for(tuple(cost_for), allowed),
        models=_read_models(tuple(models), preset),
        allow=allowed,
        charge_on=fields.read_charge_on(charge_on),
        max_output_tokens=read_output_tokens(max_output_tokens, preset),
        max_body_bytes=fields.read_whole(
            "max_body_bytes", max_body_bytes, low=1, high=MAX_BODY_BYTES_MAX
        ),
        first_byte_timeout_s=fields.read_seconds("first_byte_timeout_s", first_byte_timeout_s),
        idle_timeout_s=fields.read_seconds("idle_timeout_s", idle_timeout_s),
        key_header=fields.read_key_header(key_header or known.key_header),
        key=fields.read_key(key),
        allow_private=allow_private,
        anonymous_allowed=anonymous_allowed,
        only_templates=only_templates,
        enabled=enabled,
    )


def read_output_tokens(given: int | None, preset: str) -> int | None:
    """Return what output is clamped to: what was given, else the default.

    None, and only None, where the bodies of the preset have no such number.

    Raises:
        ValueError: It is out of bounds, or given for a preset that has none.
    """
    if not PRESETS[preset].bounds_output:
        if given is not None:
            raise ValueError(
                f"max_output_tokens is {given!r}, but bodies of the preset {preset} have no number "
                "of output tokens"
            )
        return None
    count = MAX_OUTPUT_TOKENS_DEFAULT if given is None else given
    return fields.read_whole("max_output_tokens", count, low=1, high=MAX_OUTPUT_TOKENS_MAX)


def _find_preset(name: str) -> Preset:
    known = PRESETS.get(name)
    if known is None:
        raise ValueError(f"{name!r} is no preset; there are {', '.join(PRESETS)}")
    return known


def _read_base_url(given: str, preset: str, *, allow_private: bool) -> str:
    text = given or PRESETS[preset].base_url
    if not text:
        raise ValueError(f"the preset {preset} needs a base URL")
    return fields.read_base_url(text, allow_private=allow_private, without_v1=PRESETS[preset].llm)


def _read_models(models: tuple[str, ...], preset: str) -> tuple[str, ...]:
    if not PRESETS[preset].llm and models:
        raise ValueError(f"the preset {preset} reads no body, so it cannot allow models: {models}")
    if PRESETS[preset].llm and not models:
        raise ValueError(f"the preset {preset} needs its models named: --model NAME")
    for model in models:
        if not model or len(model) > 200 or not model.isprintable():
            raise ValueError(f"{model!r} is no name of a model")
    return tuple(dict.fromkeys(models))


def _read_rules(given: tuple[Rule | str, ...], preset: str) -> tuple[Rule, ...]:
    rules = tuple(rule if isinstance(rule, Rule) else Rule.parse(rule) for rule in given)
    fixed = PRESETS[preset].allow
    if fixed and rules and set(rules) != set(fixed):
        raise ValueError(f"the preset {preset} allows {fixed[0]} and nothing else; leave allow out")
    if not fixed and not rules:
        raise ValueError(
            f"the preset {preset} allows nothing by itself: --allow 'POST v1/things/*'"
        )
    return fixed or tuple(dict.fromkeys(rules))


def _read_cost_for(
    given: tuple[CostRule | str, ...], allowed: tuple[Rule, ...]
) -> tuple[CostRule, ...]:
    rules = tuple(one if isinstance(one, CostRule) else CostRule.parse(one) for one in given)
    for number, one in enumerate(rules):
        if not any(one.rule.meets(rule) for rule in allowed):
            raise ValueError(f"the cost '{one}' is for no call that this provider allows")
        if one.rule in [earlier.rule for earlier in rules[:number]]:
            raise ValueError(f"the cost '{one}' is never used: an earlier one is for the same path")
    return rules
