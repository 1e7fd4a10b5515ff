"""A template is checked when it is made, its body on the provider that it asks."""

import json
import re
from typing import Any

import pytest

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.provider import Provider
from tollbridge.gateway.templates import Shorthand, Template, make_template
from tollbridge.gateway.templates.making import BODY_BYTES_MAX, DEPTH_MAX, VALUE_CHARS_MAX

QUESTION = {"question": 100}
PROMPT = Shorthand("m", "Say: {{question}}", "Be brief.", 50, stream=True)


def provider(preset: str = "http", provider_id: str = "prov_one", **fields: Any) -> Provider:
    """Return a provider of a preset."""
    if preset == "http":
        fields.setdefault("allow", ("POST v1/things",))
    else:
        fields.setdefault("models", ("m",))
    if preset in ("http", "openai-compatible"):
        fields["base_url"] = "https://api.example"
    return make_provider(
        provider_id, paywall_id="pw_one", preset=preset, query_type="standard", **fields
    )


def make(
    body: object = None, *, to: Provider | None = None, template_id: str = "tpl_x", **fields: Any
) -> Template:
    """Make a template, by default one whose body has a place for the question."""
    given = {"say": "{{question}}"} if body is None else body
    if not isinstance(given, Shorthand | bytes):
        given = json.dumps(given).encode()
    fields.setdefault("variables", QUESTION)
    return make_template(template_id, to or provider(), body=given, **fields)


@pytest.mark.parametrize(
    ("preset", "path", "body"),
    [
        (
            "openai-chat",
            "v1/chat/completions",
            {
                "model": "m",
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "Say: {{question}}"},
                ],
                "max_completion_tokens": 50,
                "stream": True,
            },
        ),
        (
            "openai-compatible",
            "v1/chat/completions",
            {
                "model": "m",
                "messages": [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "Say: {{question}}"},
                ],
                "max_tokens": 50,
                "stream": True,
            },
        ),
        (
            "openai-responses",
            "v1/responses",
            {
                "model": "m",
                "instructions": "Be brief.",
                "input": "Say: {{question}}",
                "max_output_tokens": 50,
                "stream": True,
            },
        ),
        (
            "anthropic-messages",
            "v1/messages",
            {
                "model": "m",
                "system": "Be brief.",
                "messages": [{"role": "user", "content": "Say: {{question}}"}],
                "max_tokens": 50,
                "stream": True,
            },
        ),
    ],
)
def test_a_prompt_is_written_in_the_words_of_its_api(
    preset: str, path: str, body: dict[str, Any]
) -> None:
    """Where each API has the system's words, the user's, and the limit."""
    made = make(PROMPT, to=provider(preset))
    assert (made.path, made.body) == (path, body)
    bare = make(Shorthand("m", "{{question}}"), to=provider(preset)).body
    assert set(bare) <= {"model", "messages", "input"}


@pytest.mark.parametrize("preset", ["http", "openai-embeddings"])
def test_a_prompt_has_no_form_elsewhere(preset: str) -> None:
    """There the body itself is given."""
    with pytest.raises(ValueError, match="give a --body"):
        make(PROMPT, to=provider(preset))


def test_it_belongs_to_its_providers_paywall() -> None:
    """And asks that provider."""
    made = make()
    assert (made.paywall_id, made.provider_id, made.path) == ("pw_one", "prov_one", "v1/things")
    assert made.variables == QUESTION


@pytest.mark.parametrize("template_id", ["tpl_ask-docs.2", "tpl_" + "x" * 60])
def test_what_is_an_id(template_id: str) -> None:
    """The prefix tells a template from a provider, whose ids cannot begin so."""
    assert make(template_id=template_id).template_id == template_id
    with pytest.raises(ValueError, match="begins those of templates"):
        provider(provider_id=template_id)


@pytest.mark.parametrize("template_id", ["", "ask", "tpl_", "tpl_a b", "tpl_" + "x" * 61, "TPL_x"])
def test_what_is_none(template_id: str) -> None:
    """The sentence shows it."""
    with pytest.raises(ValueError, match="is no template id") as caught:
        make(template_id=template_id)
    assert repr(template_id) in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"variables": {}}, "a place for 'question': --variable question=MAX_CHARS"),
        ({"variables": {**QUESTION, "more": 1}}, "no place for the variable 'more': {{more}}"),
        ({"variables": {**QUESTION, "1": 1}}, "'1' is no variable"),
        ({"variables": {**QUESTION, "x" * 33: 1}}, "is no variable"),
        ({"variables": {"question": 0}}, "from 1 to 100000 characters, not 0"),
        ({"variables": {"question": VALUE_CHARS_MAX + 1}}, "not 100001"),
        ({"variables": {f"v{number}": 1 for number in range(33)}}, "at most 32 variables"),
        ({"body": {"a": "x" * BODY_BYTES_MAX}}, "it may have 65536"),
        ({"body": {"{{question}}": "x"}}, "not in the name of a member"),
        ({"body": {"say": "{{ question }}"}}, "begins the place of a variable"),
        ({"path": "v1/../x"}, "'v1/../x' is no path"),
        ({"path": "v1/ä"}, "is no path"),
    ],
)
def test_what_cannot_be_is_said(fields: dict[str, Any], says: str) -> None:
    """In a sentence with what to do."""
    with pytest.raises(ValueError, match=re.escape(says)):
        make(**fields)


def test_a_body_is_an_object_that_every_parser_reads_alike() -> None:
    """As a page's own must be."""
    for body in (b"[]", b"{", b'{"a": 1, "a": 2}', b'{"a": NaN}', b""):
        with pytest.raises(Refusal) as caught:
            make(body, variables={})
        assert caught.value.code == "invalid_request"


@pytest.mark.parametrize("depth", [DEPTH_MAX - 1, DEPTH_MAX])
def test_a_body_has_a_depth(depth: int) -> None:
    """Which no API's comes near."""
    body = b'{"a": ' + b"[" * depth + b"1" + b"]" * depth + b"}"
    if depth < DEPTH_MAX:
        assert make(body, variables={}).body
    else:
        with pytest.raises(ValueError, match="deeper than 32 levels"):
            make(body, variables={})


def test_texts_of_full_length_must_fit_the_provider() -> None:
    """As they are written in all their places, each character in the longest way."""
    exactly = provider(max_body_bytes=47 + 6 * 3 * 1000)
    assert make({"say": "{{question}}" * 3}, to=exactly, variables={"question": 1000})
    with pytest.raises(ValueError, match="may make 24059 bytes, and the provider prov_one"):
        make({"say": "{{question}}" * 4}, to=exactly, variables={"question": 1000})


def test_a_page_needs_room_for_its_escapes() -> None:
    """Twelve bytes for a character, and what stands around."""
    exactly = provider(max_body_bytes=4096 + 12 * 100)
    assert make(to=exactly)
    with pytest.raises(ValueError, match="may make 5308 bytes"):
        make(to=exactly, variables={"question": 101})


def test_a_path_may_be_left_out_where_there_is_one() -> None:
    """An API of several paths has it named; one that is not allowed is refused."""
    several = provider(allow=("POST v1/things/*", "GET v1/x"))
    with pytest.raises(ValueError, match="more than one path: --path"):
        make(to=several)
    assert make(to=several, path="/v1/things/a").path == "v1/things/a"
    for path, code in [("v2/x", "path_not_allowed"), ("v1/x", "method_not_allowed")]:
        with pytest.raises(Refusal) as caught:
            make(to=several, path=path)
        assert caught.value.code == code


def test_the_providers_rules_are_tried_at_once() -> None:
    """An owner learns here what a page would only be told as a refusal."""
    chat = provider("openai-chat")
    for body, code in [
        ({"model": "other", "messages": "{{question}}"}, "model_not_allowed"),
        ({"model": "m", "messages": "{{question}}", "service_tier": "x"}, "body_rule"),
        ({"messages": "{{question}}"}, "invalid_request"),
    ]:
        with pytest.raises(Refusal) as caught:
            make(body, to=chat)
        assert caught.value.code == code
