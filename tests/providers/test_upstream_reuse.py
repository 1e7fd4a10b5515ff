"""A connection is used again only where the next answer cannot be somebody else's."""

import asyncio

import pytest

from tests.support.scripted_provider import Answer, Never, Raw, ScriptedProvider, Wait
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.connection import BYTES_WITHOUT_BODY_MAX
from tollbridge.gateway.providers.http import ProviderBrokeOff, Upstream
from tollbridge.gateway.providers.provider import Provider

OK = Answer.json({"ok": True})
SMUGGLED = b'HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{"not":1}'


async def call(upstream: Upstream, provider: Provider, method: str = "POST") -> bytes:
    """Make a whole call."""
    answer = await upstream.open(provider, method, "v1/x", b"", [], None)
    try:
        return b"".join([chunk async for chunk in answer.chunks()])
    finally:
        answer.close()


@pytest.mark.parametrize(
    "first",
    [
        Answer(raw_head=b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na" + SMUGGLED),
        Answer(raw_head=b"HTTP/1.1 204 No Content\r\n\r\n" + SMUGGLED),
        Answer(raw_head=b"HTTP/1.1 304 Not Modified\r\ncontent-length: 8\r\n\r\nabcdefgh"),
        Answer(raw_head=b"HTTP/1.1 205 Reset\r\ncontent-length: 4\r\n\r\nabcd"),
        Answer(raw_head=b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 2"),
        Answer(raw_head=b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\na"),
        Answer(raw_head=b"HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na"),
    ],
)
async def test_more_than_the_answer_spoils_the_connection(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, first: Answer
) -> None:
    """What comes behind an answer, or belongs to none, never answers the next request."""
    scripted.answers(Answer(raw_head=first.raw_head, chunks=[Never()]), OK)
    assert await call(upstream, provider) in (b"", b"a")
    assert await call(upstream, provider) == b'{"ok": true}'
    assert scripted.connections == 2


async def test_an_answer_that_nobody_asked_for_is_nobodys(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """What comes on an idle connection, such as a 408 for its idleness, closes it."""
    late = asyncio.Event()
    chunks = [b"a", Wait(late), Raw(SMUGGLED), Never()]
    scripted.answers(Answer(chunks=chunks, framing="length"), OK)
    assert await call(upstream, provider) == b"a"
    late.set()
    request = await scripted.next_request()
    await request.left.wait()
    assert await call(upstream, provider) == b'{"ok": true}'
    assert scripted.connections == 2


async def test_an_answer_to_a_head_has_no_body(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Its length is that of a body which does not follow."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
    scripted.answers(Answer(raw_head=head, chunks=[Never()]), OK)
    assert await call(upstream, provider, "HEAD") == b""
    assert await call(upstream, provider) == b'{"ok": true}'


async def test_trailers_are_dropped(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """What stands behind the last chunk is no header of the answer, nor of the next one."""
    trailers = Raw(b"1\r\na\r\n0\r\nset-cookie: a=1\r\nx-a: 1\r\n\r\n")
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    scripted.answers(Answer(raw_head=head, chunks=[trailers], framing="length"), OK)
    answer = await upstream.open(provider, "GET", "v1/x", b"", [], None)
    assert [chunk async for chunk in answer.chunks()] == [b"a"]
    answer.close()
    assert answer.headers == [(b"transfer-encoding", b"chunked")]
    assert await call(upstream, provider) == b'{"ok": true}'
    assert scripted.connections == 1


@pytest.mark.parametrize(
    "flood",
    [
        b"HTTP/1.1 102 Processing\r\n\r\n" * (BYTES_WITHOUT_BODY_MAX // 27 + 1),
        b"HTTP/1.1 200 OK\r\nx-a: " + b"x" * (BYTES_WITHOUT_BODY_MAX + 1),
    ],
)
async def test_a_head_that_does_not_end_is_refused(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, flood: bytes
) -> None:
    """The parser keeps a line until it is whole, so it is told to stop; no time limit is needed."""
    scripted.answers(Answer(before=[Raw(flood), Never()]))
    with pytest.raises(Refusal) as refused:
        await call(upstream, provider)
    assert refused.value.details == {"reason": "invalid_answer"}
    await (await scripted.next_request()).left.wait()


async def test_many_interim_answers_are_passed_over(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Below that bound they are."""
    interim = b"HTTP/1.1 102 Processing\r\n\r\n" * (BYTES_WITHOUT_BODY_MAX // 27 - 1)
    scripted.answers(Answer(before=[Raw(interim)], chunks=[b"a"]))
    assert await call(upstream, provider) == b"a"


@pytest.mark.parametrize("start", [b"5;", b"0\r\nx-a: "])
async def test_what_is_no_body_in_a_body_has_a_bound(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, start: bytes
) -> None:
    """A chunk's extension or a trailer that does not end breaks the answer off."""
    go_on = asyncio.Event()
    rest = [Raw(start + b"x" * (BYTES_WITHOUT_BODY_MAX + 1)), Never()]
    scripted.answers(Answer(chunks=[b"a", Wait(go_on), *rest]))
    answer = await upstream.open(provider, "GET", "v1/x", b"", [], None)
    chunks = answer.chunks()
    assert await anext(chunks) == b"a"
    go_on.set()
    with pytest.raises(ProviderBrokeOff):
        await anext(chunks)
    answer.close()
    await (await scripted.next_request()).left.wait()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nx-a: 1\r\n folded\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n",
        b"HTTP/1.1 103 Early\r\ncontent-length: 5\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nx-a: 1\n\n",
        b"HTTP/1.1 200 OK\r\nx-a: 1\rx-b: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-a: \x00\r\n\r\n",
        b"HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
    ],
)
async def test_a_head_that_two_would_read_differently_is_refused(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, head: bytes
) -> None:
    """Folded lines, a length said twice, half line ends: nobody's answer is made out of them."""
    scripted.answers(Answer(raw_head=head, chunks=[Never()]), OK)
    with pytest.raises(Refusal) as refused:
        await call(upstream, provider)
    assert refused.value.details == {"reason": "invalid_answer"}
    assert await call(upstream, provider) == b'{"ok": true}'
    assert scripted.connections == 2
