"""The server of one process: uvicorn's, ended by signals without losing what was asked."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from uvicorn.server import ServerState

from tollbridge.gateway.connection import Connection
from tollbridge.gateway.health import Health

log = logging.getLogger("tollbridge")

# How long calls that are cut off after the grace may take to write what they cost.
CLOSING_S = 5
# How long a page's connection stays once the process is asked to end, if nothing is asked on it:
# what was on its way has arrived by then, and is answered.
LAST_REQUEST_S = 1


class Server(uvicorn.Server):
    """uvicorn's server, ended by signals through the loop.

    Its own way raises the signal again once it has ended, which would kill the process before the
    store is closed; and it closes connections on which a request may be on its way.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        health: Health,
        *,
        on_up: Callable[[], None],
        on_draining: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare it.

        Args:
            config: What it serves, and how long running answers may go on at its end.
            health: Learns that it is about to end.
            on_up: Called once it takes connections, with signals caught.
            on_draining: Called once it takes none any more.
        """
        super().__init__(config)
        self._health = health
        self._on_up = on_up
        self._on_draining = on_draining

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await super().startup(sockets)
        self._on_up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connection, answer what is asked on the others, cut it after the grace."""
        self._health.is_draining = True
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        self._on_draining()
        await asyncio.sleep(0)  # a connection that was just taken is known one step later
        for connection in list(self.server_state.connections):
            assert isinstance(connection, Connection)
            connection.retire(LAST_REQUEST_S)
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                await self._wait_tasks_to_complete()
        except TimeoutError:
            if self.server_state.tasks:
                log.warning("%d answers are cut after the grace", len(self.server_state.tasks))
            for task in self.server_state.tasks:
                task.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on SIGINT and SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def let_calls_close(self) -> None:
        """Wait until calls that were cut off have written what they cost."""
        tasks = self.server_state.tasks
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSING_S)


@contextlib.asynccontextmanager
async def serving_metrics(
    config: uvicorn.Config, listener: socket.socket, head_bytes_max: int | None
) -> AsyncIterator[asyncio.Server]:
    """Serve the figures on a port of their own until the block ends."""
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(
            config=config, server_state=state, app_state={}, head_bytes_max=head_bytes_max
        ),
        sock=listener,
    )
    log.info("the figures are on http://127.0.0.1:%d/metrics", listener.getsockname()[1])
    try:
        yield server
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()
