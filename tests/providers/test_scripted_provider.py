"""The scripted provider itself: what it is told to do arrives as told, and it sees what happens."""

import asyncio

import pytest

from tests.support.scripted_provider import (
    Answer,
    Cut,
    Raw,
    Request,
    Reset,
    ScriptedProvider,
    Wait,
)

GET = b"GET /x?y=1 HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nx-a: 2\r\n\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(provider: ScriptedProvider) -> Connection:
    """Open a plain connection."""
    return await asyncio.open_connection("127.0.0.1", int(provider.url.rpartition(":")[2]))


async def send(provider: ScriptedProvider, data: bytes) -> Connection:
    """Open a connection and send bytes."""
    reader, writer = await connect(provider)
    writer.write(data)
    return reader, writer


async def test_a_request_is_remembered_as_it_came(scripted: ScriptedProvider) -> None:
    """Method, target and headers stay as they stood on the wire, in order."""
    reader, writer = await send(scripted, GET)
    request = await scripted.next_request()
    assert (request.method, request.target, request.connection) == ("GET", "/x?y=1", 1)
    assert request.headers == [(b"Host", b"h"), (b"X-A", b"1"), (b"x-a", b"2")]
    assert request.header("x-a") == "1, 2"
    assert request.header("x-b") is None
    assert scripted.requests == [request]
    assert (await reader.readline()).startswith(b"HTTP/1.1 500")  # nothing was scripted
    writer.close()


@pytest.mark.parametrize(
    "framed",
    [
        b"Content-Length: 8\r\n\r\n" + b'{"a": 1}',
        b"Transfer-Encoding: chunked\r\n\r\n3\r\n" + b'{"a' + b"\r\n5\r\n" + b'": 1}\r\n0\r\n\r\n',
    ],
)
async def test_bodies_are_read_without_their_framing(
    scripted: ScriptedProvider, framed: bytes
) -> None:
    """Both framings give the same body, and the connection stays for the next request."""
    scripted.answers(Answer.json(1), Answer.json(2))
    _, writer = await send(scripted, b"POST / HTTP/1.1\r\n" + framed + GET)
    request = await scripted.next_request()
    await request.done.wait()
    assert request.json() == {"a": 1}
    assert request.body_complete.is_set()
    assert (await scripted.next_request()).connection == 1
    writer.close()


@pytest.mark.parametrize(
    ("answer", "tail"),
    [
        (Answer(chunks=[b"ab", b"c"]), b"chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
        (Answer(chunks=[b"ab", Cut()]), b"chunked\r\n\r\n2\r\nab\r\n"),
        (Answer(chunks=[Raw(b"zz")], framing="length"), b"content-length: 0\r\n\r\nzz"),
        (Answer(chunks=[b"ab"], framing="length", length=9), b"content-length: 9\r\n\r\nab"),
        (Answer(chunks=[b"ab"], framing="close"), b"connection: close\r\n\r\nab"),
        (Answer.sse(b"a"), b"chunked\r\n\r\n9\r\ndata: a\n\n\r\n0\r\n\r\n"),
        (Answer(raw_head=b"odd\n", chunks=[Cut()]), b"odd\n"),
        (Answer(before=[Raw(b"early"), Cut()]), b"early"),
    ],
)
async def test_answers_go_out_as_scripted(
    scripted: ScriptedProvider, answer: Answer, tail: bytes
) -> None:
    """What a script says is what the wire has, no more and no less."""
    scripted.answers(answer, Answer(before=[Cut()]))
    reader, writer = await send(scripted, GET + GET)
    received = await reader.read(-1)
    assert received.endswith(tail)
    writer.close()


async def test_a_reset_is_a_reset(scripted: ScriptedProvider) -> None:
    """`Reset` shows as one, not as an end."""
    scripted.answers(Answer(chunks=[Reset()]))
    reader, writer = await send(scripted, GET)
    with pytest.raises(ConnectionResetError):
        await reader.read(-1)
    writer.close()


async def test_a_client_that_leaves_is_noticed(scripted: ScriptedProvider) -> None:
    """`left` is set while the script still runs, and not after its end."""
    scripted.answers(Answer.json(1), Answer(chunks=[b"a", Wait(asyncio.Event())]))
    reader, writer = await send(scripted, GET)
    first = await scripted.next_request()
    await first.done.wait()
    writer.write(GET)
    second = await scripted.next_request()
    await reader.readuntil(b"1\r\na\r\n")
    assert second.bytes_sent == 1
    writer.close()
    await second.left.wait()
    assert not first.left.is_set()
    assert not second.done.is_set()


async def test_a_default_answer_may_depend_on_the_request(scripted: ScriptedProvider) -> None:
    """`always` takes a function as well as an answer."""

    def echo(request: Request) -> Answer:
        return Answer(chunks=[request.target.encode()], framing="close")

    scripted.always(echo)
    reader, writer = await send(scripted, GET)
    assert (await reader.read(-1)).endswith(b"/x?y=1")
    writer.close()
