"""Serves ASGI apps on loopback ports, by a real server, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from tests.support.asgi_transport import App


@asynccontextmanager
async def loopback(app: App) -> AsyncIterator[str]:
    """Serve `app` until it is left; gives its origin."""
    with listen() as listener:
        async with serving(app, [listener]):
            yield origin_of(listener)


@asynccontextmanager
async def serving(app: App, listeners: list[socket.socket]) -> AsyncIterator[None]:
    """Serve `app` on sockets until it is left; each request tells the port it came to.

    The scope holds `hang_up`, a callable that cuts the connection, if `app` has the attribute
    `hangs_up`: no ASGI message says that.
    """
    started = asyncio.Event()

    class Server(uvicorn.Server):
        """Says when it is up, and leaves the process's signals alone."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=_HangsUp if getattr(app, "hangs_up", False) else AutoHTTPProtocol,
        lifespan="off",
        log_config=None,
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    running = asyncio.create_task(server._serve(sockets=listeners))
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        server.should_exit = True
        await running
        if server.server_state.tasks:
            await asyncio.wait(server.server_state.tasks)


def listen() -> socket.socket:
    """Return a socket that listens on a free port.

    Not by `create_server`: its sockets do not say that they are TCP, so that asyncio leaves Nagle's
    algorithm on for what they accept, and every second answer waits 40 ms for an acknowledgement.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def origin_of(listener: socket.socket) -> str:
    """Return the origin of what listens there."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


class _HangsUp(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """A connection that the app may cut."""

    scope: Any
    transport: Any

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["hang_up"] = self.transport.close
