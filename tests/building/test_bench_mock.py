"""The provider that streams in the benchmarks, asked by the benchmarks' own client."""

import asyncio

import pytest

from building.bench import client
from building.bench.client import Target
from building.bench.figures import CannotMeasure
from building.bench.mock import StreamMock, open_stream_mock, question_end
from building.bench.payloads import STREAM_QUESTION, events


def _target(mock: StreamMock) -> Target:
    return Target("the mock", mock.port, "/v1/chat/completions", STREAM_QUESTION)


@pytest.mark.parametrize(("pace_s", "is_whole"), [(0, False), (0, True), (0.0001, False)])
async def test_every_way_sends_the_same_bytes(pace_s: float, is_whole: bool) -> None:
    """One by one, in one piece or paced, an answer is the same stream, also the second one."""
    async with open_stream_mock() as mock:
        mock.pace_s, mock.is_whole = pace_s, is_whole
        exchange = await client.connect(mock.port)
        for _ in range(2):
            exchange.ask(_target(mock))
            answer = await exchange.whole()
            assert answer == client.Answer(200, b"".join(events()))
        exchange.leave()
        assert mock.asked == 2


async def test_a_reader_that_does_not_read_gets_all_of_it_later() -> None:
    """What the connection does not take at once is sent when it does."""
    async with open_stream_mock() as mock:
        exchange = await client.connect(mock.port)
        questions = 200  # some nine megabytes, more than the system buffers for one connection
        for _ in range(questions):
            exchange.ask(_target(mock))
        while mock.asked < questions:
            await mock.next_question()
        for _ in range(questions):
            assert (await exchange.whole()).body == b"".join(events())
        exchange.leave()


async def test_a_leave_is_noticed_with_its_moment() -> None:
    """The first event has come, the client goes, and the mock tells when; by the same clock."""
    async with open_stream_mock() as mock:
        mock.pace_s = 0.01
        exchange = await client.connect(mock.port)
        asked_s = exchange.ask(_target(mock))
        first_s = await exchange.first_event_s()
        left_s = exchange.leave()
        closed_s = await mock.next_close_s()
        assert asked_s < first_s <= left_s < closed_s


async def test_a_silent_mock_takes_the_question_and_notices_the_leave() -> None:
    """Nothing is answered, and a question that came before is not taken for the next one."""
    async with open_stream_mock() as mock:
        await client.call(_target(mock))
        mock.is_silent = True
        exchange = await client.connect(mock.port)
        asked = mock.next_question()
        assert not asked.done()
        exchange.ask(_target(mock))
        await asked
        left_s = exchange.leave()
        assert await mock.next_close_s() > left_s


def test_a_question_ends_with_its_body() -> None:
    """Not before the last byte; what follows belongs to the next one."""
    head = b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n"
    assert question_end(head[:-1]) is None
    assert question_end(head + b"{") is None
    assert question_end(head + b"{}POST") == len(head) + 2
    assert question_end(b"GET / HTTP/1.1\r\n\r\n") == 18
    with pytest.raises(ValueError, match="chunked"):
        question_end(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")


async def test_a_stream_that_is_refused_is_no_first_chunk() -> None:
    """An error comes quickly; its first byte must not pass for an event's."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 402 Payment Required\r\nContent-Length: 6\r\n\r\ndata: ")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        exchange = await client.connect(port)
        exchange.ask(Target("any", port, "/", b"{}"))
        with pytest.raises(CannotMeasure, match="answered with 402"):
            await exchange.first_event_s()
        exchange.leave()


async def test_nobody_there_is_said_with_the_reason() -> None:
    """Waiting for a server that never comes ends with what was tried last."""
    async with open_stream_mock() as mock:
        target = _target(mock)
    with pytest.raises(CannotMeasure, match="did not answer within"):
        await client.wait_for_200(target, within_s=0.02)
