"""What comes back: every byte, as it comes, and an end only where there is one."""

import asyncio
import gzip
import random

import pytest

from tests.support.scripted_provider import (
    Answer,
    Cut,
    Never,
    Raw,
    Reset,
    ScriptedProvider,
    Wait,
)
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.http import (
    ProviderBrokeOff,
    ProviderIdle,
    Upstream,
    UpstreamAnswer,
)
from tollbridge.gateway.providers.provider import Provider


async def ask(upstream: Upstream, provider: Provider, **fields: object) -> UpstreamAnswer:
    """Send a request whose answer a test reads itself."""
    return await upstream.open(provider, "POST", "v1/x", b"", [], b"{}", **fields)


async def read(answer: UpstreamAnswer) -> bytes:
    """Read an answer to its end and close it."""
    try:
        return b"".join([chunk async for chunk in answer.chunks()])
    finally:
        answer.close()


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_all_bytes_come(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, framing: str
) -> None:
    """However the end is told, the bytes are the provider's."""
    pieces = [random.Random(n).randbytes(n * 977 + 1) for n in range(40)]
    scripted.answers(Answer(201, [("x-a", "1"), ("X-B", "2")], pieces, framing=framing))
    answer = await ask(upstream, provider)
    assert answer.status == 201
    assert answer.headers[:2] == [(b"x-a", b"1"), (b"X-B", b"2")]
    assert not answer.bodiless
    assert answer.end_is_known is (framing != "close")
    assert await read(answer) == b"".join(pieces)


async def test_no_chunk_is_held_back(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """The provider sends the next chunk only when we have this one, and both get on."""
    gates = [asyncio.Event() for _ in range(20)]
    steps = [step for n, gate in enumerate(gates) for step in (b"%d" % n, Wait(gate))]
    scripted.answers(Answer.sse(*steps))
    answer = await ask(upstream, provider)
    chunks = answer.chunks()
    for number, gate in enumerate(gates):
        assert await anext(chunks) == b"data: %d\n\n" % number
        gate.set()
    with pytest.raises(StopAsyncIteration):
        await anext(chunks)
    answer.close()


async def test_a_compressed_answer_stays_compressed(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Bytes pass undecoded, so that length and encoding stay true."""
    packed = gzip.compress(b"text " * 1000)
    scripted.answers(Answer(200, [("content-encoding", "gzip")], [packed], framing="length"))
    answer = await ask(upstream, provider)
    assert (b"content-encoding", b"gzip") in answer.headers
    assert await read(answer) == packed


@pytest.mark.parametrize(
    ("status", "framing", "bodiless"),
    [
        (204, "close", True),
        (205, "length", True),
        (304, "close", True),
        (200, "length", True),
        (200, "chunked", False),
        (200, "close", False),
    ],
)
async def test_answers_without_a_body(
    upstream: Upstream,
    provider: Provider,
    scripted: ScriptedProvider,
    status: int,
    framing: str,
    bodiless: bool,
) -> None:
    """A head that announces no body says so at once; the others turn out empty."""
    scripted.answers(Answer(status, framing=framing))
    answer = await ask(upstream, provider)
    assert answer.bodiless is bodiless
    assert await read(answer) == b""


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 429, 500])
async def test_other_answers_come_as_they_are(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, status: int
) -> None:
    """Refusals have their body, and a redirect is an answer like any other: nothing follows it."""
    headers = [("location", "/elsewhere"), ("retry-after", "7")]
    scripted.answers(Answer.json({"no": 1}, status=status, headers=headers))
    answer = await ask(upstream, provider)
    assert answer.status == status
    assert (b"retry-after", b"7") in answer.headers
    assert await read(answer) == b'{"no": 1}'
    assert len(scripted.requests) == 1


async def test_interim_answers_are_passed_over(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A 103 is not the answer."""
    scripted.answers(
        Answer(200, before=[Raw(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n")], chunks=[b"a"])
    )
    answer = await ask(upstream, provider)
    assert answer.status == 200
    assert await read(answer) == b"a"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(chunks=[b"some", Cut()]),
        Answer(chunks=[b"some", Raw(b"10\r\nhalf"), Cut()]),
        Answer(chunks=[b"some", Cut()], framing="length", length=10),
        Answer(chunks=[b"some", Raw(b"4\r\nhalf a chunk\r\n"), Never()]),
        Answer(chunks=[b"some", Raw(b"not a size\r\n"), Never()]),
        Answer(chunks=[b"some", Raw(b"-1\r\n"), Never()]),
        Answer(chunks=[b"some", Raw(b"fffffffffffffffff\r\n"), Never()]),
    ],
)
async def test_a_broken_body_never_looks_like_an_end(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, answer: Answer
) -> None:
    """What came before the break is handed over, then the break is told, without any time limit."""
    go_on = asyncio.Event()
    first, *rest = answer.chunks
    scripted.answers(
        Answer(chunks=[first, Wait(go_on), *rest], framing=answer.framing, length=answer.length)
    )
    opened = await ask(upstream, provider)
    chunks = opened.chunks()
    received = await anext(chunks)
    go_on.set()
    error: ProviderBrokeOff | None = None
    try:
        async for chunk in chunks:
            received += chunk
    except ProviderBrokeOff as broken:
        error = broken
    assert received.startswith(b"some")
    assert error is not None
    assert not error.idle
    with pytest.raises(ProviderBrokeOff):
        await anext(chunks)
    opened.close()


async def test_what_was_not_read_yet_is_handed_over_before_the_break(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A slow reader gets all that came before a cut, then the cut."""
    scripted.answers(Answer(chunks=[b"one ", b"two ", b"three", Cut()]))
    answer = await ask(upstream, provider)
    await (await scripted.next_request()).done.wait()
    assert answer._connection is not None
    await answer._connection.lost
    chunks = answer.chunks()
    assert await anext(chunks) == b"one two three"
    with pytest.raises(ProviderBrokeOff):
        await anext(chunks)
    answer.close()


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
async def test_a_reset_is_a_break_in_every_framing(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, framing: str
) -> None:
    """Even a body that ends with its connection has not ended when that is reset."""
    go_on = asyncio.Event()
    scripted.answers(Answer(chunks=[b"some", Wait(go_on), Reset()], framing=framing, length=99))
    answer = await ask(upstream, provider)
    chunks = answer.chunks()
    assert await anext(chunks) == b"some"
    go_on.set()
    with pytest.raises(ProviderBrokeOff):
        await anext(chunks)
    answer.close()


async def test_a_cut_before_the_first_byte_is_a_break(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Headers alone are no answer where a body was due."""
    go_on = asyncio.Event()
    scripted.answers(Answer(chunks=[Wait(go_on), Cut()]))
    answer = await ask(upstream, provider)
    go_on.set()
    with pytest.raises(ProviderBrokeOff):
        await read(answer)


@pytest.mark.parametrize(
    "steps",
    [
        [Never()],
        [b"some", Never()],
        [b"some", Raw(b"5;" + b"x" * 100), Never()],
    ],
)
async def test_silence_has_a_bound(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, steps: list
) -> None:
    """When nothing comes for too long the connection is broken off, and the provider notices."""
    scripted.answers(Answer(chunks=steps))
    answer = await ask(upstream, provider, idle_timeout_s=0.05)
    with pytest.raises(ProviderIdle) as idle:
        await read(answer)
    assert idle.value.idle
    await (await scripted.next_request()).left.wait()


async def test_a_slow_reader_is_not_a_silent_provider(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """Only waiting for the provider counts: time that the page takes does not."""
    go_on = asyncio.Event()
    scripted.answers(Answer(chunks=[b"some", Wait(go_on), b" more"]))
    answer = await ask(upstream, provider, idle_timeout_s=2)
    chunks = answer.chunks()
    assert await anext(chunks) == b"some"
    asyncio.get_running_loop().call_later(3, go_on.set)
    await go_on.wait()
    assert await anext(chunks) == b" more"
    answer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nx-a: " + b"x" * 17_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x-a: 1\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 99 Odd\r\n\r\n",
        b"HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02F",
    ],
)
async def test_an_answer_that_is_not_http_is_refused(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider, head: bytes
) -> None:
    """Heads that are too large, contradict themselves or are something else become a 502."""
    scripted.answers(Answer(raw_head=head, chunks=[Never()]))
    with pytest.raises(Refusal) as refused:
        await ask(upstream, provider)
    assert (refused.value.status, refused.value.details) == (502, {"reason": "invalid_answer"})
    await (await scripted.next_request()).left.wait()


async def test_headers_up_to_the_bound_pass(
    upstream: Upstream, provider: Provider, scripted: ScriptedProvider
) -> None:
    """A header of 16,000 bytes and a hundred headers are fine."""
    headers = [("x-long", "x" * 16_000), *((f"x-{n}", "1") for n in range(100))]
    scripted.answers(Answer(headers=headers, chunks=[b"a"]))
    answer = await ask(upstream, provider)
    assert len(answer.headers) == 102
    assert await read(answer) == b"a"
