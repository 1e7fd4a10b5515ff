"""Paths, headers and codes are spelled once, and spelled right."""

import tollbridge.wire
from tests.support.everywhere.testing import cases, raises
from tollbridge.wire import STATUS_OF, headers, paths, status_of


@cases(
    ("text", "expected"),
    [
        ("", ""),
        ("prov_x-1.~", "prov_x-1.~"),
        ("a/b c", "a%2Fb%20c"),
        ("ü€😀", "%C3%BC%E2%82%AC%F0%9F%98%80"),
        ("%2F?#&+", "%252F%3F%23%26%2B"),
        ("\x00\x7f", "%00%7F"),
    ],
)
def test_a_segment_is_percent_encoded(text: str, expected: str) -> None:
    """Everything but unreserved characters becomes the bytes of its UTF-8."""
    assert paths.quote(text) == expected


@cases(
    ("provider_id", "path", "expected"),
    [
        ("prov_x", "", "/api/v1/api-gateway/prov_x"),
        ("prov_x", "v1/chat", "/api/v1/api-gateway/prov_x/v1/chat"),
        ("prov_x", "//v1", "/api/v1/api-gateway/prov_x/v1"),
        ("prov_x", "?a=b", "/api/v1/api-gateway/prov_x?a=b"),
        ("a/b", "c%2Fd", "/api/v1/api-gateway/a%2Fb/c%2Fd"),
    ],
)
def test_a_call_has_the_contracts_path(provider_id: str, path: str, expected: str) -> None:
    """The id is one segment; the path is the provider's own and stays as it is."""
    assert paths.call(provider_id, path) == expected


def test_a_paywalls_endpoint_has_the_contracts_path() -> None:
    """The id is encoded, the rest is ours."""
    assert paths.paywall("pw/1", "auth/refresh") == "/api/v1/paywall/pw%2F1/auth/refresh"


def test_header_names_are_in_lower_case() -> None:
    """Both sides compare names in lower case, so they are written that way."""
    spelled = [getattr(headers, name) for name in dir(headers) if name.isupper()]
    names = [value for value in spelled if isinstance(value, str)]
    assert names
    assert all(name == name.lower() for name in names)
    assert set(headers.PROTECTED) <= set(names)
    assert set(headers.EXPOSED) <= set(names)


def test_what_the_published_client_reads_is_exposed() -> None:
    """A page on another origin can read the type that was charged."""
    assert {"x-query-type", "x-request-id", "retry-after"} <= set(headers.EXPOSED)


def test_every_code_has_a_status_of_an_error() -> None:
    """No code travels with a status that means success, and no code is unknown."""
    assert all(400 <= status <= 599 for status in STATUS_OF.values())
    assert status_of("not-enough-queries") == 402
    with raises(KeyError):
        status_of("no_such_code")


def test_what_is_listed_is_there() -> None:
    """Every public name exists, and is listed once."""
    listed = tollbridge.wire.__all__
    assert all(hasattr(tollbridge.wire, name) for name in listed)
    assert len(set(listed)) == len(listed)
