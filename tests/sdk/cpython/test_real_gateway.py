"""The SDK and the real gateway, over a socket: what either one alone cannot show.

On CPython alone: the gateway runs there, and Chromium meets it in `tests/browser/test_spa.py`.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.scripted_provider import Answer, Cut, Never, Wait
from tests.support.sdk_page import SdkPage
from tests.support.world import PAYWALL, PROVIDER, World, open_world
from tollbridge.sdk import (
    AbortedError,
    NetworkError,
    PaywallError,
    ProviderError,
    QuotaExceededError,
)
from tollbridge.sdk.storage import MemoryStorage
from tollbridge.sdk.transport import Request
from tollbridge.sdk.transport.http import HttpReply, HttpTransport


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Give a gateway whose provider answers at once."""
    async with open_world(tmp_path) as opened:
        opened.provider.always(Answer.json({"hello": "world"}))
        yield opened


@pytest.fixture
async def page(world: World) -> AsyncIterator[SdkPage]:
    """Give a page of a new visitor, who has 20 of 20 credits."""
    made = SdkPage(world)
    await made.auth.sign_in_anonymously()
    await made.billing.get_balances()
    yield made
    await made.aclose()


async def test_twenty_calls_and_no_more(page: SdkPage) -> None:
    """The counter falls by one each time, the 21st call says what ran out."""
    for left in range(19, -1, -1):
        response = await page.gateway.call(provider_id=PROVIDER, path="v1/things", body={})
        assert page.left() == left
        assert await response.json() == {"hello": "world"}
    with pytest.raises(QuotaExceededError) as caught:
        await page.gateway.call(provider_id=PROVIDER, path="v1/things", body={})
    error = caught.value
    assert error.query_type == "standard"
    assert error.current_balance is not None
    assert (error.current_balance.count, error.current_balance.granted) == (0, 20)
    assert error.request_id
    assert page.shown == [*range(20, -1, -1)]


async def test_parallel_calls_leave_the_counter_right(page: SdkPage) -> None:
    """Twenty answers in whatever order end at zero, and the counter only ever falls."""
    responses = await asyncio.gather(
        *[page.gateway.call(provider_id=PROVIDER, path="v1/things", body={}) for _ in range(20)]
    )
    for response in responses:
        await response.bytes()
    assert page.left() == 0
    assert page.shown == sorted(page.shown, reverse=True)


async def test_a_stream_is_held_back_nowhere(page: SdkPage, world: World) -> None:
    """The provider sends a chunk only when Python has the one before."""
    have = [asyncio.Event() for _ in range(3)]
    steps = [step for n, event in enumerate(have) for step in (b"%d" % n, Wait(event))]
    world.provider.always(Answer.sse(*steps))
    response = await page.gateway.call(provider_id=PROVIDER, path="v1/things", body={})
    assert response.headers.get("content-type").startswith("text/event-stream")
    got = []
    async for chunk in response:
        got.append(chunk)
        have[len(got) - 1].set()
    assert got == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n"]


async def test_stop_reaches_the_provider(page: SdkPage, world: World) -> None:
    """Leaving an answer closes the provider's connection; the credit stays spent."""
    world.provider.always(Answer.sse(b"one", Never()))
    response = await page.gateway.call(provider_id=PROVIDER, path="v1/things", body={})
    chunks = aiter(response)
    assert await anext(chunks) == b"data: one\n\n"
    request = await world.provider.next_request()
    response.abort()
    with pytest.raises(AbortedError):
        await anext(chunks)
    await request.left.wait()
    assert page.left() == 19


async def test_a_broken_answer_raises_and_the_credit_comes_back(
    page: SdkPage, world: World
) -> None:
    """A provider that breaks off before any byte costs nothing in the end, and it shows."""
    world.provider.always(Answer.sse(Cut()))
    response = await page.gateway.call(provider_id=PROVIDER, path="v1/things", body={})
    assert page.left() == 19
    with pytest.raises(NetworkError):
        await response.bytes()
    (standard,) = [r for r in await page.billing.refresh_balances() if r.type == "standard"]
    assert standard.count == 20
    assert page.left() == 20


@pytest.mark.parametrize("read", [True, False])
async def test_a_lost_answer_is_charged_once(page: SdkPage, world: World, read: bool) -> None:
    """Whether all of it had come or nothing: the replay brings the answer, for one credit."""
    carry = HttpTransport()
    lost: list[Request] = []

    async def lose_the_first(request: Request) -> HttpReply:
        reply = await carry(request)
        if lost:
            return reply
        lost.append(request)
        while read and await reply.read() is not None:
            pass
        await reply.close()
        raise NetworkError("The answer was lost.")

    client = page.billing.create_api_gateway_client(transport=lose_the_first)
    response = await client.call(provider_id=PROVIDER, path="v1/things", body={})
    assert await response.json() == {"hello": "world"}
    assert response.headers.get("idempotent-replayed") == "true"
    assert page.left() == 19
    await page.billing.refresh_balances()
    assert page.shown == [20, 19]
    await carry.aclose()


async def test_a_key_of_ones_own_is_charged_once(page: SdkPage) -> None:
    """The same call twice under one key costs one credit, and another content is refused."""
    headers = {"Idempotency-Key": "order-17"}
    for _ in range(2):
        response = await page.gateway.call(
            provider_id=PROVIDER, path="v1/things", body={"a": 1}, headers=headers
        )
        assert await response.json() == {"hello": "world"}
    with pytest.raises(PaywallError) as caught:
        await page.gateway.call(
            provider_id=PROVIDER, path="v1/things", body={"a": 2}, headers=headers
        )
    assert (caught.value.code, caught.value.status) == ("idempotency_mismatch", 422)
    assert page.shown == [20, 19]


async def test_a_refusal_of_the_providers_is_told_apart(page: SdkPage, world: World) -> None:
    """What the provider said arrives as its own, free of charge."""
    body = {"error": {"message": "Slow down.", "type": "rate_limit"}}
    world.provider.always(Answer.json(body, status=429, headers=(("retry-after", "3"),)))
    with pytest.raises(ProviderError) as caught:
        await page.gateway.call(provider_id=PROVIDER, path="v1/things", body={})
    error = caught.value
    assert (error.status, error.message, error.retry_after_s) == (429, "Slow down.", 3)
    assert error.body == body
    assert page.left() == 20


async def test_a_refusal_of_the_gateways_has_its_code(page: SdkPage) -> None:
    """An unknown provider is the gateway's own answer."""
    with pytest.raises(PaywallError) as caught:
        await page.gateway.call(provider_id="prov_none", body={})
    assert (caught.value.code, caught.value.status) == ("provider_not_found", 404)


async def test_tabs_share_a_session(world: World, page: SdkPage) -> None:
    """Two tabs that refresh at the same moment both stay signed in, as the same user."""
    storage = MemoryStorage()
    tabs = [SdkPage(world, storage) for _ in range(2)]
    first = await tabs[0].auth.sign_in_anonymously()
    assert first.user is not None
    await tabs[1].auth.sign_in_anonymously()
    for _ in range(3):
        sessions = await asyncio.gather(*[tab.auth.refresh() for tab in tabs])
        users = [session.user for session in sessions if session is not None]
        assert [user.id for user in users if user is not None] == [first.user.id] * 2
    for tab in tabs:
        assert await tab.billing.get_balances()
        await tab.aclose()


async def test_a_session_that_was_revoked_is_over(page: SdkPage, world: World) -> None:
    """After revoking, the refresh token is worth nothing, and the next visitor is a new one."""
    session = page.auth.get_cached_session()
    assert session is not None
    storage = MemoryStorage()
    await storage.set_item(f"pw-{PAYWALL}-auth-v1", session.to_text())
    await page.auth.revoke_all_sessions()
    other = SdkPage(world, storage)
    assert await other.auth.get_access_token() is None
    renewed = await other.auth.sign_in_anonymously()
    assert renewed.user is not None
    assert session.user is not None
    assert renewed.user.id != session.user.id
    await other.aclose()
