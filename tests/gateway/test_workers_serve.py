"""`serve --workers 2`: one gateway in two processes, of which either may go at any time."""

import asyncio
import os
import signal
from collections import Counter

import aiohttp
import orjson
import pytest

from tests.support.process_world import process_world
from tests.support.processes import gone, holder, lives, standing_still
from tests.support.raw_client import RawConnection
from tests.support.scripted_provider import Answer, Wait
from tollbridge.gateway import ledger

# More than one process serves on PostgreSQL only.
pytestmark = pytest.mark.only_on("postgres")

SLOW_STREAMS = 20
# Callers without a pause between their calls, half of them on a new connection each time.
FLOOD = 8


@pytest.fixture
async def served(tmp_path):
    """A gateway of two workers, whose ledger is sound at the end."""
    async with process_world(
        tmp_path / "var",
        words=("--workers", "2"),
        TOLLBRIDGE_METRICS_PORT="0",
        TOLLBRIDGE_LOG_FORMAT="json",
        TOLLBRIDGE_GRACE_S="60",
    ) as world:
        yield world
        assert await world.look(ledger.verify()) == []


def lines(world):
    """Return what the gateway has logged."""
    return [orjson.loads(line) for line in world.gateway.log_file.read_text().splitlines()]


class Streams:
    """Streams through the gateway: one part is here, the other one waits until `go_on`."""

    def __init__(self, world):
        """Begin with none."""
        self.go_on = asyncio.Event()
        self.begun = []
        self._world = world

    async def begin(self):
        """Begin one on a connection of its own, and return it."""
        self._world.provider.answers(Answer(chunks=[b"one ", Wait(self.go_on), b"two"]))
        stream = await self._world.raw_call()
        self.begun.append(stream)
        head = await stream.read_head()
        assert (head.status, head.header("connection")) == (200, None)
        assert await stream.read_chunk() == b"one "
        return stream

    async def begin_on_both(self):
        """Begin a stream at each worker; return them by their workers."""
        one = await self.begin()
        pid = self._held_by(one)
        with standing_still(pid):
            other = await self.begin()
        return {pid: one, self._held_by(other): other}

    def _held_by(self, stream):
        return holder(stream.port, self._world.gateway.worker_pids())

    async def rest(self, stream):
        """Read a stream to its end; return whether that was the proper one."""
        try:
            return (await stream.read_chunk(), await stream.read_chunk()) == (b"two", b"")
        except (asyncio.IncompleteReadError, ConnectionError):
            return False


@pytest.fixture
async def streams(served):
    """None yet; what a test begins is closed at its end."""
    begun = Streams(served)
    yield begun
    for stream in begun.begun:
        stream.leave()


async def listens(world):
    """Tell whether somebody takes connections."""
    try:
        (await RawConnection.open(world.gateway.url)).leave()
    except OSError:
        return False
    return True


async def test_both_serve(served):
    """Connections find whoever is free, and each worker says so on a port of its own."""

    async def ask():
        connection = await RawConnection.open(served.gateway.url)
        await connection.request("GET /healthz HTTP/1.1")
        assert (await connection.read_answer()).status == 200
        return connection

    one = await ask()
    with standing_still(holder(one.port, served.gateway.worker_pids())):
        other = await ask()
    for connection in (one, other):
        connection.leave()
    told = [line for line in lines(served) if "the figures are on" in line["message"]]
    assert sorted(line["worker"] for line in told) == [0, 1]
    for line in told:
        async with served.client.get(line["message"].partition("on ")[2]) as answer:
            assert 'route="/healthz"' in await answer.text()
    served.gateway.terminate()
    assert await served.gateway.ended() == 0


async def test_a_worker_is_killed(served, streams):
    """What it carried breaks off; the other one's stream goes on, and a new worker serves."""
    by_worker = await streams.begin_on_both()
    before = set(served.gateway.worker_pids())
    victim, other = before
    os.kill(victim, signal.SIGKILL)
    assert not await streams.rest(by_worker[victim])
    served.provider.always(Answer(chunks=[b"short"]))
    call = await served.raw_call()  # on a connection that cannot have been the victim's
    assert (await call.read_answer()).status == 200
    call.leave()
    after = await streams.begin_on_both()
    assert set(after) & before == {other}
    streams.go_on.set()
    assert await streams.rest(by_worker[other])
    (warning,) = [line for line in lines(served) if line["level"] == "warning"]
    assert warning["message"].endswith("it was ended by SIGKILL")


async def test_the_parent_is_killed(served, streams):
    """Its workers let go of the port, finish what runs and end: nothing is left behind."""
    await streams.begin_on_both()
    pids = served.gateway.worker_pids()
    served.gateway.kill()
    assert await served.gateway.ended() == -signal.SIGKILL
    while await listens(served):
        pass
    assert all(lives(pid) for pid in pids)
    streams.go_on.set()
    assert all([await streams.rest(stream) for stream in streams.begun])
    for pid in pids:
        await gone(pid)


async def test_sigterm_drains(served, streams):
    """Streams come to their end, their receipts say ok; who asks meanwhile is sent elsewhere."""
    await streams.begin_on_both()
    served.gateway.terminate()
    while await listens(served):
        pass
    for stream in streams.begun:
        await stream.request("GET /readyz HTTP/1.1")
    streams.go_on.set()
    for stream in streams.begun:
        assert await streams.rest(stream)
        answer = await stream.read_answer()
        assert (answer.status, answer.json()["error"]) == (503, "busy")
        assert answer.header("connection") == "close"
        assert await stream.read_to_end() == b""
    assert await served.gateway.ended() == 0
    assert {one["state"] for one in await served.receipts()} == {"ok"}


async def test_a_roll(served, streams):
    """Twenty streams and a flood of calls do not notice that both workers are replaced."""
    await streams.begin_on_both()
    while len(streams.begun) < SLOW_STREAMS:
        await streams.begin()
    old = served.gateway.worker_pids()
    served.provider.always(Answer(chunks=[b"short"]))
    rolled = asyncio.Event()
    seen = Counter()

    async def flood(headers):
        while not rolled.is_set():
            try:
                async with served.call(headers=headers) as answer:
                    await answer.read()
                    seen[answer.status] += 1
            except aiohttp.ClientError as error:
                seen[type(error).__name__] += 1

    callers = [flood({"Connection": "close"} if n % 2 else {}) for n in range(FLOOD)]
    flooding = asyncio.gather(*callers)
    served.gateway.hang_up()
    while "the old ones finish" not in served.gateway.log_file.read_text():
        assert await served.healthy()
    new = set(served.gateway.worker_pids()) - set(old)
    assert len(new) == 2
    calls_before = seen[200]
    while seen[200] < calls_before + 100:
        assert await served.healthy()
    rolled.set()
    await flooding
    assert set(seen) == {200}
    assert all(lives(pid) for pid in old)
    streams.go_on.set()
    assert all([await streams.rest(stream) for stream in streams.begun])
    while set(served.gateway.worker_pids()) != new:
        assert await served.healthy()
    assert {one["state"] for one in await served.receipts()} == {"ok"}
