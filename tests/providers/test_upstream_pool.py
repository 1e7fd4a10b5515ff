"""Connections are used again, and one that died in the pool costs nobody a call."""

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncIterator

import pytest

from tests.support.scripted_provider import Answer, Cut, Never, Raw, Reset, ScriptedProvider, Wait
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.http import ProviderBrokeOff, Upstream
from tollbridge.gateway.providers.provider import Provider

OK = Answer.json({"ok": True})


async def call(upstream: Upstream, provider: Provider, body: object = b"{}") -> bytes:
    """Make a whole call."""
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], body)
    try:
        return b"".join([chunk async for chunk in answer.chunks()])
    finally:
        answer.close()


async def parts() -> AsyncIterator[bytes]:
    """Yield a body that cannot be sent twice."""
    yield b"{}"


async def test_connections_are_used_again(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Calls one after the other share a connection, streamed bodies included."""
    scripted.always(OK)
    for body in (b"{}", parts(), None, b"{}"):
        await call(upstream, provider, body)
    assert scripted.connections == 1


@pytest.mark.parametrize("step", [Cut(), Reset()])
@pytest.mark.parametrize("body", [b'{"a": 1}', None])
async def test_a_gathered_body_is_sent_once_more(
    upstream: Upstream,
    provider: Provider,
    scripted: ScriptedProvider,
    step: Cut | Reset,
    body: bytes | None,
) -> None:
    """A pooled connection that dies before any answer byte is made good on a new one."""
    scripted.answers(OK, Answer(before=[step]), OK)
    await call(upstream, provider)
    assert await call(upstream, provider, body) == b'{"ok": true}'
    _, died, again = scripted.requests
    assert (died.connection, again.connection) == (1, 2)
    assert died.body == again.body == (body or b"")


async def test_the_second_try_is_on_a_new_connection_and_the_last(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """With several dead connections in the pool, none of them is tried second; a third try is not.

    A restarted provider leaves all of its connections dead at once.
    """
    both_run = asyncio.Event()
    both = Answer(chunks=[Wait(both_run), b"a"])
    scripted.answers(both, both)
    first = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    second = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    both_run.set()
    for answer in (first, second):
        assert [chunk async for chunk in answer.chunks()] == [b"a"]
    scripted.answers(Answer(before=[Cut()]), Answer(before=[Cut()]))
    with pytest.raises(Refusal) as refused:
        await call(upstream, provider)
    assert refused.value.details == {"reason": "disconnected"}
    died, again = scripted.requests[2:]
    assert died.connection in (1, 2)
    assert again.connection == 3


async def test_a_streamed_body_is_never_sent_again(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """What has been handed on piece by piece cannot be sent twice, so the call fails."""
    scripted.answers(OK, Answer(before=[Cut()]), OK)
    await call(upstream, provider)
    with pytest.raises(Refusal) as refused:
        await call(upstream, provider, parts())
    assert refused.value.details == {"reason": "disconnected"}
    assert len(scripted.requests) == 2


async def test_an_answer_that_had_begun_is_not_asked_for_again(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """One byte of an answer, and the provider has acted: no second try."""
    scripted.answers(OK, Answer(before=[Raw(b"HTTP/1.1 2"), Cut()]), OK)
    await call(upstream, provider)
    with pytest.raises(Refusal):
        await call(upstream, provider)
    assert len(scripted.requests) == 2


async def test_a_broken_answer_is_not_asked_for_again(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A head is an answer; what breaks after it is the caller's to judge."""
    scripted.answers(OK, Answer(chunks=[b"a", Cut()]), OK)
    await call(upstream, provider)
    with pytest.raises(Exception, match="broke off"):
        await call(upstream, provider)
    assert len(scripted.requests) == 2


async def test_a_broken_connection_does_not_go_back_to_the_pool(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """After an answer that was closed early the next call has a connection of its own."""
    scripted.answers(Answer(chunks=[b"a", Never()]), OK)
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    answer.close()
    await call(upstream, provider)
    assert scripted.connections == 2


async def test_a_connection_keeps_nothing_of_the_answers_it_brought(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A connection may live for millions of calls, so it must not hold on to any of them."""
    scripted.always(OK)
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    gone = weakref.ref(answer)
    assert [chunk async for chunk in answer.chunks()] == [b'{"ok": true}']
    answer.close()
    del answer
    await call(upstream, provider)
    gc.collect()
    assert gone() is None
    assert scripted.connections == 1


async def test_dying_connections_leave_no_noise_in_the_log(
    upstream: Upstream,
    provider: Provider,
    scripted: ScriptedProvider,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is told to the caller is not logged by the loop a second time."""
    scripted.answers(Answer(before=[Reset()]), Answer(chunks=[b"a", Reset()]), OK)
    with caplog.at_level(logging.WARNING):
        with pytest.raises(Refusal):
            await call(upstream, provider)
        with pytest.raises((ProviderBrokeOff, Refusal)):
            await call(upstream, provider)
        await call(upstream, provider)
        gc.collect()
    assert caplog.records == []
