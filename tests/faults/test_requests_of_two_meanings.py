"""A request that two programs may read in two ways is refused in our words and goes nowhere.

Each case is in order but for the one thing it is about: its length is right, its caller may call.
"""

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer
from tests.support.world import CALL, TRIAL_CREDITS

LINE = f"POST {CALL}/v1/things HTTP/1.1"
HOST = "Host: gateway.test"
TWO = "Content-Length: 2"
CHUNKED = "Transfer-Encoding: chunked"
WHOLE = "2\r\n{}\r\n0\r\n\r\n"  # {} in one chunk

HEADS = {
    "the same length twice": ([TWO, TWO], "{}"),
    "two lengths": ([TWO, "Content-Length: 3"], "{}"),
    "two lengths in one header": (["Content-Length: 2, 2"], "{}"),
    "a length with a sign": (["Content-Length: +2"], "{}"),
    "a length in hexadecimal": (["Content-Length: 0x2"], "{}"),
    "a length that is empty": (["Content-Length:"], "{}"),
    "a length beyond 64 bits": (["Content-Length: 18446744073709551618"], "{}"),
    "a length and chunks": ([TWO, CHUNKED], WHOLE),
    "chunks and a length": ([CHUNKED, TWO], WHOLE),
    "a coding before chunks": (["Transfer-Encoding: gzip, chunked"], WHOLE),
    "a coding alone": (["Transfer-Encoding: gzip"], "{}"),
    "an empty coding": (["Transfer-Encoding:", TWO], "{}"),
    "a coding after chunks": (["Transfer-Encoding: chunked, identity"], WHOLE),
    "chunks in chunks": ([CHUNKED, CHUNKED], WHOLE),
    "a coding in quotes": (['Transfer-Encoding: "chunked"'], WHOLE),
    "a coding behind a vertical tab": (["Transfer-Encoding:\x0bchunked"], WHOLE),
    "no host": (["-Host", TWO], "{}"),
    "two hosts": ([HOST, TWO], "{}"),
    "a folded line": (["X-Thing: a", " b", TWO], "{}"),
    "a line folded by a tab": (["X-Thing: a", "\tb", TWO], "{}"),
    "a folded line first": (["-Host", " X-Thing: a", HOST, TWO], "{}"),
    "a folded line that hides a length": (["X-Thing: a", " Content-Length: 9", TWO], "{}"),
    "a bare line feed": (["X-Thing: a\nX-Other: b", TWO], "{}"),
    "a bare line feed that hides a length": (["X-Thing: a\nContent-Length: 2"], "{}"),
    "a bare carriage return": (["X-Thing: a\rX-Other: b", TWO], "{}"),
    "two carriage returns": (["X-Thing: a\r", TWO], "{}"),
    "a NUL in a value": (["X-Thing: a\x00b", TWO], "{}"),
    "a NUL in a name": (["X-Th\x00ing: a", TWO], "{}"),
    "a control character": (["X-Thing: a\x01b", TWO], "{}"),
    "a delete character": (["X-Thing: a\x7fb", TWO], "{}"),
    "a space before the colon": (["Content-Length : 2"], "{}"),
    "a space in a name": (["X Thing: a", TWO], "{}"),
    "no name": ([": a", TWO], "{}"),
    "no colon": (["X-Thing", TWO], "{}"),
}
CHUNKS = {
    "a bare line feed after a size": "2\n{}\r\n0\r\n\r\n",
    "a bare line feed after a chunk": "2\r\n{}\n0\r\n\r\n",
    "a bare line feed at the end": "2\r\n{}\r\n0\n\n",
    "a chunk longer than its size": "2\r\n{}xx\r\n0\r\n\r\n",
    "a size with a sign": "+2\r\n{}\r\n0\r\n\r\n",
    "a size with a prefix": "0x2\r\n{}\r\n0\r\n\r\n",
    "a size with a space": "2 \r\n{}\r\n0\r\n\r\n",
    "a size that is empty": "\r\n{}\r\n0\r\n\r\n",
    "a size beyond 64 bits": "10000000000000002\r\n{}\r\n0\r\n\r\n",
    "a line break in an extension": '2;a="\r\n"\r\n{}\r\n0\r\n\r\n',
    "a folded trailer": "2\r\n{}\r\n0\r\nX-Thing: a\r\n b\r\n\r\n",
}
LINES = {
    "an older version": LINE.replace("HTTP/1.1", "HTTP/0.9"),
    "a newer version": LINE.replace("HTTP/1.1", "HTTP/2.0"),
    "no version": LINE.removesuffix(" HTTP/1.1"),
    "a version with a space": LINE.replace("HTTP/1.1", "HTTP/1.1 "),
    "another protocol": LINE.replace("HTTP/1.1", "ICY/1.1"),
    "a tab": LINE.replace(" HTTP", "\tHTTP"),
    "a NUL": LINE.replace("things", "th\x00ings"),
}


def head(visitor, line, lines):
    """Return a request's head; `-Host` leaves out the one it has by itself."""
    own = [f"{name}: {value}" for name, value in visitor.headers.items()]
    first = [] if "-Host" in lines else [HOST]
    rest = [line for line in lines if line != "-Host"]
    return "\r\n".join([line, *first, *rest, *own, "Content-Type: text/plain", "", ""])


async def refuse(world, visitor, text):
    """Send bytes that are no request, and look at everything that must follow."""
    async with await world.connect() as connection:
        await connection.send(text)
        answer = await connection.read_answer()
        assert await connection.read_to_end() == b"", "nothing else may be read here"
    assert (answer.status, answer.complete) == (400, True)
    assert answer.header("content-type") == "application/json"
    assert answer.header("connection") == "close"
    assert answer.header("x-error-source") == "gateway"
    body = answer.json()
    assert (body["error"], body["details"]) == ("invalid_request", None)
    assert body["request_id"] == answer.header("x-request-id")
    assert world.provider.requests == []
    assert await world.balance(visitor) == TRIAL_CREDITS


async def serve_the_next(world, visitor):
    """Look that the gateway serves on, and charges one credit for it."""
    world.provider.always(Answer.json({}))
    async with world.call(visitor) as answer:
        assert answer.status == 200
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


@pytest.mark.parametrize("case", HEADS)
async def test_a_head(world, case):
    """Lengths, codings, folds, line ends and control characters have one reading or none."""
    visitor = await world.sign_in()
    lines, body = HEADS[case]
    await refuse(world, visitor, head(visitor, LINE, lines) + body)
    await serve_the_next(world, visitor)


async def test_the_head_of_these_tests_is_in_order(world):
    """Without the one thing that is wrong each of them is a call."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    for lines, body in ([TWO], "{}"), ([CHUNKED], WHOLE), (["content-length:\t2"], "{}"):
        async with await world.connect() as connection:
            await connection.send(head(visitor, LINE, lines) + body)
            assert (await connection.read_answer()).status == 200
        assert world.provider.requests[-1].body == b"{}"


@pytest.mark.parametrize("case", LINES)
async def test_a_request_line(world, case):
    """Only a request line of HTTP, in a version that is spoken here, is one."""
    visitor = await world.sign_in()
    await refuse(world, visitor, head(visitor, LINES[case], [TWO]) + "{}")
    await serve_the_next(world, visitor)


async def test_an_older_version_has_no_chunks(world):
    """A proxy that speaks HTTP/1.0 passes them over, and would see a request in the body."""
    visitor = await world.sign_in()
    older = LINE.replace("HTTP/1.1", "HTTP/1.0")
    await refuse(world, visitor, head(visitor, older, [CHUNKED]) + WHOLE)
    await serve_the_next(world, visitor)


@pytest.mark.parametrize("end", ["\n", "\r\n\n"], ids=["everywhere", "at the end"])
async def test_bare_line_feeds(world, end):
    """Lines end with a carriage return and a line feed, every one of them."""
    visitor = await world.sign_in()
    text = head(visitor, LINE, [TWO])
    text = text.replace("\r\n", "\n") if end == "\n" else text.removesuffix("\r\n") + "\n"
    await refuse(world, visitor, text + "{}")
    await serve_the_next(world, visitor)


@pytest.mark.parametrize("case", CHUNKS)
async def test_a_chunk(world, case):
    """What is wrong inside a body is found before it has gone out; JSON is gathered first."""
    visitor = await world.sign_in()
    text = head(visitor, LINE, [CHUNKED]).replace("text/plain", "application/json")
    await refuse(world, visitor, text + CHUNKS[case])
    await serve_the_next(world, visitor)


async def test_a_chunk_of_a_streamed_body(world):
    """Where the head is at the provider already it sees a body that breaks off, never an end."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"never reached"]))
    async with await world.connect() as connection:
        await connection.send(head(visitor, LINE, [CHUNKED]) + "2\r\n{}\r\n")
        request = await world.provider.next_request()
        await request.has_received(2)
        await connection.send("2\n{}\r\n0\r\n\r\n")
        answer = await connection.read_answer()
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
        assert await connection.read_to_end() == b""
    await request.left.wait()
    assert not request.body_complete.is_set()
    await check_outcome(world, visitor, "aborted")


@pytest.mark.parametrize("lines", [[TWO], [CHUNKED]], ids=["with a length", "chunked"])
async def test_a_wish_for_another_protocol_keeps_its_body(world, lines):
    """Whoever would rather speak HTTP/2 is answered in HTTP/1.1, body and all, again and again."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    wish = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]
    async with await world.connect() as connection:
        for _ in range(2):
            await connection.send(head(visitor, LINE, [*wish, *lines]))
            await connection.send("{}" if TWO in lines else WHOLE)
            assert (await connection.read_answer()).status == 200
            request = await world.provider.next_request()
            assert (request.body, request.header("upgrade")) == (b"{}", None)


async def test_a_body_behind_such_a_wish_is_no_request(world):
    """A request that is hidden in a body stays in there, even in a packet of its own."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    hidden = head(visitor, LINE, ["Content-Length: 0"])
    wish = ["Connection: Upgrade", "Upgrade: websocket", f"Content-Length: {len(hidden)}"]
    async with await world.connect() as connection:
        await connection.send(head(visitor, LINE, wish))
        async with world.client.get(f"{world.url}/healthz") as answer:
            assert answer.status == 200  # by now the head has been read, so the body comes alone
        await connection.send(hidden)
        assert (await connection.read_answer()).status == 200
        await connection.request("GET /healthz HTTP/1.1")
        assert (await connection.read_answer()).json() == {"ok": True}
    assert [request.body.decode() for request in world.provider.requests] == [hidden]


async def test_nothing_follows_a_tunnel(world):
    """CONNECT is refused, and what comes behind it is not read as requests."""
    visitor = await world.sign_in()
    text = head(visitor, LINE.replace("POST", "CONNECT"), [])
    async with await world.connect() as connection:
        await connection.send(text + head(visitor, LINE, [TWO]) + "{}")
        answer = await connection.read_answer()
        assert (answer.status, answer.header("connection")) == (405, "close")
        assert await connection.read_to_end() == b""
    assert world.provider.requests == []
