"""A template's language: `{{name}}` in a text, filled with data, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.templates import Template, read_values
from tollbridge.gateway.templates.template import places_in

PROMPT = "You are a lawyer. Never say so."
BODY = {
    "model": "gpt-sealed",
    "n": 1,
    "deep": [{"text": "{{question}}"}, None, True, 1.5],
    "messages": [
        {"role": "system", "content": PROMPT},
        {"role": "user", "content": "In {{language}}: {{question}} ({{language}})"},
    ],
}
VARIABLES = {"question": 20, "language": 2}


def template(body: dict[str, Any] = BODY, variables: dict[str, int] = VARIABLES) -> Template:
    """Return a template."""
    return Template("tpl_ask", "pw_test", "prov_sealed", "v1/chat", body, variables)


def sent(**variables: object) -> bytes:
    """Return what a page sends."""
    return json.dumps({"template": "tpl_ask", "variables": variables}).encode()


def refused(body: bytes) -> Refusal:
    """Return how a template refuses what a page sent; it says nothing of what it asks."""
    with pytest.raises(Refusal) as caught:
        read_values(template(), body)
    said = json.dumps(caught.value.body("req_1"))
    for hidden in (PROMPT, "gpt-sealed", "prov_sealed", "v1/chat"):
        assert hidden not in said
    return caught.value


def test_texts_go_into_their_places() -> None:
    """As often as a place stands there; the rest is the owner's, in its order."""
    values = read_values(template(), sent(question="Why?", language="de"))
    filled = json.loads(template().fill(values))
    assert filled["messages"][1]["content"] == "In de: Why? (de)"
    assert filled["deep"] == [{"text": "Why?"}, None, True, 1.5]
    assert list(filled) == list(BODY)
    assert filled["messages"][0] == BODY["messages"][0]  # type: ignore[index]


@pytest.mark.parametrize(
    "text",
    [
        '", "model": "gpt-dear',
        '"}], "n": 9, "x": [{"y": "',
        "\\",
        "\\u0022",
        "\n\r\t\x00\x1f\x7f",
        "{{language}}",
        "{{question}}",
        "{{{question}}}",
        "}}{{",
        "\\1 \\g<0>",
        "\ud800",
        "Grüße 🌍 \u2028",
        "",
    ],
)
def test_a_text_is_data(text: str) -> None:
    """It ends no string, begins no member, and what looks like a place in it stays as it is."""
    filled = json.loads(template().fill({"question": text, "language": "de"}))
    assert filled["messages"][1]["content"] == f"In de: {text} (de)"
    assert {**filled, "deep": 0, "messages": 0} == {**BODY, "deep": 0, "messages": 0}


@given(st.text(), st.text())
def test_whatever_is_sent_only_its_places_change(question: str, language: str) -> None:
    """Read again, the filled body is the owner's with texts in it."""
    filled = json.loads(template().fill({"question": question, "language": language}))
    content = f"In {language}: {question} ({language})"
    assert filled == {
        **BODY,
        "deep": [{"text": question}, None, True, 1.5],
        "messages": [BODY["messages"][0], {"role": "user", "content": content}],  # type: ignore
    }


@pytest.mark.parametrize(
    ("variables", "details"),
    [
        ({"question": "?"}, {"variable": "language", "problem": "missing", "max_chars": 2}),
        (
            {"question": "?", "language": "de", "model": "x"},
            {"variable": "model", "problem": "unknown"},
        ),
        (
            {"question": "?" * 21, "language": "de"},
            {"variable": "question", "problem": "too_long", "max_chars": 20},
        ),
        *(
            (
                {"question": wrong, "language": "de"},
                {"variable": "question", "problem": "type", "max_chars": 20},
            )
            for wrong in (None, 1, 1.5, True, ["?"], {"$ref": "?"})
        ),
    ],
)
def test_a_wrong_variable_is_named_with_its_limit(
    variables: dict[str, object], details: dict[str, object]
) -> None:
    """Unknown, missing, too long, or no text: 422."""
    refusal = refused(sent(**variables))
    assert (refusal.status, refusal.code) == (422, "template_variable")
    assert refusal.details == details
    assert f"{details['variable']!r}" in refusal.message


def test_as_long_as_it_may_be() -> None:
    """Characters are code points: an emoji is one, however it was escaped."""
    assert read_values(template(), sent(question="🌍" * 20, language="de"))["question"] == "🌍" * 20
    assert refused(sent(question="🌍" * 21, language="de")).code == "template_variable"


def test_an_unknown_name_is_said_back_in_part() -> None:
    """A page may make up one as long as a body may be."""
    refusal = refused(sent(**{"x" * 5000: "?"}))
    assert refusal.details == {"variable": "x" * 64, "problem": "unknown"}
    assert len(refusal.message) < 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"tpl_ask"',
        b'{"variables": {}',
        b'{"variables": []}',
        b'{"variables": null}',
        b'{"variables": {"question": "a", "question": "b", "language": "de"}}',
        b'{"template": "tpl_ask", "template": "tpl_other"}',
        b'{"template": "tpl_other", "variables": {"question": "a", "language": "de"}}',
        b'{"template": null, "variables": {"question": "a", "language": "de"}}',
        b'{"variables": {"question": "a", "language": "de"}, "model": "gpt-dear"}',
        b'{"Variables": {"question": "a", "language": "de"}}',
        b'{"variables": {"question": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"variables": {"question": "\xff", "language": "de"}}',
        b'\xef\xbb\xbf{"variables": {"question": "a", "language": "de"}}',
    ],
)
def test_another_form_is_refused(body: bytes) -> None:
    """No list, no member twice, none beside the two, no other template, no depth: 400."""
    refusal = refused(body)
    assert (refusal.status, refusal.code) == (400, "invalid_request")


def test_the_address_alone_may_name_the_template() -> None:
    """And a template without variables needs no word at all."""
    assert read_values(template(), b'{"variables": {"question": "a", "language": "b"}}')
    assert read_values(template({}, {}), b"{}") == {}


@pytest.mark.parametrize("text", ["{{ question }}", "{{question", "{{", "{{1}}", "{{a-b}}", "{{{{"])
def test_two_braces_begin_a_place_or_nothing(text: str) -> None:
    """A place that is spelled wrong would be sent as it stands."""
    with pytest.raises(ValueError, match="begins the place of a variable"):
        list(places_in({"a": [text]}))


def test_what_closes_is_no_place() -> None:
    """Examples of JSON in a prompt are full of it."""
    assert list(places_in('{"a": {"b": 1}} {a} }}')) == []
    assert list(places_in({"a": "{{{x}}} {{y}}{{x}}"})) == ["x", "y", "x"]
    with pytest.raises(ValueError, match="not in the name of a member"):
        list(places_in({"{{x}}": "a"}))
