"""The bodies of each preset: what passes untouched, what is rewritten, what is refused and why."""

import json
from typing import Any

import pytest

from tests.providers.conftest import MakeProvider
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.policy import prepare_body
from tollbridge.gateway.providers.provider import Provider

CHAT = "openai-chat"
RESPONSES = "openai-responses"
EMBEDDINGS = "openai-embeddings"
COMPATIBLE = "openai-compatible"
ANTHROPIC = "anthropic-messages"
LIMIT = 500

FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
FLAT_FUNCTION = {"type": "function", "name": "f", "parameters": {"properties": {"file_id": {}}}}
CLIENT_TOOL = {"name": "f", "input_schema": {"properties": {"file_id": {"type": "string"}}}}


@pytest.fixture
def provider_of(new_provider: MakeProvider) -> MakeProvider:
    """A maker of providers of a preset, with a limit of output tokens where that is possible."""

    def make(preset: str, **fields: object) -> Provider:
        if preset == COMPATIBLE:
            fields.setdefault("base_url", "https://llm.example")
        if preset != EMBEDDINGS:
            fields.setdefault("max_output_tokens", LIMIT)
        return new_provider(preset=preset, models=("gpt-test", "other-test"), **fields)

    return make


def prepare(provider: Provider, /, **members: Any) -> tuple[bytes, bytes]:
    """Return what a page sends and what goes out for it."""
    body = json.dumps({"model": "gpt-test", **members}).encode()
    return body, prepare_body(provider, provider.allow[0].pattern, body)


SENT_AS_IT_IS = [
    (CHAT, {"store": False, "max_completion_tokens": LIMIT}),
    (CHAT, {"store": False, "max_tokens": 1, "n": 1, "stream_options": {"include_usage": True}}),
    (CHAT, {"store": False, "max_tokens": 9, "max_completion_tokens": 9}),
    (CHAT, {"store": False, "max_tokens": 9, "tools": [FUNCTION, {"type": "custom"}]}),
    (CHAT, {"store": False, "max_tokens": 9, "tools": None, "modalities": ["text"]}),
    (CHAT, {"store": False, "max_tokens": 9, "background": False, "service_tier": None}),
    (CHAT, {"store": False, "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}),
    (CHAT, {"store": False, "max_tokens": 9, "metadata": {"Model": "x", "file_id": "y"}}),
    (CHAT, {"store": False, "max_tokens": 9, "unknown": {"n": 5}}),
    (RESPONSES, {"store": False, "max_output_tokens": LIMIT, "input": "Hi"}),
    (RESPONSES, {"store": False, "max_output_tokens": 1, "tools": [FLAT_FUNCTION]}),
    (RESPONSES, {"store": False, "max_output_tokens": 1, "include": ["x"], "background": False}),
    (RESPONSES, {"store": False, "max_output_tokens": 1, "reasoning": {"effort": "low"}}),
    (RESPONSES, {"store": False, "max_output_tokens": 1, "reasoning": {"mode": "standard"}}),
    (RESPONSES, {"store": False, "max_output_tokens": 1, "input": [{"role": "user", "id": "m"}]}),
    (RESPONSES, {"store": False, "max_output_tokens": 1, "input": [{"type": "reasoning"}]}),
    (EMBEDDINGS, {"input": "text"}),
    (EMBEDDINGS, {"input": ["text"] * 99, "dimensions": 8, "n": 5, "max_tokens": 10**9}),
    (COMPATIBLE, {"max_tokens": LIMIT}),
    (COMPATIBLE, {"max_tokens": 1, "n": 1, "best_of": 1, "store": False, "top_k": 4}),
    (COMPATIBLE, {"max_tokens": 1, "max_completion_tokens": 1, "n_predict": 1}),
    (COMPATIBLE, {"max_tokens": 1, "plugins": [], "models": None, "enable_search": False}),
    (ANTHROPIC, {"max_tokens": LIMIT}),
    (ANTHROPIC, {"max_tokens": 9, "tools": [CLIENT_TOOL, {"type": "custom"}, {"type": None}]}),
    (ANTHROPIC, {"max_tokens": 9, "tools": [{"type": "bash_20250124"}]}),
    (ANTHROPIC, {"max_tokens": 9, "tools": [{"type": "text_editor_20250728"}]}),
    (ANTHROPIC, {"max_tokens": 9, "metadata": {"user_id": "u"}, "mcp_servers": []}),
    (ANTHROPIC, {"max_tokens": 9, "speed": "standard", "n": 5, "store": True}),
    (ANTHROPIC, {"max_tokens": 9, "thinking": {"type": "enabled", "budget_tokens": 8}}),
    (ANTHROPIC, {"max_tokens": 9, "thinking": {"type": "adaptive"}}),
    (
        ANTHROPIC,
        {
            "max_tokens": 9,
            "messages": [
                {"content": [{"type": "tool_use", "input": {"file_id": "a", "tools": ["b"]}}]},
                {"content": [{"type": "document", "source": {"type": "base64", "data": "x"}}]},
            ],
        },
    ),
]


@pytest.mark.parametrize(("preset", "members"), SENT_AS_IT_IS)
def test_a_body_that_keeps_the_rules_goes_out_as_it_came(
    provider_of: MakeProvider, preset: str, members: dict[str, Any]
) -> None:
    """Not even a blank changes: it is the same object."""
    sent, out = prepare(provider_of(preset), **members)
    assert out is sent


REWRITTEN = [
    (CHAT, {}, {"store": False, "max_completion_tokens": LIMIT}),
    (CHAT, {"max_tokens": 5}, {"store": False}),
    (CHAT, {"max_tokens": LIMIT + 1}, {"store": False, "max_tokens": LIMIT}),
    (CHAT, {"max_tokens": None}, {"store": False, "max_completion_tokens": LIMIT}),
    (
        CHAT,
        {"max_tokens": 10**30, "max_completion_tokens": 5, "store": True, "n": 128},
        {"max_tokens": LIMIT, "store": False, "n": 1},
    ),
    (CHAT, {"store": None, "max_tokens": 5}, {"store": False}),
    (CHAT, {"n": True}, {"n": 1, "store": False, "max_completion_tokens": LIMIT}),
    (CHAT, {"n": 1.0}, {"n": 1, "store": False, "max_completion_tokens": LIMIT}),
    (CHAT, {"n": "1"}, {"n": 1, "store": False, "max_completion_tokens": LIMIT}),
    (RESPONSES, {}, {"store": False, "max_output_tokens": LIMIT}),
    (RESPONSES, {"store": 0}, {"store": False, "max_output_tokens": LIMIT}),
    (
        RESPONSES,
        {"max_output_tokens": LIMIT + 1, "store": True},
        {"max_output_tokens": LIMIT, "store": False},
    ),
    (COMPATIBLE, {}, {"max_tokens": LIMIT}),
    (COMPATIBLE, {"max_completion_tokens": 7}, {"max_tokens": 7}),
    (
        COMPATIBLE,
        {"max_completion_tokens": 10_000},
        {"max_tokens": LIMIT, "max_completion_tokens": LIMIT},
    ),
    (COMPATIBLE, {"n_predict": 10_000, "max_tokens": 5}, {"n_predict": LIMIT}),
    (COMPATIBLE, {"max_new_tokens": 10_000, "max_tokens": 5}, {"max_new_tokens": LIMIT}),
    (COMPATIBLE, {"max_tokens": 5, "n": 3, "best_of": 9}, {"n": 1, "best_of": 1}),
    (COMPATIBLE, {"max_tokens": 5, "n_cmpl": 3, "num_choices": 2}, {"n_cmpl": 1, "num_choices": 1}),
    (COMPATIBLE, {"max_tokens": 5, "num_return_sequences": 3}, {"num_return_sequences": 1}),
    (COMPATIBLE, {"max_tokens": 5, "store": True}, {"store": False}),
    (ANTHROPIC, {}, {"max_tokens": LIMIT}),
    (ANTHROPIC, {"max_tokens": None}, {"max_tokens": LIMIT}),
    (ANTHROPIC, {"max_tokens": LIMIT + 1}, {"max_tokens": LIMIT}),
]


@pytest.mark.parametrize(("preset", "members", "changes"), REWRITTEN)
def test_what_the_rules_force_is_rewritten_and_nothing_else(
    provider_of: MakeProvider, preset: str, members: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Every other member keeps its value and its place; what is added stands at the end."""
    kept = {"messages": [{"role": "user", "content": "Grüße, 世界 \ud83d"}], "x": [1.5, None, -0.0]}
    sent, out = prepare(provider_of(preset), **kept, **members)
    expected = json.loads(sent) | changes
    assert json.loads(out) == expected
    assert list(json.loads(out)) == list(expected)
    assert [type(value) for value in json.loads(out).values()] == [
        type(value) for value in expected.values()
    ]


def test_without_a_limit_of_its_own_a_provider_has_the_default(provider_of: MakeProvider) -> None:
    """1,024 output tokens."""
    _, out = prepare(provider_of(ANTHROPIC, max_output_tokens=None))
    assert json.loads(out)["max_tokens"] == 1024
    sent, out = prepare(provider_of(ANTHROPIC, max_output_tokens=None), max_tokens=1024)
    assert out is sent


def test_rewriting_does_not_blow_a_text_up(provider_of: MakeProvider) -> None:
    """Text that is no ASCII stays in UTF-8, since escapes would take three times the bytes."""
    body = json.dumps({"model": "gpt-test", "messages": "Привет" * 99}, ensure_ascii=False).encode()
    out = prepare_body(provider_of(CHAT), "v1/chat/completions", body)
    assert len(out) < len(body) + 60


TIER = "service_tier"
REFUSED = [
    *[(preset, {TIER: "auto"}, "service_tier", TIER) for preset in (CHAT, EMBEDDINGS, ANTHROPIC)],
    (RESPONSES, {TIER: "priority"}, "service_tier", TIER),
    (COMPATIBLE, {TIER: 0}, "service_tier", TIER),
    (ANTHROPIC, {"speed": "fast"}, "service_tier", "speed"),
    (ANTHROPIC, {"inference_geo": "us"}, "service_tier", "inference_geo"),
    *[(p, {"background": True}, "background", "background") for p in (CHAT, RESPONSES, COMPATIBLE)],
    (RESPONSES, {"background": "false"}, "background", "background"),
    (CHAT, {"web_search_options": {}}, "server_tool", "web_search_options"),
    (COMPATIBLE, {"plugins": [{"id": "web"}]}, "server_tool", "plugins"),
    (COMPATIBLE, {"enable_search": True}, "server_tool", "enable_search"),
    (COMPATIBLE, {"search_parameters": {"mode": "on"}}, "server_tool", "search_parameters"),
    (COMPATIBLE, {"kv_transfer_params": {}}, "server_tool", "kv_transfer_params"),
    (ANTHROPIC, {"mcp_servers": [{"url": "u"}]}, "server_tool", "mcp_servers"),
    (ANTHROPIC, {"container": "c"}, "server_tool", "container"),
    (CHAT, {"tools": [{"type": "web_search"}]}, "server_tool", "tools[0].type"),
    (CHAT, {"tools": [FUNCTION, {"function": {}}]}, "server_tool", "tools[1].type"),
    (COMPATIBLE, {"tools": [{"type": "builtin_function"}]}, "server_tool", "tools[0].type"),
    (COMPATIBLE, {"tools": [{"google_search": {}}]}, "server_tool", "tools[0].type"),
    *[
        (RESPONSES, {"tools": [{"type": kind}]}, "server_tool", "tools[0].type")
        for kind in (
            *("web_search", "web_search_preview", "file_search", "code_interpreter", "mcp"),
            *("image_generation", "computer_use_preview", "local_shell", "shell", "namespace"),
            *("functions", "Function", "function ", "", 1, ["function"]),
        )
    ],
    *[
        (ANTHROPIC, {"tools": [CLIENT_TOOL, {"type": kind}]}, "server_tool", "tools[1].type")
        for kind in (
            *("web_search_20250305", "web_fetch_20250910", "code_execution_20250825"),
            *("advisor_20260301", "mcp_toolset", "tool_search_tool_regex_20251119", "", False),
            *("bash_20250124x", "xbash_20250124", "bash"),
        )
    ],
    (CHAT, {"tools": {"type": "function"}}, "form", "tools"),
    (CHAT, {"tools": ["function"]}, "form", "tools[0]"),
    (CHAT, {"modalities": ["text", "audio"]}, "more_output", "modalities"),
    (CHAT, {"audio": {"voice": "x"}}, "more_output", "audio"),
    (CHAT, {"prediction": {"type": "content"}}, "more_output", "prediction"),
    (RESPONSES, {"reasoning": {"mode": "pro"}}, "more_output", "reasoning.mode"),
    (RESPONSES, {"reasoning": "pro"}, "form", "reasoning"),
    (RESPONSES, {"context_management": [{}]}, "more_output", "context_management"),
    (ANTHROPIC, {"context_management": {"edits": []}}, "more_output", "context_management"),
    (ANTHROPIC, {"compaction": {}}, "more_output", "compaction"),
    (RESPONSES, {"previous_response_id": "r"}, "stored", "previous_response_id"),
    (RESPONSES, {"conversation": {"id": "c"}}, "stored", "conversation"),
    (RESPONSES, {"prompt": {"id": "p"}}, "stored", "prompt"),
    (ANTHROPIC, {"thread": {"id": "t"}}, "stored", "thread"),
    (ANTHROPIC, {"user_profile_id": "u"}, "stored", "user_profile_id"),
    (ANTHROPIC, {"workspace_id": "w"}, "stored", "workspace_id"),
    (ANTHROPIC, {"fallbacks": [{"model": "m"}]}, "other_model", "fallbacks"),
    (ANTHROPIC, {"fallback_credit_token": "t"}, "other_model", "fallback_credit_token"),
    *[
        (COMPATIBLE, {name: ["gpt-test"]}, "other_model", name)
        for name in ("models", "fallbacks", "route", "provider", "api_base", "base_url")
    ],
    (COMPATIBLE, {"extra_body": {"models": []}}, "form", "extra_body"),
]
STORED = [
    (CHAT, {"messages": [{"content": [{"file": {"file_id": "f"}}]}]}, "messages[].file_id"),
    (CHAT, {"messages": [{"role": "assistant", "audio": {"id": "a"}}]}, "messages[].audio"),
    (COMPATIBLE, {"messages": [{"content": [{"file": {"file_id": "f"}}]}]}, "messages[].file_id"),
    (RESPONSES, {"input": [{"role": "user", "content": [{"file_id": "f"}]}]}, "input[].file_id"),
    (RESPONSES, {"input": [{"type": "x", "output": {"file_id": "f"}}]}, "input[].file_id"),
    (RESPONSES, {"input": [{"type": "x", "container_id": "c"}]}, "input[].container_id"),
    (RESPONSES, {"input": [{"type": "item_reference", "id": "i"}]}, "input[].type"),
    (RESPONSES, {"input": [{"role": "user"}, {"id": "i"}]}, "input[1]"),
    (RESPONSES, {"input": [{"id": "i", "type": None}]}, "input[0]"),
    (ANTHROPIC, {"messages": [{"content": [{"source": {"file_id": "f"}}]}]}, "messages[].file_id"),
    (ANTHROPIC, {"system": [{"source": {"file_id": "f"}}]}, "system[].file_id"),
    (
        ANTHROPIC,
        {"messages": [{"content": [{"content": [{"source": {"file_id": "f"}}]}]}]},
        "messages[].file_id",
    ),
]
ALL_REFUSED = REFUSED + [(preset, members, "stored", field) for preset, members, field in STORED]


@pytest.mark.parametrize(("preset", "members", "rule", "field"), ALL_REFUSED)
def test_what_a_credit_does_not_buy_is_refused(
    provider_of: MakeProvider, preset: str, members: dict[str, Any], rule: str, field: str
) -> None:
    """The answer says which rule and which member, for a program and in a sentence."""
    with pytest.raises(Refusal) as refused:
        prepare(provider_of(preset), **members)
    assert (refused.value.code, refused.value.status) == ("body_rule", 422)
    assert refused.value.details == {"rule": rule, "field": field}
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"input": [{"type": "tool_search_output", "tools": [{"type": "mcp"}]}]}, "input[].tools"),
        ({"input": [{"type": "x", "content": [{"tools": [{}]}]}]}, "input[].tools"),
    ],
)
def test_tools_that_a_conversation_brings_along_are_tools(
    provider_of: MakeProvider, members: dict[str, Any], field: str
) -> None:
    """They keep the same rule, at any depth."""
    with pytest.raises(Refusal) as refused:
        prepare(provider_of(RESPONSES), **members)
    assert refused.value.details == {"rule": "server_tool", "field": f"{field}[0].type"}
    brought = [{"type": "tool_search_output", "tools": [FLAT_FUNCTION]}]
    prepare(provider_of(RESPONSES), input=brought)


@pytest.mark.parametrize("count", [0, -1, 1.0, 5.5, 1e9, "5", "99999", True, False, [5], {}])
@pytest.mark.parametrize(
    ("preset", "field"),
    [
        (CHAT, "max_tokens"),
        (CHAT, "max_completion_tokens"),
        (RESPONSES, "max_output_tokens"),
        (COMPATIBLE, "n_predict"),
        (ANTHROPIC, "max_tokens"),
    ],
)
def test_a_number_of_tokens_is_a_positive_whole_number(
    provider_of: MakeProvider, preset: str, field: str, count: object
) -> None:
    """What a parser could take for more than we do, or for no bound, is refused."""
    with pytest.raises(Refusal, match=f"`{field}` must be a whole number") as refused:
        prepare(provider_of(preset), **{field: count})
    assert refused.value.code == "body_rule"
    assert refused.value.details == {"rule": "output_tokens", "field": field}


@pytest.mark.parametrize(
    ("max_tokens", "budget", "says"),
    [
        (9, 9, "is 9; it must be below the 9 output"),
        (LIMIT + 1, LIMIT, f"is {LIMIT}; it must be below the {LIMIT} output"),
        (None, LIMIT, f"is {LIMIT}; it must be below the {LIMIT} output"),
        (9, 10**4000, "is 1000"),
        (9, 0, "whole number"),
        (9, "8", "whole number"),
        (9, True, "whole number"),
        (9, 8.0, "whole number"),
    ],
)
def test_thinking_stays_below_the_clamped_output(
    provider_of: MakeProvider, max_tokens: int | None, budget: object, says: str
) -> None:
    """The refusal names both numbers, where the provider would only see a clamped one."""
    thinking = {"type": "enabled", "budget_tokens": budget}
    with pytest.raises(Refusal, match=says) as refused:
        prepare(provider_of(ANTHROPIC), max_tokens=max_tokens, thinking=thinking)
    assert refused.value.details == {"rule": "output_tokens", "field": "thinking.budget_tokens"}
    assert len(refused.value.message) < 200


def test_thinking_is_an_object(provider_of: MakeProvider) -> None:
    """Anything else cannot be judged."""
    with pytest.raises(Refusal) as refused:
        prepare(provider_of(ANTHROPIC), thinking=["enabled"])
    assert refused.value.details == {"rule": "form", "field": "thinking"}


@pytest.mark.parametrize(
    ("preset", "members"),
    [
        (CHAT, {"max_tokens": 5, "MAX_TOKENS": 10**6}),
        (CHAT, {"N": 5}),
        (CHAT, {"\u017ftore": True}),
        (CHAT, {"Store": True}),
        (CHAT, {"serviceTier": "priority"}),
        (CHAT, {"Tools": []}),
        (CHAT, {"tools": [{"type": "function", "Type": "web_search"}]}),
        (CHAT, {"Messages": []}),
        (CHAT, {"messages": [{"content": [{"fileId": "f"}]}]}),
        (CHAT, {"messages": [{"Type": "x"}]}),
        (RESPONSES, {"Background": True}),
        (RESPONSES, {"previousResponseId": "r"}),
        (RESPONSES, {"reasoning": {"Mode": "pro"}}),
        (COMPATIBLE, {"max_tokens": 5, "nPredict": -1}),
        (COMPATIBLE, {"Models": ["m"]}),
        (ANTHROPIC, {"max_tokens": 5, "maxTokens": 10**6}),
        (ANTHROPIC, {"Thinking": {}}),
        (ANTHROPIC, {"thinking": {"Budget_Tokens": 5}}),
        (EMBEDDINGS, {"Model": "m"}),
        (EMBEDDINGS, {"Service_Tier": "m"}),
    ],
)
def test_a_ruled_member_in_another_spelling_is_refused(
    provider_of: MakeProvider, preset: str, members: dict[str, Any]
) -> None:
    """A provider's parser might read it, and ours does not."""
    with pytest.raises(Refusal, match="in another way") as refused:
        prepare(provider_of(preset), **members)
    assert refused.value.code == "invalid_request"


@pytest.mark.parametrize("preset", [CHAT, RESPONSES, EMBEDDINGS, COMPATIBLE, ANTHROPIC])
def test_every_preset_wants_an_allowed_model(provider_of: MakeProvider, preset: str) -> None:
    """One of those that the owner named, letter by letter."""
    provider = provider_of(preset)
    prepare(provider, model="other-test")
    with pytest.raises(Refusal) as refused:
        prepare(provider, model="gpt-test-2")
    assert refused.value.code == "model_not_allowed"
    assert refused.value.details == {"models": ["gpt-test", "other-test"]}


def test_a_refusal_shows_no_part_of_a_prompt(provider_of: MakeProvider) -> None:
    """A type that is none stays out of the sentence, which may reach a log."""
    with pytest.raises(Refusal) as refused:
        prepare(provider_of(CHAT), tools=[{"type": "my secret plan"}])
    assert "secret" not in str(refused.value.body("id"))
