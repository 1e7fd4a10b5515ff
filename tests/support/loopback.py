"""Serves an ASGI app on a loopback port, by a real server, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from tests.support.asgi_transport import App


@asynccontextmanager
async def loopback(app: App) -> AsyncIterator[str]:
    """Serve `app` until it is left; gives its origin."""
    started = asyncio.Event()

    class Server(uvicorn.Server):
        """Says when it is up, and leaves the process's signals alone."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]
            lifespan="off",
            log_config=None,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        server = Server(config)
        running = asyncio.create_task(server._serve(sockets=[listener]))
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running
            if server.server_state.tasks:
                await asyncio.wait(server.server_state.tasks)
