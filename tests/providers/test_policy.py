"""What a page may ask of a provider: routes, media types, bodies, queries."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.conftest import MakeProvider
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.policy import (
    check_route,
    gathers,
    prepare_body,
    upstream_query,
)
from tollbridge.gateway.providers.presets import make_provider

CHAT = "v1/chat/completions"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", "v1/chat/completions", None),
        ("GET", "v1/chat/completions", "method_not_allowed"),
        ("PUT", "v1/chat/completions", "method_not_allowed"),
        ("HEAD", "v1/chat/completions", "method_not_allowed"),
        ("post", "v1/chat/completions", "method_not_allowed"),
        ("POST", "v1/chat/completions/", "path_not_allowed"),
        ("POST", "v1/files", "path_not_allowed"),
        ("GET", "v1/models", "path_not_allowed"),
        ("POST", "", "path_not_allowed"),
    ],
)
def test_an_llm_preset_allows_its_one_path(
    new_provider: MakeProvider, method: str, path: str, code: str | None
) -> None:
    """Everything but the preset's own method and path is refused."""
    provider = new_provider(preset="openai-chat")
    if code is None:
        check_route(provider, method, path)
        return
    with pytest.raises(Refusal) as refused:
        check_route(provider, method, path)
    assert refused.value.code == code


def test_a_wrong_method_is_told_the_right_ones(new_provider: MakeProvider) -> None:
    """A 405 carries `Allow`, with the methods of every rule that matches the path."""
    provider = new_provider(allow=("POST v1/*", "GET v1/things/*", "POST v1/things/*"))
    with pytest.raises(Refusal) as refused:
        check_route(provider, "DELETE", "v1/things/1")
    assert refused.value.status == 405
    assert refused.value.headers == {"allow": "GET, POST"}
    check_route(provider, "GET", "v1/things/1")
    with pytest.raises(Refusal, match="allows POST"):
        check_route(provider, "GET", "v1/others")


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON ;charset=utf-8", True),
        ("application/problem+json", True),
        ("application/vnd.api+json", True),
        ("multipart/form-data; boundary=x", False),
        ("text/plain;charset=UTF-8", False),
        ("application/octet-stream", False),
        ("application/x-www-form-urlencoded", False),
        ("application/jsonl", False),
        ("text/json", False),
        ("application/json, text/plain", False),
        ("", False),
        (None, False),
    ],
)
def test_json_is_gathered_and_the_rest_streams(
    new_provider: MakeProvider, content_type: str | None, is_json: bool
) -> None:
    """JSON is gathered; other bodies stream, or are refused where the preset reads bodies."""
    assert gathers(new_provider(), content_type) is is_json
    llm = new_provider(preset="anthropic-messages")
    if is_json:
        assert gathers(llm, content_type)
        return
    with pytest.raises(Refusal) as refused:
        gathers(llm, content_type)
    assert (refused.value.code, refused.value.status) == ("unsupported_body", 415)


@pytest.mark.parametrize(
    ("parameters", "passes"),
    [
        ('; charset="UTF-8"', True),
        (";;charset=utf8 ;", True),
        ("; profile=x", True),
        ("; charset=utf-7", False),
        (";charset=utf-8; Charset=utf-16", False),
        ("; charset*=utf-8''utf-7", False),
        ("; charset =utf-8", False),
    ],
)
def test_json_that_is_read_is_utf_8(
    new_provider: MakeProvider, parameters: str, passes: bool
) -> None:
    """A provider that decodes as it is told must read the same model as we do."""
    content_type = f"application/json{parameters}"
    assert gathers(new_provider(), content_type)
    llm = new_provider(preset="openai-chat")
    if passes:
        assert gathers(llm, content_type)
        return
    with pytest.raises(Refusal, match="takes JSON in UTF-8") as refused:
        gathers(llm, content_type)
    assert refused.value.code == "unsupported_body"


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "gpt-test"}',
        b' {"messages": [{"model": "other"}], "model" : "gpt-test"}\n',
        b'{"model": "gpt-test", "metadata": {"model": "a", "Model": "b"}}',
        b'{"model": "gpt-test", "text": "\\u00e9 \\"model\\": 1"}',
        b'{"mod\\u0065l": "gpt-test"}',
        b'{"model": "gpt-\\u0074est"}',
    ],
)
def test_a_body_that_names_an_allowed_model_passes(new_provider: MakeProvider, body: bytes) -> None:
    """One `model` at the top that is allowed is all that is asked of a body."""
    prepare_body(new_provider(preset="openai-chat"), CHAT, body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "gpt-other"}',
        b'{"model": "gpt-test "}',
        b'{"model": "GPT-TEST"}',
        b'{"model": ""}',
    ],
)
def test_a_model_that_is_not_named_is_refused(new_provider: MakeProvider, body: bytes) -> None:
    """A model is allowed letter by letter."""
    with pytest.raises(Refusal) as refused:
        prepare_body(new_provider(preset="openai-chat"), CHAT, body)
    assert (refused.value.code, refused.value.status) == ("model_not_allowed", 403)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'[{"model": "gpt-test"}]',
        b'"gpt-test"',
        b"{}",
        b'{"model": null}',
        b'{"model": ["gpt-test"]}',
        b'{"messages": [{"model": "gpt-test"}]}',
        b'{"model": "gpt-test"} {"model": "gpt-test"}',
        b'{"model": "gpt-test", "x": NaN}',
        b'{"model": "gpt-test", "x": "\xff"}',
        b'\xef\xbb\xbf{"model": "gpt-test"}',
        '{"model": "gpt-test"}'.encode("utf-16"),
        b'{"model": "gpt-other", "model": "gpt-test"}',
        b'{"model": "gpt-test", "model": "gpt-test"}',
        b'{"mod\\u0065l": "gpt-other", "model": "gpt-test"}',
        b'{"model": "gpt-test", "\\u006dodel": "gpt-other"}',
        b'{"Model": "gpt-other", "model": "gpt-test"}',
        b'{"model": "gpt-test", "MODEL": "gpt-other"}',
        b'{"Model": "gpt-test"}',
        b'{"model": "gpt-test", "\\u004dodel": "gpt-other"}',
        b'{"model": "gpt-test", "x": "\\u00e9", "y": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_malformed_or_unclear_is_refused(
    new_provider: MakeProvider, body: bytes
) -> None:
    """A body that another parser could read as another model never goes out."""
    with pytest.raises(Refusal) as refused:
        prepare_body(new_provider(preset="openai-chat"), CHAT, body)
    assert refused.value.code == "invalid_request"


@pytest.mark.parametrize("depth", [100, 900, 1000, 1020, 2000, 100_000])
def test_deep_nesting_breaks_nothing(new_provider: MakeProvider, depth: int) -> None:
    """However deep a body is, it passes or is refused; no parser's own limit shows."""
    nested = b"[" * depth + b"]" * depth
    body = b'{"model": "gpt-test", "x": "\\u00e9", "y": ' + nested + b"}"
    with contextlib.suppress(Refusal):
        prepare_body(new_provider(preset="openai-chat"), CHAT, body)


@given(
    st.lists(
        st.tuples(st.sampled_from(["model", "Model", "MODEL", "modle", "x"]), st.text(max_size=5)),
        max_size=5,
    )
)
def test_members_of_one_name_never_slip_past(members: list[tuple[str, str]]) -> None:
    """Whatever the members, a body passes only with exactly one that could be read as the model."""
    provider = make_provider(
        "p", paywall_id="pw", preset="openai-chat", query_type="q", models=("gpt-test",)
    )
    members = [(name, "gpt-test" if name == "model" else text) for name, text in members]
    parts = [f"{json.dumps(name)}: {json.dumps(text)}" for name, text in members]
    body = ("{" + ", ".join(parts) + "}").encode()
    try:
        prepare_body(provider, CHAT, body)
    except Refusal:
        return
    assert [name for name, _ in members if name.lower() == "model"] == ["model"]


def test_http_reads_no_body(new_provider: MakeProvider) -> None:
    """The preset `http` lets any bytes through, as they are."""
    body = b"\x00 not JSON"
    assert prepare_body(new_provider(), "v1/x", body) is body


def test_a_path_without_rules_lets_no_body_through(new_provider: MakeProvider) -> None:
    """Were a path let pass by mistake, its body would still go nowhere."""
    with pytest.raises(KeyError):
        prepare_body(new_provider(preset="openai-chat"), "v1/files", b'{"model": "gpt-test"}')


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        (b"", b""),
        (b"paywall_id=pw_demo", b""),
        (b"paywall_id=pw_demo&test_mode=1", b""),
        (b"a=1&paywall_id=pw&b=2", b"a=1&b=2"),
        (b"b=2&a=1&b=3", b"b=2&a=1&b=3"),
        (b"q=a%20b+c&x=%C3%A9", b"q=a%20b+c&x=%C3%A9"),
        (b"q=%70aywall_id", b"q=%70aywall_id"),
        (b"paywall%5Fid=pw&x", b"x"),
        (b"%70aywall_id=1&test%5fmode", b""),
        (b"paywall_ids=1&xpaywall_id=2", b"paywall_ids=1&xpaywall_id=2"),
        (b"Paywall_Id=1", b"Paywall_Id=1"),
        (b"a=1&&b=2&", b"a=1&&b=2&"),
        (b"a[]=1&b='\"<>", b"a[]=1&b='\"<>"),
    ],
)
def test_only_our_own_parameters_are_taken_out(query: bytes, sent: bytes) -> None:
    """`paywall_id` and `test_mode` stay here; all else goes out byte for byte and in order."""
    assert upstream_query(query) == sent


@pytest.mark.parametrize("query", [b"a=\r\n", b"a= b", b"a=\xc3\xa9", b"a=1#b", b"\x00"])
def test_a_query_that_no_url_can_have_is_refused(query: bytes) -> None:
    """Bytes that must be percent-encoded do not reach a request line."""
    with pytest.raises(Refusal) as refused:
        upstream_query(query)
    assert refused.value.code == "invalid_request"


_PART = st.sampled_from([b"a=1", b"", b"b", b"=", b"c=%26", b"paywall_id=x", b"test_mode", b"d=+"])


@given(st.lists(_PART, max_size=8))
def test_any_order_of_parameters_keeps_what_is_not_ours(parts: list[bytes]) -> None:
    """Taking our parameters out is all that happens, wherever they stand."""
    own = (b"paywall_id=x", b"test_mode")
    assert upstream_query(b"&".join(parts)) == b"&".join(p for p in parts if p not in own)
