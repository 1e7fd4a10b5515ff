"""All that a measurement needs, running: mocks, nginx, the gateway, the peers asked for."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from building.bench import gateway as ours
from building.bench import nginx
from building.bench.arguments import LITELLM, PORTKEY
from building.bench.client import Target, call, wait_for_200
from building.bench.figures import CannotMeasure
from building.bench.gateway import Gateway
from building.bench.machine import Cores
from building.bench.mock import StreamMock, open_stream_mock
from building.bench.payloads import QUESTION, answer, events
from building.bench.peers import START_S, Peer, litellm, portkey
from building.bench.plan import Plan
from building.bench.processes import Process


@dataclass(slots=True)
class Scene:
    """What is running.

    Attributes:
        mock: The provider that streams.
        upstreams: Upstream (`json`, `stream`) → port of its mock.
        proxy: nginx, and its port.
        gateway: Ours.
        peers: Peer → it.
        peer_starts: Peer → seconds from its start to its first answer, and its memory then.
    """

    root: Path
    folder: Path
    plan: Plan
    cores: Cores
    mock: StreamMock
    upstreams: dict[str, int]
    proxy: tuple[Process, int]
    gateway: Gateway
    peers: dict[str, Peer] = field(default_factory=dict)
    peer_starts: dict[str, tuple[float, int]] = field(default_factory=dict)

    def direct(self, upstream: str) -> Target:
        """A call of a mock without a server between."""
        return Target("the mock", self.upstreams[upstream], "/v1/chat/completions", QUESTION)

    def through_nginx(self, upstream: str) -> Target:
        """A call through nginx."""
        return nginx.target(self.proxy[1], upstream)

    @contextlib.contextmanager
    def fresh_gateway(self, name: str) -> Iterator[tuple[Gateway, ours.Folder]]:
        """Run another gateway on a data folder of its own; the first one idles meanwhile."""
        made = ours.make_folder(self.root, self.folder / name, self.upstreams)
        with ours.running(made, core=self.cores.server) as gateway:
            yield gateway, made


@contextlib.asynccontextmanager
async def open_scene(
    root: Path, folder: Path, plan: Plan, cores: Cores, installed: dict[str, Path]
) -> AsyncIterator[Scene]:
    """Start all of it, check that each server passes the answers on, and end it afterwards.

    Args:
        root: The repository.
        folder: An empty folder for what the servers write.
        plan: The extent of the run.
        cores: Which core is whose.
        installed: Peer → where it is installed; these are started.

    Raises:
        CannotMeasure: A server did not start, or answers something else.
    """
    async with AsyncExitStack() as stack:
        mock = await stack.enter_async_context(open_stream_mock())
        json_port = stack.enter_context(nginx.json_mock(folder / "mock", core=cores.load))
        upstreams = {"json": json_port, "stream": mock.port}
        proxy = stack.enter_context(nginx.proxy(folder / "nginx", upstreams, core=cores.server))
        made = ours.make_folder(root, folder / "gateway", upstreams)
        gateway = stack.enter_context(ours.running(made, core=cores.server))
        scene = Scene(root, folder, plan, cores, mock, upstreams, proxy, gateway)
        user = await gateway.sign_in()
        for upstream, body in (("json", answer()), ("stream", b"".join(events()))):
            for target in (
                scene.direct(upstream),
                scene.through_nginx(upstream),
                gateway.target(upstream, user),
            ):
                await wait_for_200(target, within_s=ours.START_S)
                await _check(target, body)
        for name in installed:
            start = {PORTKEY: portkey, LITELLM: litellm}[name]
            begun_s = time.monotonic()
            peer = stack.enter_context(start(installed[name], folder, upstreams, cores.server))
            await _check_peer(peer)
            scene.peer_starts[name] = (time.monotonic() - begun_s, peer.process.rss_bytes())
            scene.peers[name] = peer
        yield scene


async def _check(target: Target, body: bytes) -> None:
    given = await call(target)
    if (given.status, given.body) != (200, body):
        raise CannotMeasure(
            f"{target.server} answers {target.path} with {given.status} and {len(given.body)} "
            "bytes, which are not the mock's"
        )


async def _check_peer(peer: Peer) -> None:
    # Peers write answers anew; it is enough that the mock's text is in them.
    waiting = asyncio.create_task(wait_for_200(peer.target, within_s=START_S))
    try:
        while not waiting.done():
            peer.process.need_alive()
            await asyncio.wait([waiting], timeout=0.5)
        await waiting
    finally:
        waiting.cancel()
    for target in (peer.target, peer.stream_target):
        if target is not None and b"xxxxxxxx" not in (await call(target)).body:
            raise CannotMeasure(f"{target.server} does not pass the mock's answers on")
