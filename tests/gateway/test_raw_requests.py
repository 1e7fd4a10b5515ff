"""What a hostile client may send: one meaning or a refusal, never two meanings."""

import pytest

from tests.support.scripted_provider import Answer, Never
from tests.support.world import CALL, TRIAL_CREDITS
from tollbridge.gateway.settings import LIMITS

LINE = f"POST {CALL}/v1/things HTTP/1.1"


def own(visitor):
    """Return the headers that make a call the visitor's."""
    return [f"{name}: {value}" for name, value in visitor.headers.items()]


async def refuse(world, visitor, line, *headers, body=b""):
    """Send a request that must not reach the provider; return status and code."""
    async with await world.connect() as connection:
        await connection.request(line, *own(visitor), *headers, body=body)
        answer = await connection.read_answer()
    assert world.provider.requests == []
    assert await world.balance(visitor) == TRIAL_CREDITS
    body = answer.json()
    assert set(body) == {"error", "message", "details", "request_id"}
    assert body["request_id"] == answer.header("x-request-id")
    return answer.status, body["error"]


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 2", "Content-Length: 3"],
        ["Content-Length: 2", "Content-Length: 2"],
        ["Content-Length: 2, 3"],
        ["Content-Length: +2"],
        ["Content-Length: -2"],
        ["Content-Length: 0x2"],
        ["Content-Length: 99999999999999999999999"],
        ["Content-Length: 2", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 2"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Content Length: 2"],
        ["Content-Length : 2"],
        ["X-Thing: a\rContent-Length: 2"],
        ["X-Thing: a\x00b"],
        ["X-Th(ing: a"],
        [": nameless"],
        [" X-Folded: a"],
    ],
)
async def test_framing_of_two_meanings_is_refused(world, headers):
    """Where a body ends must be the same to us and to every proxy in front of us."""
    visitor = await world.sign_in()
    told = await refuse(world, visitor, LINE, *headers, body=b"{}")
    assert told == (400, "invalid_request")


@pytest.mark.parametrize(
    "name",
    ["Authorization", "X-Paywall-Id", "X-Api-Key", "X-User-Id", "Content-Type", "Origin"],
)
async def test_a_header_that_decides_stands_once(world, name):
    """Two values of a header that decides who calls, or how a body is read, are refused."""
    visitor = await world.sign_in()
    twice = [f"{name}: application/json", f"{name}: application/json"]
    assert await refuse(world, visitor, LINE, *twice) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        (f"{CALL}/v1//things", 403, "path_not_allowed"),
        (f"{CALL}//v1/things", 403, "path_not_allowed"),
        (f"{CALL}/v1/../../things", 403, "path_not_allowed"),
        (f"{CALL}/v1/%2e%2e/things", 403, "path_not_allowed"),
        (f"{CALL}/v1/%252e%252e/things", 403, "path_not_allowed"),
        (f"{CALL}/v1%2fthings", 403, "path_not_allowed"),
        (f"{CALL}/v1%5cthings", 403, "path_not_allowed"),
        (f"{CALL}/v1\\things", 403, "path_not_allowed"),
        (f"{CALL}/http://elsewhere.example/v1/things", 403, "path_not_allowed"),
        (f"{CALL}/v1/%00", 400, "invalid_request"),
        (f"{CALL}/v1/%0d%0aHost:%20elsewhere", 400, "invalid_request"),
        (f"{CALL}/v1/{'x' * 3000}", 400, "invalid_request"),
        (f"{CALL}/v2/things", 403, "path_not_allowed"),
        (f"{CALL}/V1/things", 403, "path_not_allowed"),
        ("/api/v1/api-gateway/%2e%2e/paywall/pw_test/balances", 400, "invalid_request"),
        ("/api/v1/api-gateway/../api-gateway/prov_things/v1/things", 400, "invalid_request"),
        ("/api/v1/api-gateway/prov_things%2fv1/things", 400, "invalid_request"),
        ("/api/v1/api-gateway/prov_things%00/v1/things", 400, "invalid_request"),
        ("/api/v1/api-gateway//prov_things/v1/things", 400, "invalid_request"),
        ("/api/v1/api-gateway/", 400, "invalid_request"),
        ("/api/v1/api-gateway", 404, "not_found"),
        ("//api/v1/api-gateway/prov_things/v1/things", 404, "not_found"),
        ("/api/v1/./api-gateway/prov_things/v1/things", 404, "not_found"),
        ("/api/v1/api%2Dgateway/prov_things/v1/things", 404, "not_found"),
        ("/API/v1/api-gateway/prov_things/v1/things", 404, "not_found"),
        ("*", 404, "not_found"),
        ("api/v1/api-gateway/prov_things/v1/things", 400, "invalid_request"),
        (f"{CALL}/v1/\xe9", 400, "invalid_request"),
        (f"{CALL}/v1/things?\xe9", 400, "invalid_request"),
    ],
)
async def test_a_target_has_one_meaning(world, target, status, code):
    """Nothing is resolved, decoded or joined: what could be read in two ways is refused."""
    visitor = await world.sign_in()
    told = await refuse(world, visitor, f"POST {target} HTTP/1.1", "Content-Length: 0")
    assert told == (status, code)


@pytest.mark.parametrize(
    "method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND", "CONNECT"]
)
async def test_other_methods_are_not_forwarded(world, method):
    """A call is GET or POST."""
    visitor = await world.sign_in()
    line = f"{method} {CALL}/v1/things HTTP/1.1"
    assert await refuse(world, visitor, line) == (405, "method_not_allowed")


@pytest.mark.parametrize("method", ["post", "Get", "POST\t", "FETCH"])
async def test_what_is_no_method_is_no_request(world, method):
    """Methods are case-sensitive; nobody turns them into others."""
    visitor = await world.sign_in()
    line = f"{method} {CALL}/v1/things HTTP/1.1"
    assert await refuse(world, visitor, line) == (400, "invalid_request")


async def test_a_head_is_refused_without_a_body(world):
    """HEAD would spend a credit for nothing; its refusal keeps the connection in step."""
    visitor = await world.sign_in()
    async with await world.connect() as connection:
        await connection.request(f"HEAD {CALL}/v1/things HTTP/1.1", *own(visitor))
        assert (await connection.read_head()).status == 405
        await connection.request("GET /healthz HTTP/1.1")
        assert (await connection.read_answer()).json() == {"ok": True}
    assert world.provider.requests == []


async def test_pipelined_requests_are_answered_in_turn(world):
    """Each call of a connection is one of its own, with its own credit."""
    visitor = await world.sign_in()
    world.provider.answers(*(Answer.json(number) for number in range(5)))
    async with await world.connect() as connection:
        for number in range(5):
            typed = ["Content-Type: application/json", "Content-Length: 1"]
            await connection.request(LINE, *own(visitor), *typed, body=b"%d" % number)
        answers = [await connection.read_answer() for _ in range(5)]
    assert [answer.json() for answer in answers] == [0, 1, 2, 3, 4]
    assert [request.body for request in world.provider.requests] == [b"0", b"1", b"2", b"3", b"4"]
    assert len({answer.header("x-call-id") for answer in answers}) == 5
    assert await world.balance(visitor) == TRIAL_CREDITS - 5


async def test_a_hidden_request_is_a_body(world):
    """What stands inside a body is a body, although it looks like a request."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    hidden = f"{LINE}\r\nHost: x\r\n\r\n".encode()
    typed = ["Content-Type: text/plain", f"Content-Length: {len(hidden)}"]
    async with await world.connect() as connection:
        await connection.request(LINE, *own(visitor), *typed, body=hidden)
        assert (await connection.read_answer()).status == 200
    assert [request.body for request in world.provider.requests] == [hidden]


async def test_trailers_are_no_headers(world):
    """What follows a chunked body decides nothing and travels nowhere."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    hidden = "X-Thing: hidden\r\nAuthorization: Bearer mine\r\nContent-Type: a/b\r\n"
    for typed in ("application/json", "text/plain"):
        framed = [f"Content-Type: {typed}", "Transfer-Encoding: chunked"]
        async with await world.connect() as connection:
            body = f"2\r\n{{}}\r\n0\r\n{hidden}\r\n".encode()
            await connection.request(LINE, *own(visitor), *framed, body=body)
            assert (await connection.read_answer()).status == 200
        request = await world.provider.next_request()
        assert (request.body, request.header("content-type")) == (b"{}", typed)
        assert request.header("x-thing") is None
        assert request.header("authorization") is None


async def test_nonsense_during_an_answer_does_not_enter_it(world):
    """A client that talks nonsense while its answer comes is cut, and nothing is mixed in."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"begun", Never()], framing="length", length=100))
    async with await world.raw_call(visitor) as connection:
        head = await connection.read_head()
        await connection.send(b"\x16\x03\x01 nonsense\r\n\r\n")
        answer = await connection.read_rest(head)
    assert (answer.body, answer.complete) == (b"begun", False)
    await (await world.provider.next_request()).left.wait()
    assert (await world.newest_receipt(visitor))["state"] == "aborted"


async def test_a_body_is_waited_for_only_when_it_will_be_read(world):
    """A client that asks first is told to go on once its call is admitted, or is refused."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    typed = ["Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue"]
    async with await world.connect() as connection:
        await connection.request(LINE, "X-Paywall-Id: pw_test", *typed)
        assert (await connection.read_interim_or_head()).status == 401
    async with await world.connect() as connection:
        await connection.request(LINE, *own(visitor), *typed)
        assert (await connection.read_interim_or_head()).status == 100
        await connection.send(b"{}")
        assert (await connection.read_answer()).status == 200
    assert (await world.provider.next_request()).header("expect") is None


async def test_an_upgrade_is_not_one(world):
    """A wish for another protocol is passed over; it is not sent on either."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    wish = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    async with await world.connect() as connection:
        await connection.request(f"GET {CALL}/v1/things HTTP/1.1", *own(visitor), *wish)
        assert (await connection.read_answer()).status == 200
    request = await world.provider.next_request()
    assert request.header("upgrade") is None
    assert request.header("connection") is None


@pytest.mark.parametrize(("spare", "status"), [(0, 200), (-1, 400)])
async def test_a_head_has_a_size(world, spare, status):
    """Address and headers together may have 16,384 bytes, and not one more."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    target = f"{CALL}/v1/things?paywall_id=pw_test"
    headers = own(visitor)
    counted = ["Host: gateway.test", *headers]
    used = len(target) + sum(len(header) + len("\r\n") for header in counted)
    filler = "x" * (LIMITS["HEADER_BYTES"] - used - len("X-Filler: \r\n") - spare)
    async with await world.connect() as connection:
        line = f"GET {target} HTTP/1.1"
        await connection.request(line, *headers, f"X-Filler: {filler}")
        answer = await connection.read_answer()
    assert answer.status == status
    if status == 400:
        assert answer.json()["error"] == "invalid_request"
        assert "16384 bytes" in answer.json()["message"]


async def test_what_trails_a_body_is_no_header(world):
    """Trailers neither identify a caller nor add to the headers that were checked."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    typed = ["Content-Type: application/json", "Transfer-Encoding: chunked"]
    trailers = "Content-Type: text/evil\r\nContent-Encoding: gzip\r\nX-Trailer: yes\r\n"
    async with await world.connect() as connection:
        await connection.request(LINE, *own(visitor), *typed, body=b"2\r\n{}\r\n0\r\n")
        await connection.send(trailers, "\r\n")
        assert (await connection.read_answer()).status == 200
    request = await world.provider.next_request()
    assert request.header("content-type") == "application/json"
    assert request.header("content-encoding") is None
    assert request.header("x-trailer") is None
    identity = "".join(f"{line}\r\n" for line in own(visitor))
    async with await world.connect() as connection:
        await connection.request(LINE, "X-Paywall-Id: pw_test", *typed, body=b"0\r\n")
        await connection.send(identity, "\r\n")
        assert (await connection.read_answer()).status == 401
    assert await world.balance(visitor) == TRIAL_CREDITS - 1
