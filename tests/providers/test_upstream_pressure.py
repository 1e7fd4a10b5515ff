"""Nothing is piled up: a slow reader slows the provider down, a slow provider the page."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

from tests.support.scripted_provider import Answer, ReadBody, ScriptedProvider, Wait
from tollbridge.gateway.providers.http import Upstream
from tollbridge.gateway.providers.provider import Provider

OK = Answer.json({"ok": True})
CHUNKS = 256
CHUNK_BYTES = 128 * 1024
# What the system's socket buffers and the clients' own may take; a pile would be 32 MiB.
PILE_BYTES_MAX = 16 * 1024 * 1024


async def let_others_work(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Make two hundred calls: time in which whatever can get on, gets on."""
    scripted.always(OK)
    for _ in range(200):
        answer = await upstream.open(provider, "GET", "v1/other", b"", [], None)
        assert [chunk async for chunk in answer.chunks()] == [b'{"ok": true}']
        answer.close()


async def test_a_slow_reader_slows_the_provider_down(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """While nobody reads, the provider cannot get rid of its bytes; then all of them come."""
    chunks = [bytes([number % 256]) * CHUNK_BYTES for number in range(CHUNKS)]
    scripted.answers(Answer(chunks=chunks))
    answer = await upstream.open(provider, "POST", "v1/x", b"", [], b"{}")
    request = await scripted.next_request()
    await let_others_work(upstream, provider, scripted)
    assert not request.done.is_set()
    assert request.bytes_sent < PILE_BYTES_MAX
    received = hashlib.sha256()
    async for chunk in answer.chunks():
        received.update(chunk)
    answer.close()
    assert received.digest() == hashlib.sha256(b"".join(chunks)).digest()


async def test_a_slow_provider_slows_the_page_down(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """While the provider does not read, no more parts are asked for; then all of them arrive."""
    asked = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal asked
        for number in range(CHUNKS):
            asked += 1
            yield bytes([number % 256]) * CHUNK_BYTES

    read = asyncio.Event()
    scripted.answers(Answer(before=[Wait(read), ReadBody()], chunks=[b"a"], reads_body=False))
    opening = asyncio.create_task(upstream.open(provider, "POST", "v1/x", b"", [], body()))
    request = await scripted.next_request()
    await let_others_work(upstream, provider, scripted)
    assert 0 < asked * CHUNK_BYTES < PILE_BYTES_MAX
    read.set()
    answer = await opening
    assert [chunk async for chunk in answer.chunks()] == [b"a"]
    answer.close()
    expected = b"".join(bytes([number % 256]) * CHUNK_BYTES for number in range(CHUNKS))
    assert hashlib.sha256(request.body).digest() == hashlib.sha256(expected).digest()
