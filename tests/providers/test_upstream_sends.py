"""What arrives at the provider: the request as it was meant, and nothing by itself."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.providers.conftest import MakeProvider
from tests.support.scripted_provider import Answer, ScriptedProvider
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.http import Upstream
from tollbridge.gateway.providers.provider import Provider

OK = Answer.json({"ok": True})
HEADERS = [("x-a", "1"), ("accept-encoding", "identity"), ("x-a", "2"), ("x-title", "Café")]


async def parts_of(*parts: bytes) -> AsyncIterator[bytes]:
    """Yield a body part by part."""
    for part in parts:
        yield part


async def finish(upstream: Upstream, provider: Provider, method: str = "POST", **fields: object):
    """Send a request, read its answer to the end, and return the bytes."""
    given = {"path": "v1/x", "query": b"", "headers": [], "body": None} | fields
    answer = await upstream.open(provider, method, **given)
    try:
        return b"".join([chunk async for chunk in answer.chunks()])
    finally:
        answer.close()


async def test_a_gathered_body_arrives_whole(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Bytes go out with their length, after exactly the headers that were given."""
    scripted.answers(OK)
    await finish(upstream, provider, headers=HEADERS, body=b'{"a": 1}')
    (seen,) = scripted.requests
    assert (seen.method, seen.target, seen.body) == ("POST", "/v1/x", b'{"a": 1}')
    assert seen.headers == [
        (b"Host", scripted.url.removeprefix("http://").encode()),
        (b"x-a", b"1"),
        (b"accept-encoding", b"identity"),
        (b"x-a", b"2"),
        (b"x-title", "Café".encode()),
        (b"content-length", b"8"),
    ]


async def test_a_large_gathered_body_arrives_whole(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A body of megabytes goes out in slices, with its length and unchanged."""
    body = bytes(range(256)) * 4 * 2048
    scripted.answers(OK)
    await finish(upstream, provider, body=body)
    assert scripted.requests[0].header("content-length") == str(len(body))
    assert scripted.requests[0].body == body


@pytest.mark.parametrize("body", [None, b""])
async def test_no_body(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, body: bytes | None
) -> None:
    """A POST without a body says so; a GET says nothing."""
    scripted.answers(OK, OK)
    await finish(upstream, provider, body=body)
    await finish(upstream, provider, "GET", body=body)
    post, get = scripted.requests
    assert [name for name, _ in post.headers] == [b"Host", b"Content-Length"]
    assert post.header("content-length") == "0"
    assert [name for name, _ in get.headers] == [b"Host"]


async def test_a_streamed_body_of_known_length_keeps_it(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """An announced length goes out, and the parts follow unchanged."""
    scripted.answers(OK)
    await finish(upstream, provider, body=parts_of(b"ab", b"", b"cde"), content_length=5)
    (seen,) = scripted.requests
    assert seen.header("content-length") == "5"
    assert seen.header("transfer-encoding") is None
    assert seen.body == b"abcde"


async def test_a_streamed_body_of_unknown_length_goes_chunked(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Without a length the body goes out chunked."""
    scripted.answers(OK)
    await finish(upstream, provider, body=parts_of(b"ab", b"cde"))
    (seen,) = scripted.requests
    assert seen.header("transfer-encoding") == "chunked"
    assert seen.header("content-length") is None
    assert seen.body == b"abcde"


async def test_each_part_goes_out_before_the_next_is_asked_for(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A part is not held back until more has come: the page's next part waits for its arrival."""
    arrived = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        request = await scripted.next_request()
        await request.has_received(5)
        arrived.set()
        yield b" second"

    scripted.answers(OK)
    await finish(upstream, provider, body=body())
    assert arrived.is_set()
    assert scripted.requests[0].body == b"first second"


async def test_a_streamed_body_that_ends_early_is_no_whole_one(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A body shorter than announced breaks the connection off instead of looking complete."""
    with pytest.raises(Refusal, match="shorter") as refused:
        await finish(upstream, provider, body=parts_of(b"ab"), content_length=5)
    assert refused.value.code == "invalid_request"
    request = await scripted.next_request()
    await request.left.wait()
    assert not request.body_complete.is_set()


async def test_what_the_body_raises_comes_out_and_breaks_the_connection_off(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A page that leaves in mid-upload is told as itself, and the provider notices."""

    class PageLeftError(Exception):
        pass

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        raise PageLeftError

    with pytest.raises(PageLeftError):
        await finish(upstream, provider, body=body())
    request = await scripted.next_request()
    await request.left.wait()
    assert not request.body_complete.is_set()


@pytest.mark.parametrize(
    ("base", "path", "query", "target"),
    [
        ("", "", b"", "/"),
        ("", "", b"a=1", "/?a=1"),
        ("/v1/users", "", b"", "/v1/users"),
        ("/v1/users", "123/orders", b"", "/v1/users/123/orders"),
        ("", "v1/x/", b"", "/v1/x/"),
        ("", "v1/a%20b%C3%A9;x=1/[y]|z:go", b"", "/v1/a%20b%C3%A9;x=1/[y]|z:go"),
        ("", "v1/x", b"q=a%20b+c&&x[]=%2F'\"<>&y", "/v1/x?q=a%20b+c&&x[]=%2F'\"<>&y"),
    ],
)
async def test_path_and_query_arrive_byte_for_byte(
    upstream: Upstream,
    scripted: ScriptedProvider,
    new_provider: MakeProvider,
    base: str,
    path: str,
    query: bytes,
    target: str,
) -> None:
    """Nothing is encoded, decoded or put in order on the way."""
    provider = new_provider(base_url=scripted.url + base, allow_private=True)
    scripted.answers(OK)
    await finish(upstream, provider, "GET", path=path, query=query)
    assert scripted.requests[0].target == target


async def test_cookies_are_not_kept(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A cookie that the provider sets is not sent back to it."""
    scripted.answers(Answer.json(1, headers=[("set-cookie", "a=1; Path=/")]), OK)
    await finish(upstream, provider)
    await finish(upstream, provider)
    assert scripted.requests[1].header("cookie") is None
