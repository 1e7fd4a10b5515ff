"""Every answer can be read by a page on another origin; whether it may call is another question."""

import asyncio

import pytest

from tests.support.scripted_provider import Answer, Cut, Wait
from tests.support.world import CALL, open_world
from tollbridge.gateway.data_folder import database_file
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.paywalls.queries import store_paywall
from tollbridge.wire.headers import EXPOSED

APP = "https://app.example"
FROM_APP = f"Origin: {APP}"
THINGS = f"{CALL}/v1/things"


def check_readable(answer, origin=APP):
    """Look that a page of this origin can read an answer, its headers and its request id."""
    assert answer.header("access-control-allow-origin") == origin
    assert answer.header("access-control-expose-headers") == ", ".join(EXPOSED)
    assert answer.header("access-control-allow-credentials") is None
    assert "origin" in (answer.header("vary") or "")
    assert (answer.header("x-request-id") or "").startswith("req_")


async def preflight(world, *headers, target=THINGS):
    """Ask whether a request would be allowed."""
    async with await world.connect() as connection:
        wish = ("Access-Control-Request-Method: POST", *headers)
        await connection.request(f"OPTIONS {target} HTTP/1.1", FROM_APP, *wish)
        return await connection.read_answer()


async def test_a_preflight_is_answered_first(world):
    """204, origin and headers reflected, for two hours; also for what does not exist."""
    wanted = "authorization, content-type, x-paywall-id, x-sdk-version, x-whatever"
    for target in (THINGS, "/api/v1/paywall/pw_unknown/balances", "/nowhere", "/healthz"):
        answer = await preflight(world, f"Access-Control-Request-Headers: {wanted}", target=target)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.header("access-control-allow-origin") == APP
        assert answer.header("access-control-allow-headers") == wanted
        assert answer.header("access-control-allow-methods") == "GET, POST"
        assert answer.header("access-control-max-age") == "7200"
        assert answer.header("access-control-allow-credentials") is None
        assert answer.header("vary") == "origin, access-control-request-headers"
        assert (answer.header("x-request-id") or "").startswith("req_")


async def test_a_preflight_without_headers(world):
    """Nothing is allowed that was not asked for."""
    answer = await preflight(world)
    assert answer.status == 204
    assert answer.header("access-control-allow-headers") is None


async def test_a_preflight_needs_no_database(tmp_path):
    """It is answered by a gateway whose store is gone."""
    async with open_world(tmp_path) as world:
        await world.gateway.database.close()
        assert (await preflight(world)).status == 204
        async with world.client.get(f"{world.url}/readyz") as answer:
            assert answer.status == 503
        assert database_file(world.gateway.settings).is_file()


async def test_an_options_that_is_no_preflight(world):
    """It is a method like others, and refused like others."""
    async with await world.connect() as connection:
        await connection.request(f"OPTIONS {THINGS} HTTP/1.1", FROM_APP)
        answer = await connection.read_answer()
    check_readable(answer)
    assert (answer.status, answer.json()["error"]) == (405, "method_not_allowed")


async def test_refusals_can_be_read(world):
    """From the form of a request to an empty balance."""
    visitor = await world.sign_in()
    own = [f"{name}: {value}" for name, value in visitor.headers.items()]
    empty = "Content-Length: 0"
    await world.drain(visitor, 0)
    for status, line, *headers in [
        (405, f"PUT {THINGS} HTTP/1.1", *own, empty),
        (400, f"POST {THINGS} HTTP/1.1", empty),
        (401, f"POST {THINGS}?paywall_id=pw_test HTTP/1.1", empty),
        (403, f"POST {CALL}/v2 HTTP/1.1", *own, empty),
        (404, "POST /api/v1/api-gateway/prov_none/v1 HTTP/1.1", *own, empty),
        (402, f"POST {THINGS} HTTP/1.1", *own, empty),
        (413, f"POST {THINGS} HTTP/1.1", *own, "Content-Length: 99999999"),
        (404, "GET /nowhere HTTP/1.1"),
        (404, "GET /api/v1/paywall/pw_test/calls/call_x HTTP/1.1", *own),
        (405, "DELETE /api/v1/paywall/pw_test/balances HTTP/1.1", *own),
        (401, "GET /api/v1/paywall/pw_test/balances HTTP/1.1"),
        (400, "POST /api/v1/paywall/pw_test/auth/refresh HTTP/1.1", empty),
    ]:
        async with await world.connect() as connection:
            await connection.request(line, FROM_APP, *headers)
            answer = await connection.read_answer()
        assert answer.status == status, line
        check_readable(answer)
        body = answer.json()
        assert body["request_id"] == answer.header("x-request-id")
        assert answer.header("x-error-source") == "gateway"


async def test_a_fault_of_ours_can_be_read(world):
    """A 500 too: here the store holds something that nobody wrote."""
    visitor = await world.sign_in()

    def spoil():
        from tollbridge.gateway.database import Statement

        yield Statement("update providers set allow = 'nonsense'")

    await world.write(spoil())
    async with await world.raw_call(visitor, FROM_APP) as connection:
        answer = await connection.read_answer()
    assert (answer.status, answer.json()["error"]) == (500, "internal_error")
    assert answer.json()["request_id"] in answer.json()["message"]
    assert "nonsense" not in answer.body.decode()
    check_readable(answer)


async def test_streams_can_be_read(world):
    """With the headers, before any byte, and also where it breaks off later."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.answers(Answer.sse(b"one", Wait(go_on), Cut()))
    async with await world.raw_call(visitor, FROM_APP) as connection:
        head = await connection.read_head()
        check_readable(head)
        assert head.header("x-query-type") == "standard"
        go_on.set()
        assert not (await connection.read_rest(head)).complete


async def test_a_providers_refusal_can_be_read(world):
    """Its own CORS headers are not mixed in."""
    visitor = await world.sign_in()
    theirs = [("access-control-allow-origin", "*"), ("access-control-allow-credentials", "true")]
    world.provider.answers(Answer(429, theirs, framing="length"))
    async with await world.raw_call(visitor, FROM_APP) as connection:
        answer = await connection.read_answer()
    assert answer.status == 429
    check_readable(answer)


async def test_without_an_origin_nothing_is_said(world):
    """Who is no page of another origin needs no leave; id and `Vary` stand all the same."""
    async with await world.connect() as connection:
        await connection.request("GET /healthz HTTP/1.1")
        answer = await connection.read_answer()
    assert answer.header("access-control-allow-origin") is None
    assert answer.header("vary") == "origin"
    assert (answer.header("x-request-id") or "").startswith("req_")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (APP, 200),
        ("https://APP.example", 200),
        ("https://evil.example", 403),
        ("https://app.example.evil.example", 403),
        ("http://app.example", 403),
        ("https://app.example:8443", 403),
        ("null", 403),
    ],
)
async def test_a_paywalls_list_is_enforced_on_the_request(world, origin, status):
    """A page that is not listed is told so in an answer that it can read, and costs nothing."""
    listed = Paywall("pw_test", origins=(APP,), query_types={"standard": 20})
    await world.write(store_paywall(listed))
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with await world.raw_call(visitor, f"Origin: {origin}") as connection:
        answer = await connection.read_answer()
    assert answer.status == status
    check_readable(answer, origin)
    if status == 403:
        assert answer.json()["error"] == "origin_not_allowed"
        assert answer.json()["details"] == {"origin": origin}
        assert world.provider.requests == []
    assert await world.balance(visitor) == (19 if status == 200 else 20)
