"""The head of a request: written once, and never two requests in one."""

import pytest

from tollbridge.gateway.providers.request_head import read_origin, write_head

ORIGIN = read_origin("https://api.example/base")


def head(
    method: str = "POST",
    path: str = "v1/x",
    query: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """Write a head of which a test names only what matters to it."""
    return write_head(ORIGIN, method, path, query, list(headers), "content-length: 2\r\n")


def test_a_head_is_what_was_given_and_nothing_else():
    """Request line, host, the headers in their order and bytes, where the body ends."""
    assert head(query=b"a=1", headers=(("x-a", "1"), ("X-B", "Café\t2"))) == (
        b"POST /base/v1/x?a=1 HTTP/1.1\r\nHost: api.example\r\n"
        b"x-a: 1\r\nX-B: Caf\xc3\xa9\t2\r\ncontent-length: 2\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("url", "host", "port", "host_header", "tls"),
    [
        ("https://api.example", "api.example", 443, "api.example", True),
        ("https://api.example:443", "api.example", 443, "api.example", True),
        ("https://api.example:8443", "api.example", 8443, "api.example:8443", True),
        ("http://127.0.0.1:80", "127.0.0.1", 80, "127.0.0.1", False),
        ("http://[::1]:9000", "::1", 9000, "[::1]:9000", False),
        ("http://[::1]", "::1", 80, "[::1]", False),
    ],
)
def test_where_a_provider_is(url: str, host: str, port: int, host_header: str, tls: bool):
    """The usual port is not named, an IPv6 address has its brackets."""
    origin = read_origin(url)
    assert (origin.host, origin.port, origin.host_header) == (host, port, host_header)
    assert origin.tls is tls


@pytest.mark.parametrize("value", ["a\r\nx-b: 1", "a\n", "a\r", "a\0", "\x0b", "a\x7f"])
def test_a_value_that_would_end_its_line_is_not_written(value: str):
    """No line end and no control character travels, whoever let it come this far."""
    with pytest.raises(ValueError, match="cannot be part") as refused:
        head(headers=(("x-a", "1"), ("x-b", value)))
    assert value not in str(refused.value)


@pytest.mark.parametrize("name", ["", "x a", "x:", "x-a\r\ny", "x-ä", "\tx", "x\0", "x-a "])
def test_a_name_that_is_no_token_is_not_written(name: str):
    """A name ends at its colon, and nowhere else."""
    with pytest.raises(ValueError, match="cannot be part"):
        head(headers=((name, "1"),))


@pytest.mark.parametrize(
    "name", ["Transfer-Encoding", "content-length", "HOST", "connection", "upgrade", "te", "expect"]
)
def test_what_frames_a_request_is_said_once(name: str):
    """A second length or coding would be a second request to somebody."""
    with pytest.raises(ValueError, match="cannot be part"):
        head(headers=((name, "1"),))


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("v1/x HTTP/1.1\r\nx-a: 1", b""),
        ("v1/ x", b""),
        ("v1/x#y", b""),
        ("v1/ä", b""),
        ("v1/x", b"a= b"),
        ("v1/x", b"a=1\r\nx-a: 1"),
        ("v1/x", b"a=\xff"),
    ],
)
def test_an_address_that_would_end_its_line_is_not_written(path: str, query: bytes):
    """The request line has three words."""
    with pytest.raises(ValueError, match="cannot be part"):
        head(path=path, query=query)
