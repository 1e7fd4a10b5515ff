"""Over a real socket, CPython's transport loses nothing, holds nothing back, and tells the end.

On CPython alone: a page has no sockets, and `tests/browser` tries its `fetch` in the same way.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from tests.support.contract_gateway import PAYWALL, PROVIDER, ContractGateway, Exchanged
from tests.support.loopback import loopback
from tollbridge.sdk import (
    AbortController,
    AbortedError,
    ApiGatewayClient,
    AuthClient,
    BillingClient,
    NetworkError,
    QuotaExceededError,
)
from tollbridge.sdk.transport.http import HttpTransport


@pytest.fixture
async def origin(books: ContractGateway) -> AsyncIterator[str]:
    """Serve the contract's gateway on a port."""
    async with loopback(books) as served:
        yield served


@pytest.fixture
async def client(origin: str) -> AsyncIterator[ApiGatewayClient]:
    """Give a signed-in client whose requests go over a socket, and close it afterwards."""
    auth = AuthClient(paywall_id=PAYWALL, api_origin=origin)
    await auth.sign_in_anonymously()
    billing = BillingClient(paywall_id=PAYWALL, api_origin=origin, auth=auth)
    yield billing.create_api_gateway_client()
    await billing.aclose()
    await auth.aclose()


async def test_bytes_are_equal_both_ways(client: ApiGatewayClient, books: ContractGateway) -> None:
    """A megabyte goes up and comes down unchanged."""

    async def echo(call: Exchanged) -> None:
        await call.end(call.body)

    books.script = echo
    sent = os.urandom(1024 * 1024)
    response = await client.call(provider_id=PROVIDER, body=sent)
    assert await response.bytes() == sent


async def test_no_chunk_is_held_back(client: ApiGatewayClient, books: ContractGateway) -> None:
    """The provider sends a chunk only when the client has the one before."""
    have = [asyncio.Event() for _ in range(5)]

    async def one_by_one(call: Exchanged) -> None:
        for number, event in enumerate(have):
            await call.send(b"%d" % number)
            await event.wait()
        await call.end()

    books.script = one_by_one
    response = await client.call(provider_id=PROVIDER)
    got = []
    async for chunk in response:
        got.append(chunk)
        have[int(chunk)].set()
    assert got == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_stream_goes_up_chunk_by_chunk(
    client: ApiGatewayClient, books: ContractGateway
) -> None:
    """An async iterable is sent as it comes, without a length."""

    async def parts() -> AsyncIterator[bytes]:
        for part in (b"one ", b"two"):
            yield part

    await (await client.call(provider_id=PROVIDER, body=parts())).bytes()
    (call,) = books.requests_to("call")
    assert call.body == b"one two"
    assert "content-length" not in call.headers


async def until_left(call: Exchanged) -> None:
    """Send one chunk, then nothing, until the client is gone."""
    await call.send(b"a")
    await call.until_left()


async def silent(call: Exchanged) -> None:
    """Do not even send headers."""
    await call.until_left()


@pytest.mark.parametrize("how", ["signal", "abort", "aclose", "cancel"])
async def test_whoever_stops_a_stream_the_server_sees_it(
    client: ApiGatewayClient, books: ContractGateway, how: str
) -> None:
    """Each way to stop closes the connection while a reading waits."""
    books.script = until_left
    controller = AbortController()
    response = await client.call(provider_id=PROVIDER, signal=controller.signal)
    chunks = aiter(response)
    assert await anext(chunks) == b"a"
    reading = asyncio.ensure_future(anext(chunks))
    await asyncio.sleep(0)
    if how == "signal":
        controller.abort()
    elif how == "abort":
        response.abort()
    elif how == "aclose":
        await response.aclose()
    else:
        reading.cancel()
    with pytest.raises(asyncio.CancelledError if how == "cancel" else AbortedError):
        await reading
    await books.requests_to("call")[0].left.wait()
    with pytest.raises(AbortedError):
        await response.bytes()
    await response.aclose()


@pytest.mark.parametrize("how", ["signal", "cancel"])
async def test_whoever_stops_a_call_without_headers_the_server_sees_it(
    client: ApiGatewayClient, books: ContractGateway, how: str
) -> None:
    """Also while the provider still thinks."""
    books.answers["call"] = silent
    controller = AbortController()
    calling = asyncio.create_task(client.call(provider_id=PROVIDER, signal=controller.signal))
    call = await books.until("call")
    if how == "signal":
        controller.abort()
    else:
        calling.cancel()
    with pytest.raises(asyncio.CancelledError if how == "cancel" else AbortedError):
        await calling
    await call.left.wait()


async def test_a_signal_stops_an_answer_that_nobody_reads_yet(
    client: ApiGatewayClient, books: ContractGateway
) -> None:
    """Between `call` and the first reading the connection is closed too."""
    books.script = until_left
    controller = AbortController()
    response = await client.call(provider_id=PROVIDER, signal=controller.signal)
    controller.abort()
    await books.requests_to("call")[0].left.wait()
    with pytest.raises(AbortedError):
        await response.bytes()


async def test_a_cut_stream_raises(client: ApiGatewayClient, books: ContractGateway) -> None:
    """A connection that breaks off in the middle never looks like an end."""

    async def break_off(call: Exchanged) -> None:
        await call.send(b"some")

    books.script = break_off
    response = await client.call(provider_id=PROVIDER)
    chunks = aiter(response)
    assert await anext(chunks) == b"some"
    with pytest.raises(NetworkError, match="broke off"):
        await anext(chunks)


async def test_a_connection_cut_before_headers_raises(
    client: ApiGatewayClient, books: ContractGateway
) -> None:
    """A server that hangs up without an answer is a network error."""

    class Hangup(asyncio.Protocol):
        """Closes every connection at its first byte."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.close()

    server = await asyncio.get_running_loop().create_server(Hangup, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        other = ApiGatewayClient(paywall_id=PAYWALL, api_origin=f"http://127.0.0.1:{port}")
        with pytest.raises(NetworkError, match="could not be reached"):
            await other.call(provider_id=PROVIDER)
        await other.aclose()


async def test_a_port_where_nobody_listens_is_a_network_error() -> None:
    """A refused connection has the code `network_error`."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = ApiGatewayClient(paywall_id=PAYWALL, api_origin=f"http://127.0.0.1:{port}")
    with pytest.raises(NetworkError) as caught:
        await client.call(provider_id=PROVIDER)
    assert caught.value.code == "network_error"
    await client.aclose()


async def test_a_402_is_a_quota_error(client: ApiGatewayClient, books: ContractGateway) -> None:
    """The body of a refusal crosses the socket whole."""
    books.change("user_1", -20)
    with pytest.raises(QuotaExceededError) as caught:
        await client.call(provider_id=PROVIDER)
    assert caught.value.query_type == "standard"


async def test_connections_are_used_again(client: ApiGatewayClient, books: ContractGateway) -> None:
    """Answers read to their end give their connection back; stopped ones do not spoil the pool."""
    books.script = until_left
    response = await client.call(provider_id=PROVIDER)
    await response.aclose()

    async def hello(call: Exchanged) -> None:
        await call.end(b"hello")

    books.script = hello
    for _ in range(3):
        assert await (await client.call(provider_id=PROVIDER)).text() == "hello"


async def test_a_transport_that_was_given_stays_open(origin: str) -> None:
    """A client closes what it made and leaves alone what it was given."""
    transport = HttpTransport()
    for _ in range(2):
        auth = AuthClient(paywall_id=PAYWALL, api_origin=origin, transport=transport)
        await auth.sign_in_anonymously()
        await auth.aclose()
    await transport.aclose()
