"""Whoever leaves is noticed at once: cancelling reaches the provider, closing too."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.scripted_provider import Answer, Never, ReadBody, Request, ScriptedProvider, Wait
from tollbridge.gateway.providers.http import ProviderBrokeOff, Upstream, UpstreamAnswer
from tollbridge.gateway.providers.provider import Provider

OK = Answer.json({"ok": True})
# Long after a client that leaves is noticed, on a machine that does much else.
NOTICED_S = 30


def opening(upstream: Upstream, provider: Provider, body: object = b"{}") -> asyncio.Task:
    """Start a request in a task that a test can cancel."""
    return asyncio.create_task(upstream.open(provider, "POST", "v1/x", b"", [], body))


async def leave(task: asyncio.Task[UpstreamAnswer]) -> None:
    """Cancel a request and wait until it has ended."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def is_noticed(request: Request) -> None:
    """Wait until the provider has noticed that the client left."""
    async with asyncio.timeout(NOTICED_S):
        await request.left.wait()


async def fill_up(upstream: Upstream, provider: Provider, scripted: ScriptedProvider) -> object:
    """Let an upload fill every buffer on the way; return the future of its connection's end."""
    assert upstream._connections is not None
    (connection,) = upstream._connections.all
    scripted.always(OK)
    while not connection.writing_paused:
        answer = await upstream.open(provider, "GET", "v1/other", b"", [], None)
        assert [chunk async for chunk in answer.chunks()] == [b'{"ok": true}']
        answer.close()
    return connection.lost


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedProvider]:
    """A scripted provider whose system takes little of what is not read."""
    async with ScriptedProvider(receive_bytes=4096) as provider:
        yield provider


async def is_over(lost: object) -> None:
    """Wait until a connection is gone on our side, whatever the provider does."""
    async with asyncio.timeout(NOTICED_S):
        await asyncio.wait([lost])


async def test_cancelling_before_the_headers_reaches_the_provider(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A request that is cancelled while the provider thinks has its connection closed."""
    scripted.answers(Answer(before=[Never()]))
    task = opening(upstream, provider)
    request = await scripted.next_request()
    await leave(task)
    await is_noticed(request)
    assert upstream._running == 0


@pytest.mark.parametrize("size", [64 * 1024 * 1024, None])
async def test_cancelling_in_mid_upload_does_not_wait_for_the_rest(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, size: int | None
) -> None:
    """What the provider has not taken yet is thrown away, not sent first: it sees a broken body."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65536)

    look = asyncio.Event()
    scripted.answers(Answer(before=[Wait(look), ReadBody(), Never()], reads_body=False))
    task = opening(upstream, provider, endless() if size is None else bytes(size))
    request = await scripted.next_request()
    lost = await fill_up(upstream, provider, scripted)
    await leave(task)
    await is_over(lost)
    look.set()
    await is_noticed(request)
    assert not request.body_complete.is_set()
    assert len(request.body) < 16 * 1024 * 1024


async def test_cancelling_while_connecting_leaves_nothing(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A request that is cancelled before it has a connection never arrives."""
    task = opening(upstream, provider)
    await asyncio.sleep(0)
    await leave(task)
    scripted.answers(OK)
    answer = await upstream.open(provider, "GET", "v1/y", b"", [], None)
    answer.close()
    assert [request.target for request in scripted.requests] == ["/v1/y"]
    assert upstream._running == 0


async def test_closing_an_answer_reaches_the_provider(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """`close` is not awaited, and the provider notices all the same."""
    scripted.answers(Answer(chunks=[b"first", Never()]))
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    assert await anext(answer.chunks()) == b"first"
    answer.close()
    answer.close()
    await is_noticed(await scripted.next_request())
    assert upstream._running == 0


async def test_closing_ends_a_read_that_waits(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Who reads while somebody else closes is told that the body broke off."""
    scripted.answers(Answer(chunks=[b"first", Never()]))
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    chunks = answer.chunks()
    assert await anext(chunks) == b"first"
    reading = asyncio.ensure_future(anext(chunks))
    await asyncio.sleep(0)
    answer.close()
    with pytest.raises(ProviderBrokeOff):
        await reading
    with pytest.raises(ProviderBrokeOff):
        await anext(chunks)


async def test_a_complete_answer_leaves_its_connection_to_the_next(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Closing what is complete breaks nothing off, not even what uses the connection by then."""
    go_on = asyncio.Event()
    scripted.answers(OK, Answer(chunks=[b"a", Wait(go_on), b"b"]))
    first = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    assert [chunk async for chunk in first.chunks()] == [b'{"ok": true}']
    second = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    first.close()
    go_on.set()
    assert b"".join([chunk async for chunk in second.chunks()]) == b"ab"
    second.close()
    assert scripted.connections == 1


@pytest.mark.parametrize("size", [64 * 1024 * 1024, None])
async def test_an_early_answer_ends_the_upload(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, size: int | None
) -> None:
    """A provider may answer before it has read the body; the rest of it is then not sent."""
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield bytes(65536)

    go_on = asyncio.Event()
    steps = [b"too ", Wait(go_on), b"large", Never()]
    scripted.answers(Answer(413, chunks=steps, framing="length", reads_body=False))
    body = endless() if size is None else bytes(size)
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], body)
    assert answer.status == 413
    lost = await fill_up(upstream, provider, scripted)
    before = asked
    go_on.set()
    assert b"".join([chunk async for chunk in answer.chunks()]) == b"too large"
    await is_over(lost)
    answer.close()
    assert asked == before


async def test_an_upload_that_fails_after_the_headers_breaks_the_answer_off(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A body whose source fails late leaves no half request standing at the provider."""
    fail = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        await fail.wait()
        raise ValueError("the page left")

    scripted.answers(Answer(chunks=[b"early", Never()], reads_body=False))
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], body())
    chunks = answer.chunks()
    assert await anext(chunks) == b"early"
    fail.set()
    with pytest.raises(ProviderBrokeOff):
        await anext(chunks)
    answer.close()
    await is_noticed(await scripted.next_request())


async def test_closing_the_way_breaks_off_what_runs(
    provider: Provider, scripted: ScriptedProvider
) -> None:
    """At shutdown no connection stays, and no answer looks complete."""
    upstream = Upstream()
    await upstream.start()
    scripted.answers(Answer(chunks=[b"first", Never()]))
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    chunks = answer.chunks()
    assert await anext(chunks) == b"first"
    await upstream.close()
    with pytest.raises(ProviderBrokeOff):
        await anext(chunks)
    answer.close()
    await is_noticed(await scripted.next_request())
