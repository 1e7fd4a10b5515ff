"""Making a provider: what presets know, and what cannot be."""

import pytest

from tests.providers.conftest import MakeProvider
from tollbridge.gateway.providers.presets import MAX_BODY_BYTES_MAX
from tollbridge.gateway.providers.provider import Rule
from tollbridge.gateway.secret import Secret


@pytest.mark.parametrize(
    ("preset", "base_url", "path", "key_header"),
    [
        ("openai-chat", "https://api.openai.com", "v1/chat/completions", "authorization"),
        ("openai-responses", "https://api.openai.com", "v1/responses", "authorization"),
        ("openai-embeddings", "https://api.openai.com", "v1/embeddings", "authorization"),
        ("anthropic-messages", "https://api.anthropic.com", "v1/messages", "x-api-key"),
    ],
)
def test_a_known_api_needs_only_its_models(
    new_provider: MakeProvider, preset: str, base_url: str, path: str, key_header: str
) -> None:
    """Address, path and key header of the large APIs are known."""
    provider = new_provider(preset=preset)
    assert provider.base_url == base_url
    assert provider.allow == (Rule("POST", path),)
    assert provider.key_header == key_header
    assert (provider.cost, provider.charge_on, provider.max_body_bytes) == (1, "headers", 1048576)
    assert provider.enabled
    assert provider.anonymous_allowed


def test_a_compatible_api_has_the_same_path_at_its_own_address(new_provider: MakeProvider) -> None:
    """`openai-compatible` is `openai-chat` elsewhere."""
    provider = new_provider(preset="openai-compatible", base_url="https://Llm.Example/openai/")
    assert provider.base_url == "https://llm.example/openai"
    assert provider.allow == new_provider(preset="openai-chat").allow


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"provider_id": "prov x"}, "'prov x'"),
        ({"provider_id": ""}, "''"),
        ({"provider_id": "-x"}, "'-x'"),
        ({"provider_id": "p" * 65}, "ppp"),
        ({"paywall_id": "pw/1"}, "'pw/1'"),
        ({"query_type": "Standard"}, "'Standard'"),
        ({"query_type": ""}, "''"),
        ({"preset": "openai"}, "'openai'"),
        ({"charge_on": "end"}, "'end'; it must be one of headers, first_byte, complete"),
        ({"charge_on": ""}, "''"),
        ({"max_output_tokens": 5}, "is 5, but bodies of the preset http"),
        ({"preset": "openai-embeddings", "max_output_tokens": 5}, "openai-embeddings"),
        ({"preset": "openai-chat", "max_output_tokens": 0}, "is 0; .* from 1 to 1000000"),
        ({"preset": "openai-chat", "max_output_tokens": 1_000_001}, "1000001"),
        ({"preset": "openai-chat", "max_output_tokens": True}, "True"),
        ({"preset": "openai-chat", "max_output_tokens": 1.0}, "1.0"),
        ({"cost": -1}, "-1"),
        ({"cost": 1.5}, "1.5"),
        ({"cost": True}, "True"),
        ({"max_body_bytes": 0}, "0"),
        ({"max_body_bytes": MAX_BODY_BYTES_MAX + 1}, str(MAX_BODY_BYTES_MAX + 1)),
        ({"first_byte_timeout_s": 0}, "0"),
        ({"idle_timeout_s": -3}, "-3"),
        ({"key_header": "x key"}, "'x key'"),
        ({"key_header": "Host"}, "'Host'"),
        ({"allow": ()}, "allows nothing"),
        ({"allow": ("DELETE v1/x",)}, "'DELETE'"),
        ({"allow": ("v1/x",)}, "'v1/x'"),
        ({"allow": ("POST v1/x*",)}, r"v1/x\*"),
        ({"models": ("gpt-test",)}, "gpt-test"),
        ({"preset": "openai-chat", "models": ()}, "--model"),
        ({"preset": "openai-chat", "models": ("a\nb",)}, r"a\\nb"),
        ({"preset": "openai-chat", "allow": ("POST v1/files",)}, "v1/chat/completions"),
        ({"preset": "openai-compatible"}, "needs a base URL"),
        ({"preset": "openai-compatible", "base_url": "https://x.example/v1"}, "/v1"),
        ({"base_url": ""}, "needs a base URL"),
        ({"base_url": "api.example"}, "api.example"),
        ({"base_url": "ftp://api.example"}, "ftp://api.example"),
        ({"base_url": "http://api.example"}, "http://api.example"),
        ({"base_url": "https://"}, "https://"),
        ({"base_url": "https://api.example/../x"}, r"/\.\./x"),
        ({"base_url": "https://api.example/a b"}, "a b"),
        ({"base_url": "https://api.example/?key=1"}, "query"),
        ({"base_url": "https://api.example/#x"}, "fragment"),
        ({"base_url": "https://bücher.example"}, "bücher"),
        ({"base_url": "https://api.example:99999"}, "99999"),
        ({"base_url": "https://[::1"}, "::1"),
        ({"base_url": "https://127.0.0.1"}, "127.0.0.1"),
        ({"base_url": "https://[::1]:8443"}, "::1"),
        ({"base_url": "https://[fe80::1%25eth0]"}, "eth0"),
        ({"base_url": "https://localhost"}, "localhost"),
        ({"base_url": "https://api.localhost."}, "localhost"),
        ({"base_url": "https://127.1"}, "127.1"),
        ({"base_url": "https://2130706433"}, "2130706433"),
        ({"base_url": "https://0x7f.1"}, "0x7f.1"),
        ({"base_url": "https://0177.0.0.1"}, "0177"),
        ({"base_url": "https://exa_mple!.test"}, "exa_mple!"),
    ],
)
def test_what_cannot_be_is_said_with_its_value(
    new_provider: MakeProvider, fields: dict[str, object], says: str
) -> None:
    """Every field that cannot be fails when the provider is made, in a sentence that shows it."""
    with pytest.raises(ValueError, match=says):
        new_provider(**fields)


def test_a_base_url_with_credentials_is_refused_without_repeating_them(
    new_provider: MakeProvider,
) -> None:
    """A password in a base URL is refused, and the sentence does not show it."""
    with pytest.raises(ValueError, match="password") as refused:
        new_provider(base_url="https://me:hunter2@api.example")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("key", ["", "sk one", "sk\n", "schlüssel", "sk\r\nX-Evil: 1"])
def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it(
    new_provider: MakeProvider, key: str
) -> None:
    """A key with a line break or the like is refused, and the sentence does not show it."""
    with pytest.raises(ValueError, match="the key") as refused:
        new_provider(key=Secret(key))
    assert "sk" not in str(refused.value)
    assert "schl" not in str(refused.value)


@pytest.mark.parametrize(
    "base_url",
    ["http://127.0.0.1:8000", "http://localhost", "https://10.0.0.7/api", "http://[::1]:99"],
)
def test_allow_private_permits_private_hosts_and_plain_http(
    new_provider: MakeProvider, base_url: str
) -> None:
    """What is refused otherwise is taken as written when the owner says so."""
    assert new_provider(base_url=base_url, allow_private=True).base_url == base_url


def test_allow_private_does_not_permit_odd_spellings(new_provider: MakeProvider) -> None:
    """An address that programs read differently is refused all the same."""
    with pytest.raises(ValueError, match=r"127\.1"):
        new_provider(base_url="http://127.1", allow_private=True)


@pytest.mark.parametrize("charge_on", ["headers", "first_byte", "complete"])
@pytest.mark.parametrize("preset", ["http", "openai-chat", "anthropic-messages"])
def test_every_preset_may_be_charged_at_each_moment(
    new_provider: MakeProvider, preset: str, charge_on: str
) -> None:
    """Headers, first byte or complete answer."""
    assert new_provider(preset=preset, charge_on=charge_on).charge_on == charge_on


@pytest.mark.parametrize(
    ("preset", "default"),
    [
        ("openai-chat", 1024),
        ("openai-responses", 1024),
        ("anthropic-messages", 1024),
        ("openai-compatible", 1024),
        ("openai-embeddings", None),
        ("http", None),
    ],
)
def test_output_is_bounded_where_an_api_can_bound_it(
    new_provider: MakeProvider, preset: str, default: int | None
) -> None:
    """By 1,024 tokens, or by what the owner says from 1 to a million."""
    address = {"base_url": "https://llm.example"}
    assert new_provider(preset=preset, **address).max_output_tokens == default
    if default is not None:
        for limit in (1, 1_000_000):
            provider = new_provider(preset=preset, max_output_tokens=limit, **address)
            assert provider.max_output_tokens == limit


def test_limits_hold_on_the_allowed_side(new_provider: MakeProvider) -> None:
    """The largest body, the longest id and cost 0 can be."""
    provider = new_provider("p" * 64, max_body_bytes=MAX_BODY_BYTES_MAX, cost=0)
    assert provider.max_body_bytes == MAX_BODY_BYTES_MAX
    assert provider.cost == 0


def test_a_key_never_shows(new_provider: MakeProvider) -> None:
    """Printing a provider shows no key."""
    assert "sk_secret" not in repr(new_provider(key=Secret("sk_secret")))


@pytest.mark.parametrize(
    ("text", "rule", "shown"),
    [
        ("POST v1/things/*", Rule("POST", "v1/things/*"), "POST v1/things/*"),
        ("get /v1/x", Rule("GET", "v1/x"), "GET v1/x"),
        ("POST /", Rule("POST", ""), "POST /"),
    ],
)
def test_rules_are_read_and_shown(text: str, rule: Rule, shown: str) -> None:
    """A rule is read as people write it, and is shown so that it can be read again."""
    assert Rule.parse(text) == rule
    assert str(rule) == shown
    assert Rule.parse(str(rule)) == rule
