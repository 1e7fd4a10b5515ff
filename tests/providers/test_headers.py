"""Which headers travel, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.conftest import MakeProvider
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.headers import to_page, to_provider
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.secret import Secret

ADDED = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"sandbox"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]

STAYS_HERE = """
    authorization cookie x-api-key x-paywall-id x-user-id x-user-email x-sdk-version
    x-sdk-capabilities idempotency-key origin referer host content-length connection keep-alive te
    trailer transfer-encoding upgrade expect proxy-authorization proxy-connection
    proxy-authenticate if-match if-none-match if-modified-since if-unmodified-since if-range
    forwarded via x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip x-client-ip
    true-client-ip cf-connecting-ip client-ip cdn-loop sec-fetch-mode sec-fetch-site sec-ch-ua
    sec-gpc dnt access-control-request-method x-http-method-override x-original-url x-rewrite-url
    x_api_key x_forwarded_for content_length content_type content_encoding
"""

GOES_OUT = """
    accept accept-language content-type content-encoding content-language user-agent range prefer
    x-title x-stainless-lang openai-beta anthropic-beta traceparent x-request-id
"""

STAYS_THERE = """
    set-cookie set-cookie2 clear-site-data service-worker-allowed alt-svc
    strict-transport-security refresh link www-authenticate proxy-authenticate connection
    keep-alive trailer transfer-encoding upgrade access-control-allow-origin
    access-control-allow-credentials access-control-expose-headers access-control-max-age
    timing-allow-origin content-security-policy content-security-policy-report-only
    cross-origin-opener-policy cross-origin-embedder-policy cross-origin-resource-policy nel
    report-to reporting-endpoints x-content-type-options x-frame-options permissions-policy
    cache-control pragma expires age date server via x-accel-redirect x-accel-buffering x-sendfile
    surrogate-control openai-organization openai-project anthropic-organization-id
    x-ratelimit-limit-requests x-ratelimit-remaining-tokens ratelimit ratelimit-policy
    anthropic-ratelimit-tokens-remaining x-rate-limit-reset x-call-id x-credits-charged
    x-credits-remaining x-balance-version x-query-type x-error-source x-provider-request-id
    idempotent-replayed server-timing x-paywall-id x-user-id x-api-key authorization
    x_credits_charged set_cookie accept-ch critical-ch set-login activate-storage-access
    integrity-policy document-isolation-policy use-as-dictionary observe-browsing-topics
    attribution-reporting-register-source
"""

COMES_BACK = """
    content-type content-length content-encoding content-language content-disposition
    content-range retry-after etag last-modified vary openai-processing-ms openai-version
    request-id x-should-retry location accept-ranges
"""


@pytest.mark.parametrize("name", STAYS_HERE.split())
def test_what_never_goes_to_the_provider(new_provider: MakeProvider, name: str) -> None:
    """The user's credentials, origin, address and connection stay here, in any case."""
    provider = new_provider()
    for spelling in (name, name.upper()):
        sent = to_provider(provider, [(spelling.encode(), b"theirs")])
        assert sent == [("accept-encoding", "identity")]


@pytest.mark.parametrize("name", GOES_OUT.split())
def test_what_goes_to_the_provider(new_provider: MakeProvider, name: str) -> None:
    """What belongs to the request itself goes out as it came."""
    assert (name, "as it is") in to_provider(new_provider(), [(name.encode(), b"as it is")])


@pytest.mark.parametrize("name", STAYS_THERE.split())
def test_what_never_comes_to_the_page(name: str) -> None:
    """What acts on our origin, tells of the account or is named like ours is left out."""
    for spelling in (name, name.title()):
        assert to_page([(spelling.encode(), b"theirs")]) == ADDED


@pytest.mark.parametrize("name", COMES_BACK.split())
def test_what_comes_to_the_page(name: str) -> None:
    """What describes the answer comes back as it is, and ours is added."""
    assert to_page([(name.title().encode(), b"as it is")]) == [(name.encode(), b"as it is"), *ADDED]


def test_headers_that_connection_names_stay_behind_both_ways(new_provider: MakeProvider) -> None:
    """What `Connection` lists is the connection's own (RFC 9110 section 7.6.1)."""
    headers = [
        (b"Connection", b"close, X-Hop"),
        (b"connection", b" x-other-hop ,"),
        (b"x-hop", b"1"),
        (b"X-Other-Hop", b"2"),
        (b"x-end", b"3"),
    ]
    assert to_provider(new_provider(), headers) == [
        ("x-end", "3"),
        ("accept-encoding", "identity"),
    ]
    assert to_page(headers) == [(b"x-end", b"3"), *ADDED]


def test_the_key_is_set_last_and_wins(new_provider: MakeProvider) -> None:
    """Whatever the page sends in its place, the provider gets the owner's key, once."""
    provider = new_provider(key=Secret("sk_provider"))
    sent = to_provider(provider, [(b"authorization", b"Bearer user"), (b"accept", b"*/*")])
    assert sent == [
        ("accept", "*/*"),
        ("accept-encoding", "identity"),
        ("authorization", "Bearer sk_provider"),
    ]


@pytest.mark.parametrize("spelling", [b"api-key", b"API-Key", b"api_key"])
def test_a_key_in_a_header_of_its_own_wins_too(new_provider: MakeProvider, spelling: bytes) -> None:
    """The header that carries the key is the owner's alone, however it is spelled."""
    provider = new_provider(key=Secret("sk_provider"), key_header="Api-Key")
    sent = to_provider(provider, [(spelling, b"theirs")])
    assert sent == [("accept-encoding", "identity"), ("api-key", "sk_provider")]


def test_without_a_key_none_is_sent(new_provider: MakeProvider) -> None:
    """A provider without a key gets nobody else's."""
    sent = to_provider(new_provider(key_header="api-key"), [(b"api-key", b"theirs")])
    assert sent == [("accept-encoding", "identity")]


def test_the_anthropic_preset_sends_key_and_version(new_provider: MakeProvider) -> None:
    """The key goes as `x-api-key`, and the version is added where the page sent none."""
    provider = new_provider(preset="anthropic-messages", key=Secret("sk-ant"))
    assert to_provider(provider, []) == [
        ("accept-encoding", "identity"),
        ("anthropic-version", "2023-06-01"),
        ("x-api-key", "sk-ant"),
    ]
    chosen = to_provider(provider, [(b"Anthropic-Version", b"2030-01-01")])
    assert [value for name, value in chosen if name == "anthropic-version"] == ["2030-01-01"]


def test_a_page_cannot_choose_who_pays(new_provider: MakeProvider) -> None:
    """Organization and project at OpenAI are the owner's to choose."""
    headers = [(b"OpenAI-Organization", b"org"), (b"openai-project", b"proj")]
    assert to_provider(new_provider(preset="openai-chat"), headers) == [
        ("accept-encoding", "identity")
    ]


def test_an_encoding_that_the_page_asked_for_is_asked_for(new_provider: MakeProvider) -> None:
    """`identity` is asked for only where the page did not say what it reads."""
    sent = to_provider(new_provider(), [(b"accept-encoding", b"gzip, br")])
    assert sent == [("accept-encoding", "gzip, br")]


def test_repeated_headers_keep_their_order(new_provider: MakeProvider) -> None:
    """Headers of one name stay several, in order, both ways."""
    headers = [(b"x-a", b"1"), (b"x-b", b"2"), (b"x-a", b"3")]
    assert to_provider(new_provider(), headers)[:3] == [("x-a", "1"), ("x-b", "2"), ("x-a", "3")]
    assert to_page(headers)[:3] == headers


def test_text_beyond_ascii_travels_as_utf_8(new_provider: MakeProvider) -> None:
    """A value in UTF-8 arrives as the same bytes."""
    sent = to_provider(new_provider(), [(b"x-title", "Café".encode())])
    assert sent[0] == ("x-title", "Café")


@pytest.mark.parametrize("value", [b"caf\xe9", b"a\r\nx-evil: 1", b"a\x00", b"\x7f"])
def test_a_value_that_cannot_travel_is_refused(new_provider: MakeProvider, value: bytes) -> None:
    """A value that would arrive as something else is refused, and is not repeated."""
    with pytest.raises(Refusal, match="x-title") as refused:
        to_provider(new_provider(), [(b"x-title", value)])
    assert refused.value.code == "invalid_request"


def test_the_providers_request_id_gets_another_name() -> None:
    """`x-request-id` is ours; the provider's comes as `x-provider-request-id`, once."""
    headers = [
        (b"X-Request-Id", b"req_1"),
        (b"x-request-id", b"req_2"),
        (b"x-provider-request-id", b"forged"),
    ]
    assert to_page(headers) == [(b"x-provider-request-id", b"req_1"), *ADDED]


def test_what_would_split_our_answer_is_left_out() -> None:
    """A value with control characters, which a lenient parser lets in, does not come back."""
    headers = [(b"x-a", b"1\r\nset-cookie: x=1"), (b"x b", b"2"), (b"x-c", b"tab\tis fine")]
    assert to_page(headers) == [(b"x-c", b"tab\tis fine"), *ADDED]


_NAMES = st.sampled_from([*STAYS_HERE.split(), *GOES_OUT.split()])


@given(st.lists(st.tuples(_NAMES, st.sampled_from(["theirs", "other"])), max_size=12))
def test_nothing_that_stays_here_is_ever_among_what_goes(pairs: list[tuple[str, str]]) -> None:
    """In any mixture, exactly what may go goes, and the owner's key is there once."""
    provider = make_provider(
        "p",
        paywall_id="pw",
        preset="http",
        query_type="q",
        base_url="https://api.example",
        allow=("GET x",),
        key=Secret("sk_provider"),
    )
    sent = to_provider(provider, [(name.encode(), value.encode()) for name, value in pairs])
    stays = set(STAYS_HERE.split())
    assert sent == [
        *((name, value) for name, value in pairs if name not in stays),
        ("accept-encoding", "identity"),
        ("authorization", "Bearer sk_provider"),
    ]
