"""`openai` and `anthropic`, unmodified, on CPython over the SDK's own transport."""

import asyncio
from typing import Any

import pytest

from tests.support.scripted_provider import Answer, Cut, Never, Wait
from tests.support.sdk_page import SdkPage
from tests.support.world import World
from tollbridge.sdk import ConfigError, NetworkError, PaywallError, QuotaExceededError

TOO_MANY = Answer.json(
    {"error": {"message": "slow down", "type": "rate_limit_error"}},
    status=429,
    headers=[("retry-after", "0"), ("retry-after-ms", "1")],
)


async def test_a_plain_answer_costs_a_credit(
    sdk: Any, client: Any, page: SdkPage, world: World
) -> None:
    """It reaches the provider at its own path, without a key, and the counter falls."""
    world.provider.always(sdk.answer("Good day"))
    assert await sdk.ask(client) == "Good day"
    assert page.shown == [20, 19]
    request = await world.provider.next_request()
    assert request.target == sdk.path
    assert b"the-gateway-has-it" not in b"".join(value for _, value in request.headers)


async def test_a_stream_is_held_back_nowhere(
    sdk: Any, client: Any, page: SdkPage, world: World
) -> None:
    """The provider sends a word only when the reader has the one before; its end is an end."""
    have = [asyncio.Event() for _ in range(3)]
    steps = [step for n, event in enumerate(have) for step in (sdk.event(str(n)), Wait(event))]
    world.provider.always(Answer.sse(*steps, sdk.end))
    got = []
    async for word in sdk.words(await sdk.stream(client)):
        got.append(word)
        have[len(got) - 1].set()
    assert got == ["0", "1", "2"]
    assert page.left() == 19
    request = await world.provider.next_request()
    await request.done.wait()
    assert not request.left.is_set()


async def test_a_closed_stream_is_seen_at_the_provider(
    sdk: Any, client: Any, page: SdkPage, world: World
) -> None:
    """Leaving it early closes the provider's connection; the credit stays spent."""
    world.provider.always(Answer.sse(sdk.event("one"), Never()))
    stream = await sdk.stream(client)
    assert await anext(sdk.words(stream)) == "one"
    request = await world.provider.next_request()
    await stream.close()
    await request.left.wait()
    assert page.left() == 19


@pytest.mark.parametrize("answer", ["headers", "body"])
async def test_a_cancelled_task_is_seen_at_the_provider(
    sdk: Any, client: Any, world: World, answer: str
) -> None:
    """Whether it waits for the answer or for its next word."""
    never = Answer(before=[Never()]) if answer == "headers" else Answer.sse(Never())
    world.provider.always(never)

    async def listen() -> None:
        async for _ in sdk.words(await sdk.stream(client)):
            pass

    task = asyncio.create_task(listen())
    request = await world.provider.next_request()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await request.left.wait()


async def test_no_credits_raise_our_error_once(
    sdk: Any, client: Any, page: SdkPage, world: World
) -> None:
    """The one that the gateway's listeners heard of, an error of the other SDK's too, sent once."""
    heard: list[PaywallError] = []
    page.gateway.on_quota(heard.append)
    visitor = page.auth.get_cached_session()
    assert visitor is not None
    for _ in range(20):
        world.provider.answers(sdk.answer("yes"))
        await sdk.ask(client)
    with pytest.raises(QuotaExceededError) as caught:
        await sdk.ask(client)
    assert isinstance(caught.value, sdk.error)
    assert [caught.value] == heard
    assert (caught.value.code, caught.value.query_type) == ("not_enough_queries", "standard")
    assert page.left() == 0
    assert len(world.provider.requests) == 20
    with pytest.raises(QuotaExceededError):
        await sdk.stream(client)


async def test_a_refusal_of_the_gateways_has_its_code(
    sdk: Any, client: Any, page: SdkPage, world: World
) -> None:
    """It is an error of both SDKs, and is not tried again, not even a 409."""
    world.provider.always(Answer.sse(sdk.event("one"), sdk.end))
    under_key = client.with_options(default_headers={"Idempotency-Key": "order-1"})
    async for _ in sdk.words(await sdk.stream(under_key)):
        pass
    with pytest.raises(PaywallError) as caught:
        await sdk.stream(under_key)
    assert isinstance(caught.value, sdk.error)
    assert caught.value.code == "call_already_charged"
    assert len(world.provider.requests) == 1
    assert page.left() == 19


async def test_a_refusal_of_the_providers_is_theirs(
    sdk: Any, client: Any, page: SdkPage, world: World
) -> None:
    """Its class, status and body are those of the SDK, which tries again as it always does.

    Each try is a call of its own, and one that was refused costs nothing.
    """
    world.provider.answers(TOO_MANY, TOO_MANY, sdk.answer("at last"))
    assert await sdk.ask(client) == "at last"
    assert page.left() == 19
    world.provider.answers(TOO_MANY)
    with pytest.raises(sdk.limited) as caught:
        await sdk.ask(client.with_options(max_retries=0))
    assert caught.value.status_code == 429
    assert "slow down" in str(caught.value)
    assert not isinstance(caught.value, PaywallError)
    assert await page.billing.refresh_balances()
    assert page.left() == 19


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_broken_answer_is_charged_once(
    sdk: Any, client: Any, page: SdkPage, world: World, streamed: bool
) -> None:
    """It raises, and is not asked for again behind the caller's back: that would cost again."""
    world.provider.always(Answer.sse(sdk.event("one"), Cut()))

    async def listen() -> None:
        async for _ in sdk.words(await sdk.stream(client)):
            pass

    with pytest.raises(NetworkError) as caught:
        await (listen() if streamed else sdk.ask(client))
    assert isinstance(caught.value, sdk.error)
    assert len(world.provider.requests) == 1
    await page.billing.refresh_balances()
    assert page.left() == 19


@pytest.mark.parametrize("silent", ["headers", "body"])
async def test_a_timeout_stops_the_call(sdk: Any, client: Any, world: World, silent: str) -> None:
    """The SDK's own read timeout holds; the provider sees it, and the call is not repeated."""
    never = Answer(before=[Never()]) if silent == "headers" else Answer.sse(Never())
    world.provider.always(never)
    with pytest.raises(NetworkError, match=r"0\.5 s") as caught:
        await sdk.ask(client, timeout=0.5)
    assert isinstance(caught.value, sdk.error)
    (request,) = world.provider.requests
    await request.left.wait()


async def test_a_renewed_session_goes_unnoticed(
    sdk: Any, client: Any, page: SdkPage, world: World
) -> None:
    """A token that the gateway refuses is renewed behind the SDK, which never sees the 401."""
    world.provider.always(sdk.answer("yes"))
    session = page.auth.get_cached_session()
    assert session is not None
    session.access_token = "ended"
    assert await sdk.ask(client) == "yes"
    assert page.left() == 19


async def test_no_other_address_is_reached(sdk: Any, client: Any, world: World) -> None:
    """A whole address is refused: neither the session nor a prompt goes anywhere else."""
    with pytest.raises(ConfigError) as caught:
        await client.post(f"{world.provider.url}/v1/things", cast_to=object, body={})
    assert caught.value.code == "invalid_argument"
    assert world.provider.requests == []


async def test_the_gateway_stays_open(sdk: Any, page: SdkPage, world: World) -> None:
    """Closing the SDK's client closes nothing of the page's."""
    world.provider.always(sdk.answer("yes"))
    async with sdk.client(page.gateway) as first:
        await sdk.ask(first)
    async with sdk.client(page.gateway) as second:
        await sdk.ask(second)
    assert page.left() == 18
