"""More connections than there are files for: whoever says nothing makes room for who does."""

import asyncio
import os
import resource
from collections.abc import Iterator

import pytest

from tests.support.process_world import process_world
from tests.support.raw_client import RawConnection
from tests.support.scripted_provider import Answer, Wait
from tollbridge.gateway.crowd import FILES_BESIDE, Crowd, connections_max

FILES = 164
CONNECTIONS = (FILES - FILES_BESIDE) // 2


class Connection:
    """Remembers whether it was closed."""

    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        """See `Closable`."""
        self.aborted = True


def crowd_of(count: int) -> tuple[Crowd, list[Connection]]:
    """Return a crowd that is full, and its connections."""
    crowd, connections = Crowd(count), [Connection() for _ in range(count)]
    for connection in connections:
        crowd.enter(connection)
    return crowd, connections


def gone(connections: list[Connection]) -> list[int]:
    """Return which ones were closed."""
    return [number for number, one in enumerate(connections) if one.aborted]


def test_as_many_as_allowed_stay():
    """The one beyond closes the one that has been idle for longest."""
    crowd, connections = crowd_of(3)
    assert gone(connections) == []
    crowd.enter(Connection())
    assert gone(connections) == [0]


def test_who_has_a_request_stays():
    """Requests are not cut for the sake of a newcomer; idle is who has been answered."""
    crowd, connections = crowd_of(3)
    crowd.has_request(connections[0])
    crowd.has_request(connections[1])
    crowd.has_none(connections[0])
    crowd.enter(Connection())
    crowd.enter(Connection())
    assert gone(connections) == [0, 2]


def test_where_all_have_requests_the_newcomer_goes():
    """There is nobody else."""
    crowd, connections = crowd_of(2)
    for connection in connections:
        crowd.has_request(connection)
    newcomer = Connection()
    crowd.enter(newcomer)
    assert newcomer.aborted
    assert gone(connections) == []


def test_who_has_left_makes_room():
    """Whatever it was doing."""
    crowd, connections = crowd_of(2)
    crowd.has_request(connections[0])
    crowd.leave(connections[0])
    crowd.leave(connections[1])
    crowd.has_none(connections[0])
    newcomers = [Connection(), Connection()]
    for newcomer in newcomers:
        crowd.enter(newcomer)
    assert gone(newcomers) == []


@pytest.mark.parametrize(("files", "connections"), [(1024, 480), (FILES, CONNECTIONS), (10, 1)])
def test_files_are_shared(files: int, connections: int):
    """Half of what is not needed otherwise is for pages, the other half for providers."""
    assert connections_max(files) == connections


@pytest.fixture
def few_files() -> Iterator[None]:
    """Processes that are started now may open few files."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def files_of(pid: int) -> int:
    """Return how many files a process may open."""
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]


async def test_the_limit_is_raised_as_far_as_the_system_lets_it(tmp_path, few_files):
    """The usual soft limit of a service would make it refuse what the machine can carry."""
    async with process_world(tmp_path / "var") as world:
        hard = resource.prlimit(world.gateway.pid, resource.RLIMIT_NOFILE)[1]
        assert files_of(world.gateway.pid) == min(hard, 65_536) > FILES


async def test_a_gateway_that_is_full(tmp_path):
    """Three times as many silent connections as it may have keep nobody out, and cut no stream."""
    words = ("tests.faults.narrow_gateway", str(FILES))
    async with process_world(tmp_path / "var", program=words) as world:
        go_on = asyncio.Event()
        world.provider.answers(Answer(chunks=[b"begun", Wait(go_on), b" and done"]))
        running = await world.raw_call()
        head = await running.read_head()
        silent = [await RawConnection.open(world.gateway.url) for _ in range(3 * CONNECTIONS)]
        world.provider.always(Answer.json({"ok": True}))
        for _ in range(20):
            async with world.call() as answer:
                assert answer.status == 200
        assert len(os.listdir(f"/proc/{world.gateway.pid}/fd")) < FILES
        go_on.set()
        assert (await running.read_rest(head)).body == b"begun and done"
        for connection in [running, *silent]:
            connection.leave()
        await world.all_ended(21)
        await world.check_books()
