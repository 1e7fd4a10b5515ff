"""`requests` and `urllib` on CPython, in a thread beside the page's event loop.

In a page they are tried by `tests/browser/test_other_sdks.py`.
"""

import asyncio
import json
import time
from typing import Any

import pytest
import requests

from tests.support.scripted_provider import Answer, Cut, Never
from tests.support.sdk_page import SdkPage
from tests.support.world import PROVIDER, World
from tollbridge.adapters import requests_session, urllib_opener
from tollbridge.adapters.driving import run_to_end
from tollbridge.adapters.read_reply import ReadReply
from tollbridge.sdk import PaywallError, ProviderError, QuotaExceededError
from tollbridge.sdk.transport import Request

HELLO = Answer.json({"hello": "world"})
in_thread = asyncio.to_thread


async def test_requests_calls_and_counts(page: SdkPage, world: World) -> None:
    """A path is the provider's, the body arrives as it was given, the counter falls."""
    world.provider.always(HELLO)
    session = requests_session(page.gateway, PROVIDER)
    answer = await in_thread(session.post, "v1/things?n=1", json={"say": "hello"})
    assert (answer.status_code, answer.json()) == (200, {"hello": "world"})
    request = await world.provider.next_request()
    assert (request.method, request.target) == ("POST", "/v1/things?n=1")
    assert json.loads(request.body) == {"say": "hello"}
    assert request.header("content-type") == "application/json"
    whole = await in_thread(session.get, session.base_url + "v1/things")
    assert whole.ok
    assert page.shown == [20, 19, 18]


async def test_requests_sends_files(page: SdkPage, world: World) -> None:
    """A form keeps its boundary."""
    world.provider.always(HELLO)
    session = requests_session(page.gateway, PROVIDER)
    answer = await in_thread(session.post, "v1/things", files={"file": ("a.txt", b"contents")})
    assert answer.ok
    request = await world.provider.next_request()
    boundary = request.header("content-type").partition("boundary=")[2]
    assert request.body.startswith(f"--{boundary}".encode())
    assert b"contents" in request.body


async def test_urllib_opens_whole_answers(page: SdkPage, world: World) -> None:
    """With data it is a POST, as JSON where the data is none of bytes; without, a GET."""
    world.provider.always(HELLO)
    opener = urllib_opener(page.gateway, PROVIDER)
    with await in_thread(opener.open, "v1/things", {"say": "hello"}) as answer:
        assert (answer.status, json.load(answer)) == (200, {"hello": "world"})
        assert answer.headers["x-credits-charged"] == "1"
    with await in_thread(opener.open, "v1/things") as answer:
        assert answer.read() == b'{"hello": "world"}'
    sent = [(request.method, request.body) for request in world.provider.requests]
    assert sent == [("POST", b'{"say": "hello"}'), ("GET", b"")]
    assert page.left() == 18


@pytest.mark.parametrize("kind", ["requests", "urllib"])
async def test_no_credits_raise_our_error(page: SdkPage, world: World, kind: str) -> None:
    """After the gateway's listeners heard of it, and with the counter at what is left."""
    heard: list[PaywallError] = []
    page.gateway.on_quota(heard.append)
    world.provider.always(HELLO)
    for _ in range(20):
        await page.gateway.call(provider_id=PROVIDER, path="v1/things", body={})
    ask = _asker(page, kind)
    with pytest.raises(QuotaExceededError) as caught:
        await in_thread(ask, "v1/things", {})
    assert heard == [caught.value]
    assert page.left() == 0
    assert len(world.provider.requests) == 20


async def test_the_providers_refusal_is_what_each_expects(page: SdkPage, world: World) -> None:
    """To `requests` a response, else a `ProviderError`; it costs nothing."""
    world.provider.always(Answer.json({"error": "too hot"}, status=418))
    answer = await in_thread(_asker(page, "requests"), "v1/things", {})
    assert (answer.status_code, answer.json()) == (418, {"error": "too hot"})
    with pytest.raises(ProviderError) as caught:
        await in_thread(_asker(page, "urllib"), "v1/things", {})
    assert (caught.value.status, caught.value.body) == (418, {"error": "too hot"})
    await page.billing.refresh_balances()
    assert page.left() == 20


@pytest.mark.parametrize("kind", ["requests", "urllib"])
async def test_a_lost_answer_is_asked_for_again(page: SdkPage, world: World, kind: str) -> None:
    """Under its key: what broke off cannot be had again, and is not paid for twice."""
    begun = Answer(headers=[("content-length", "9")], chunks=[b"half", Cut()], framing="close")
    world.provider.always(begun)
    with pytest.raises(PaywallError) as caught:
        await in_thread(_asker(page, kind), "v1/things", {})
    assert caught.value.code == "call_already_charged"
    assert len(world.provider.requests) == 1
    await page.billing.refresh_balances()
    assert page.left() == 19


async def test_requests_reads_a_stream_as_it_comes(page: SdkPage, world: World) -> None:
    """Closing it reaches the provider."""
    world.provider.always(Answer.sse(b"one", Never()))
    session = requests_session(page.gateway, PROVIDER)
    answer = await in_thread(session.post, "v1/things", json={}, stream=True)
    lines = answer.iter_lines(chunk_size=1)
    assert await in_thread(next, lines) == b"data: one"
    request = await world.provider.next_request()
    await in_thread(answer.close)
    await request.left.wait()
    assert page.left() == 19


async def test_a_session_reaches_nothing_else(page: SdkPage, world: World) -> None:
    """A whole address elsewhere is refused by `requests` itself."""
    session = requests_session(page.gateway, PROVIDER)
    with pytest.raises(requests.exceptions.InvalidSchema):
        await in_thread(session.get, f"{world.provider.url}/v1/things")
    assert world.provider.requests == []


async def test_a_token_is_used_while_it_lasts(page: SdkPage, world: World) -> None:
    """Where nothing can be waited for, it is renewed beside the call, and needed after its end."""
    sent: list[str] = []

    async def carry(request: Request) -> ReadReply:
        sent.append(request.headers["authorization"])
        return ReadReply(200, [], b"{}")

    def call() -> Any:
        return page.gateway.call(provider_id=PROVIDER, path="v1/things", body={}, transport=carry)

    first = page.auth.get_cached_session()
    assert first is not None
    first.expires_at = time.time() + 30
    assert run_to_end(run_to_end(call()).json()) == {}
    assert sent == [f"Bearer {first.access_token}"]
    first.expires_at = time.time() - 1
    with pytest.raises(PaywallError) as caught:
        run_to_end(call())
    assert caught.value.code == "cannot_wait"
    await page.auth.get_access_token()
    run_to_end(call())
    assert sent[1] != sent[0]


async def test_work_that_waits_is_told_why_it_cannot() -> None:
    """It may go on without what it waited for."""
    refused: list[str] = []

    async def work() -> str:
        for _ in range(2):
            try:
                await asyncio.sleep(0)
            except PaywallError as error:
                refused.append(error.code)
        return "done"

    assert run_to_end(work()) == "done"
    assert refused == ["cannot_wait", "cannot_wait"]


def _asker(page: SdkPage, kind: str) -> Any:
    if kind == "urllib":
        return urllib_opener(page.gateway, PROVIDER).open
    session = requests_session(page.gateway, PROVIDER)
    return lambda path, body: session.post(path, json=body)
