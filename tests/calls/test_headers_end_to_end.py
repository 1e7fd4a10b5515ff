"""Headers from the page to the provider and back, over real connections."""

import pytest

from tests.support.scripted_provider import Answer
from tollbridge.gateway.secret import Secret

STAYS_HERE = {
    "Cookie": "session=1",
    "Origin": "https://app.example",
    "Referer": "https://app.example/page",
    "X-Api-Key": "sk_wrong",
    "X-User-Id": "user_other",
    "X-User-Email": "other@example.com",
    "X-SDK-Version": "1.2.3",
    "X-SDK-Capabilities": "a,b",
    "X-Forwarded-For": "10.0.0.1",
    "Forwarded": "for=10.0.0.1",
    "Via": "1.1 proxy",
    "Idempotency-Key": "abc",
    "If-None-Match": '"x"',
    "Proxy-Authorization": "Basic eDp5",
    "Keep-Alive": "5",
    "TE": "trailers",
    "Sec-Fetch-Site": "cross-site",
    "X-HTTP-Method-Override": "DELETE",
    "X-Hop": "listed by Connection",
}
STAYS_THERE = {
    "Set-Cookie": "a=b",
    "Clear-Site-Data": '"*"',
    "Service-Worker-Allowed": "/",
    "Alt-Svc": 'h3=":443"',
    "Strict-Transport-Security": "max-age=1",
    "Refresh": "0",
    "Link": "</x>; rel=preload",
    "Access-Control-Allow-Origin": "https://provider.example",
    "Access-Control-Allow-Credentials": "true",
    "Content-Security-Policy": "default-src *",
    "OpenAI-Organization": "org-1",
    "X-RateLimit-Remaining-Requests": "5",
    "X-Call-Id": "call_forged",
    "X-Credits-Charged": "99",
    "X-Credits-Remaining": "99",
    "X-Query-Type": "forged",
    "X-Error-Source": "gateway",
    "Idempotent-Replayed": "true",
    "X_Call_Id": "call_forged",
    "Cache-Control": "public, max-age=600",
}
OURS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
}


async def test_what_identifies_the_page_stays_here(world):
    """The provider gets the key and the page's own headers, and nothing that says who calls."""
    await world.add_provider(key=Secret("the-key"))
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    sent = {**STAYS_HERE, "Connection": "close, X-Hop", "X-Mine": "yes", "Accept": "a/b"}
    async with world.call(visitor, headers=sent) as answer:
        assert answer.status == 200
    request = await world.provider.next_request()
    for name in STAYS_HERE:
        assert request.header(name) is None, name
    assert request.header("authorization") == "Bearer the-key"
    assert request.header("x-mine") == "yes"
    assert request.header("accept") == "a/b"
    assert request.header("accept-encoding") == "identity"
    assert request.header("host") == world.provider.url.removeprefix("http://")
    assert request.header("user-agent") is None
    whole = repr(request.headers)
    assert visitor.token not in whole
    assert visitor.user_id not in whole
    assert "pw_test" not in whole + request.target


async def test_a_page_cannot_choose_the_key(world):
    """Whatever the page sends in the key's place, the key goes out, and once."""
    await world.add_provider(key=Secret("the-key"), key_header="x-provider-key")
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    forged = {"X-Provider-Key": "mine", "X_Provider_Key": "mine too"}
    async with world.call(visitor, headers=forged) as answer:
        assert answer.status == 200
    request = await world.provider.next_request()
    assert request.header("x-provider-key") == "the-key"
    assert request.header("x_provider_key") is None
    assert request.header("authorization") is None


@pytest.mark.parametrize("status", [200, 500])
async def test_what_is_the_providers_own_stays_there(world, status):
    """Nothing that would act on our origin, tell of the account or pass for ours comes back."""
    visitor = await world.sign_in()
    theirs = [*STAYS_THERE.items(), ("x-request-id", "req_theirs"), ("x-thing", "passes")]
    world.provider.answers(Answer(status, theirs, [b"x"], framing="length"))
    async with world.call(visitor) as answer:
        for name, value in STAYS_THERE.items():
            assert value not in answer.headers.getall(name, []), name
        for name, value in OURS.items():
            assert answer.headers.getall(name) == [value], name
        assert answer.headers["X-Thing"] == "passes"
        assert answer.headers["X-Provider-Request-Id"] == "req_theirs"
        assert answer.headers["X-Request-Id"].startswith("req_01")
        assert len(answer.headers.getall("X-Call-Id")) == 1


@pytest.mark.parametrize("value", ["caf\xe9", "a\x01b", "a\tb"])
async def test_values_that_cannot_travel_are_refused(world, value):
    """Bytes that are not UTF-8 or control characters are the page's mistake; nothing is held."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    async with await world.raw_call(visitor, f"X-Thing: {value}") as connection:
        answer = await connection.read_answer()
    assert answer.status == (200 if value == "a\tb" else 400)
    assert await world.balance(visitor) == (19 if value == "a\tb" else 20)
    assert len(world.provider.requests) == (1 if value == "a\tb" else 0)


async def test_odd_but_legal_values_travel_as_they_are(world):
    """UTF-8, empty and long values, and a name twice, reach the provider in their order."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    sent = [
        "X-Name: Gr\xc3\xbc\xc3\x9fe",
        "X-Empty:",
        "X-Long: " + "x" * 8000,
        "X-Two: 1",
        "X-Two: 2",
    ]
    async with await world.raw_call(visitor, *sent) as connection:
        assert (await connection.read_answer()).status == 200
    request = await world.provider.next_request()
    assert request.header("x-name") == "Gr\xc3\xbc\xc3\x9fe"
    assert request.header("x-empty") == ""
    assert request.header("x-long") == "x" * 8000
    assert request.header("x-two") == "1, 2"
