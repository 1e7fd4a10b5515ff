"""The in-process transport behaves like a socket: nothing held back, leaving seen, cuts seen.

On CPython alone: it carries the shared tests there, and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.support.asgi_transport import BUFFERED_BYTES_MAX, App, AsgiTransport, Message
from tollbridge.sdk import NetworkError
from tollbridge.sdk.transport import Request

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]}


def chunk(body: bytes, more: bool = True) -> Message:
    """Return a body message."""
    return {"type": "http.response.body", "body": body, "more_body": more}


def get(path: str = "/") -> Request:
    """Return a GET."""
    return Request("GET", f"http://app.test{path}", headers={})


async def test_the_first_chunk_arrives_while_the_app_waits() -> None:
    """The app sends its second chunk only after the client has the first one."""
    go_on = asyncio.Event()

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send(START)
        await send(chunk(b"one"))
        await go_on.wait()
        await send(chunk(b"two", more=False))

    transport = AsgiTransport(app)
    reply = await transport(get())
    assert (reply.status, reply.headers) == (200, [("a", "b")])
    assert await reply.read() == b"one"
    go_on.set()
    assert await reply.read() == b"two"
    assert await reply.read() is None
    assert await reply.read() is None
    await transport.idle()


async def test_the_app_hears_that_the_client_left() -> None:
    """Closing sends `http.disconnect`, and what the app sends afterwards goes nowhere."""
    heard: list[str] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await receive()
        await send(START)
        heard.append((await receive())["type"])
        for _ in range(10):
            await send(chunk(b"x" * BUFFERED_BYTES_MAX))

    transport = AsgiTransport(app)
    reply = await transport(get())
    await reply.close()
    await transport.idle()
    assert heard == ["http.disconnect"]


async def test_a_slow_reader_slows_the_app_down() -> None:
    """The app waits once as much is on its way as a socket would hold."""
    sent = 0

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        nonlocal sent
        await send(START)
        for _ in range(10):
            await send(chunk(b"x" * BUFFERED_BYTES_MAX))
            sent += 1
        await send(chunk(b"", more=False))

    transport = AsgiTransport(app)
    reply = await transport(get())
    assert await reply.read() is not None
    assert sent <= 3
    while await reply.read() is not None:
        pass
    assert sent == 10


async def nothing(scope: Message, receive: Receive, send: Send) -> None:
    """End without an answer."""


async def headers_only(scope: Message, receive: Receive, send: Send) -> None:
    """End after the headers."""
    await send(START)


async def one_chunk(scope: Message, receive: Receive, send: Send) -> None:
    """End in the middle of the body."""
    await send(START)
    await send(chunk(b"one"))


@pytest.mark.parametrize("app", [nothing, headers_only, one_chunk])
async def test_an_app_that_ends_early_has_cut_the_connection(app: App) -> None:
    """An answer that is not completed raises, and raises again."""

    async def read_all() -> None:
        reply = await AsgiTransport(app)(get())
        try:
            while await reply.read() is not None:
                pass
        except NetworkError:
            assert await reply.read()

    with pytest.raises(NetworkError):
        await read_all()


async def test_an_app_that_fails_is_a_cut_and_told() -> None:
    """The client sees a cut; `idle` raises what the app raised, so that no test misses it."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        raise LookupError("a bug")

    transport = AsgiTransport(app)
    with pytest.raises(NetworkError) as caught:
        await transport(get())
    assert isinstance(caught.value.__cause__, LookupError)
    with pytest.raises(LookupError):
        await transport.idle()


async def test_a_request_arrives_as_a_server_would_deliver_it() -> None:
    """Address, headers and an upload in pieces are where an ASGI app looks for them."""
    seen: list[Message] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(scope)
        more = True
        while more:
            event = await receive()
            seen.append(event)
            more = event["more_body"]
        await send(START)
        await send(chunk(b"", more=False))

    async def parts() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    request = Request("POST", "https://app.test/a%20b/c?d=e", headers={"x-a": "1"}, body=parts())
    reply = await AsgiTransport(app, client_address="192.0.2.1")(request)
    assert await reply.read() is None
    scope = seen[0]
    assert (scope["method"], scope["scheme"], scope["path"]) == ("POST", "https", "/a b/c")
    assert (scope["raw_path"], scope["query_string"]) == (b"/a%20b/c", b"d=e")
    assert scope["headers"] == [(b"host", b"app.test"), (b"x-a", b"1")]
    assert scope["client"] == ("192.0.2.1", 50_000)
    assert [event["body"] for event in seen[1:]] == [b"one", b"two", b""]


async def test_as_a_context_manager_it_runs_the_lifespan() -> None:
    """Startup has ended before the first request, shutdown before the context is left."""
    steps: list[str] = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"
        steps.append((await receive())["type"])
        await send({"type": "lifespan.startup.complete"})
        steps.append((await receive())["type"])
        await send({"type": "lifespan.shutdown.complete"})

    async with AsgiTransport(app):
        assert steps == ["lifespan.startup"]
    assert steps == ["lifespan.startup", "lifespan.shutdown"]
