"""Whatever a page sends: what goes out keeps the rules, and is otherwise what was sent."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.body_rules import BodyRules
from tollbridge.gateway.providers.policy import prepare_body
from tollbridge.gateway.providers.presets import PRESETS, make_provider
from tollbridge.gateway.providers.provider import Provider

LIMIT = 100
MODELS = ("allowed", "allowed-2")


def new_provider(preset: str) -> Provider:
    """Make a provider of a preset with a low limit."""
    limit = LIMIT if PRESETS[preset].bounds_output else None
    return make_provider(
        "p",
        paywall_id="pw",
        preset=preset,
        base_url="https://llm.example",
        query_type="q",
        models=MODELS,
        max_output_tokens=limit,
    )


PROVIDERS = [new_provider(name) for name, preset in PRESETS.items() if preset.llm]
ALL_RULES = [rules for preset in PRESETS.values() for rules in preset.bodies.values()]

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 300)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["text", "standard", "function", "item_reference", "100", "high", *MODELS])
    | st.text(max_size=3)
)
_INNER_NAMES = ["type", "role", "file_id", "id", "tools", "mode", "budget_tokens", "content", "x"]
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_INNER_NAMES) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
# Names that a rule looks at come often, so that a good part of the bodies is judged by one.
_NAMES = sorted(
    {"messages", "input", "tools", "thinking", "reasoning", "stream", "Model", "maxTokens", "N"}
    | {"model", "store", "n", "temperature"}
    | {name for rules in ALL_RULES for name in (*rules.output_tokens, *rules.ones)}
    | {refused.field for rules in ALL_RULES for refused in rules.refused}
)
_WILD = st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=4), _VALUES, max_size=6)
# Most wild bodies are refused; these are mostly rewritten.
_FORCED_NAMES = sorted({n for rules in ALL_RULES for n in (*rules.output_tokens, *rules.ones)})
_TAME = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(_FORCED_NAMES, st.none() | st.integers(1, 300) | st.integers(1)),
        **dict.fromkeys(("n", "store", "temperature", "stream"), _SCALARS),
        "messages": st.lists(st.fixed_dictionaries({"role": _SCALARS, "content": _SCALARS})),
        "thinking": st.fixed_dictionaries({"budget_tokens": st.integers(1, 200)}),
    },
)


@given(
    st.sampled_from(PROVIDERS),
    _WILD | _TAME,
    st.sampled_from(MODELS) | _VALUES,
    st.booleans(),
)
def test_what_goes_out_keeps_the_rules(
    provider: Provider, members: dict[str, Any], model: object, ascii_only: bool
) -> None:
    """An accepted body has an allowed model, is clamped, asks for one answer and stores nothing.

    All that the rules do not force is as it was sent, and bytes change only where they force
    something.
    """
    members = {**members, "model": model}
    body = json.dumps(members, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    (path, rules), *_ = PRESETS[provider.preset].bodies.items()
    try:
        out = prepare_body(provider, path, body)
    except Refusal:  # nothing else may come out
        return
    sent = json.loads(out)
    assert sent["model"] in MODELS
    check_forced(rules, sent)
    forced = {*rules.output_tokens, *rules.ones, *(["store"] if rules.stores else [])}
    kept = {name: value for name, value in sent.items() if name not in forced}
    assert repr(kept) == repr({n: v for n, v in members.items() if n not in forced})
    assert (out is body) == (repr(sent) == repr(members))
    assert prepare_body(provider, path, out) is out


def check_forced(rules: BodyRules, sent: dict[str, Any]) -> None:
    """Look at each member that the rules force."""
    numbers = [sent[name] for name in rules.output_tokens if sent.get(name) is not None]
    assert all(type(number) is int and 1 <= number <= LIMIT for number in numbers)
    assert numbers or not rules.output_tokens
    if rules.always_sets_first:
        assert sent[rules.output_tokens[0]] is not None
    assert all(type(sent[name]) is int and sent[name] == 1 for name in rules.ones if name in sent)
    if rules.stores:
        assert sent.get("store", False) is False
        assert "store" in sent or not rules.stores_by_default
    if rules.thinking and sent.get("thinking"):
        assert (sent["thinking"].get("budget_tokens") or 0) < sent[rules.output_tokens[0]]
