"""A paywall may list the web origins that call it."""

import pytest

from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.paywalls import Paywall, check_origin, read_origin

EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://app.example", "https://app.example"),
        ("HTTPS://App.Example/", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("https://app.example:80", "https://app.example:80"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        (EXTENSION, EXTENSION),
        ("moz-extension://0f0e-1", "moz-extension://0f0e-1"),
        ("null", "null"),
        (" https://xn--bcher-kva.example ", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, origin: str) -> None:
    """However it was typed, what is stored can be met."""
    assert read_origin(written) == origin
    assert read_origin(origin) == origin


@pytest.mark.parametrize(
    "written",
    [
        "",
        "app.example",
        "//app.example",
        "https://",
        "https://app.example/path",
        "https://app.example//",
        "https://app.example?x=1",
        "https://app.example#top",
        "https://user@app.example",
        "https://*.example",
        "*",
        "https://app.example:0",
        "https://app.example:70000",
        "https://app.example:http",
        "https://bücher.example",
        "https://app example",
        "https://app.example\nhttps://evil.example",
        "https://[zz]",
    ],
)
def test_what_no_browser_sends_is_no_origin(written: str) -> None:
    """The message shows what was written."""
    with pytest.raises(ValueError, match=r"no origin|no possible port|wildcard"):
        read_origin(written)


def test_an_empty_list_lets_every_page_call() -> None:
    """There are no cookies, so an open door lets nobody act as somebody else."""
    check_origin(Paywall("pw_one"), "https://anywhere.example")
    check_origin(Paywall("pw_one"), "null")


@pytest.mark.parametrize("origin", [None, "", "https://app.example", "HTTPS://APP.EXAMPLE"])
def test_listed_pages_and_callers_without_a_page_pass(origin: str | None) -> None:
    """A server sends no origin, and neither does a page that reads from its own."""
    check_origin(Paywall("pw_one", origins=("https://app.example",)), origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://sub.app.example",
        "https://app.example/",
        "null",
        EXTENSION,
    ],
)
def test_pages_that_are_not_listed_are_refused(origin: str) -> None:
    """Exactly: no sub-domains, no other port, no other scheme."""
    with pytest.raises(Refusal) as caught:
        check_origin(Paywall("pw_one", origins=("https://app.example",)), origin)
    assert caught.value.code == "origin_not_allowed"
    assert caught.value.details == {"origin": origin}
