"""Between a gateway and its database: a wire that can be cut, or swallow everything for a while."""

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

_READ_BYTES = 65536


class Proxy:
    """Carries TCP connections to a server.

    While it holds, connections are taken and stay, and nothing passes in either direction. What it
    was given meanwhile it delivers afterwards, even if the sender has long given up: a network does
    that too.

    Attributes:
        url: The server's, with the proxy's address.
    """

    def __init__(self, server_url: str) -> None:
        """Carry to the server of a `postgresql://` address with host and port."""
        self._server = urlsplit(server_url)
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port = self._listener.sockets[0].getsockname()[1]
        user = self._server.username
        self.url = self._server._replace(netloc=f"{user}@127.0.0.1:{port}").geturl()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hold(self) -> None:
        """Let nothing through from now on."""
        self._flows.clear()

    def release(self) -> None:
        """Let everything through again, what is held first."""
        self._flows.set()

    def cut(self) -> None:
        """Cut all connections; new ones are carried."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        there = None
        try:
            await self._flows.wait()
            back, there = await asyncio.open_connection(self._server.hostname, self._server.port)
            self._writers.add(there)
            await asyncio.gather(self._pump(reader, there), self._pump(back, writer))
        except OSError:
            pass  # the server is not there, or one of them has left
        finally:
            for one in (writer, there):
                if one is not None:
                    self._writers.discard(one)
                    one.close()
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        await self._flows.wait()
        writer.close()
