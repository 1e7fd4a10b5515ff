"""PostgreSQL goes away, dies, stands still or is cut off: refused, nothing uncharged, recovered.

On a server of our own, since others' tests want theirs to stay.
"""

import asyncio
import secrets

import asyncpg
import pytest

from building.postgres import postgres_server
from tests.faults.crowd import SERVED, UNAVAILABLE, Crowd, check_books
from tests.faults.proxy import Proxy
from tests.support.process_world import process_world
from tests.support.scripted_provider import Answer, Wait

# The database is what these are about, and SQLite's cannot go away: test_full_disk.py.
pytestmark = pytest.mark.only_on("postgres")

CALLERS = 32
AWAY_S = 5
# Longer than the gateway waits for an answer, so that it gives up first.
SILENT_S = 10
# Long after the database is back, on a machine that does other things, too.
RECOVERED_S = 60


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server that these tests may stop."""
    with postgres_server() as made:
        yield made


@pytest.fixture
async def url(server):
    """A new database on that server."""
    name = f"away_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(server.url)
    await connection.execute(f"create database {name}")
    await connection.close()
    return server.url.rpartition("/")[0] + f"/{name}"


def time_passes(seconds):
    """Return an event that is set after so long: time itself is what is tested here."""
    event = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, event.set)
    return event.wait()


async def all_is_well(crowd):
    """Wait until as many calls as there are callers were served, which may not take long."""
    async with asyncio.timeout(RECOVERED_S):
        await crowd.more(SERVED, CALLERS)


async def open_stream(world, go_on):
    """Begin a stream that ends when `go_on` is set; return its task once its head is here."""
    world.provider.answers(Answer(chunks=[b"begun", Wait(go_on), b" and done"]))
    begun = asyncio.Event()

    async def read():
        async with world.call() as answer:
            begun.set()
            return answer.headers["X-Call-Id"], await answer.read()

    task = asyncio.create_task(read())
    await begun.wait()
    return task


@pytest.mark.timeout(120)
async def test_away_for_a_while(tmp_path, store, server, url):
    """Calls are refused and told when to come again; what runs goes on to its end."""
    store.put(tmp_path / "var", url)
    async with process_world(tmp_path / "var") as world:
        goes_on, later = asyncio.Event(), asyncio.Event()
        streams = [await open_stream(world, goes_on) for _ in range(4)]
        streams += [await open_stream(world, later) for _ in range(4)]
        world.provider.always(Answer.json({"ok": True}))
        async with Crowd(world, CALLERS) as crowd:
            await all_is_well(crowd)
            await asyncio.to_thread(server.stop)
            try:
                await crowd.more(UNAVAILABLE, CALLERS)
                asked, served = len(world.provider.requests), crowd.told[SERVED]
                goes_on.set()
                assert [(await task)[1] for task in streams[:4]] == [b"begun and done"] * 4
                await time_passes(AWAY_S)
                # Nobody was served meanwhile, and nothing was forwarded.
                assert (len(world.provider.requests), crowd.told[SERVED]) == (asked, served)
                assert await world.healthy()
                async with world.client.get(f"{world.gateway.url}/readyz") as answer:
                    told = (answer.status, (await answer.json())["error"])
                    assert told == UNAVAILABLE
            finally:
                await asyncio.to_thread(server.start)
            await all_is_well(crowd)
        later.set()
        crowd.served += [(await task)[0] for task in streams]
        await check_books(world, crowd)
        assert set(crowd.told) <= {SERVED, UNAVAILABLE, (409, "call_in_progress")}
        world.gateway.terminate()
        assert await world.gateway.ended() == 0


@pytest.mark.timeout(120)
async def test_killed_in_the_middle_of_a_flood(tmp_path, store, server, url):
    """Three times, and started again: what it had promised stands, the rest never was."""
    store.put(tmp_path / "var", url)
    async with process_world(tmp_path / "var") as world:
        world.provider.always(Answer.json({"ok": True}))
        async with Crowd(world, CALLERS) as crowd:
            for _ in range(3):
                await all_is_well(crowd)
                await asyncio.to_thread(server.stop, "immediate")
                await asyncio.to_thread(server.start)
            await all_is_well(crowd)
        await check_books(world, crowd)


@pytest.mark.timeout(120)
async def test_standing_still(tmp_path, store, server, url):
    """Its processes are stopped where they are for longer than anybody waits, and then go on."""
    store.put(tmp_path / "var", url)
    async with process_world(tmp_path / "var") as world:
        world.provider.always(Answer.json({"ok": True}))
        async with Crowd(world, CALLERS) as crowd:
            await all_is_well(crowd)
            await asyncio.to_thread(server.pause)
            try:
                await time_passes(SILENT_S)
            finally:
                server.resume()
            await all_is_well(crowd)
        assert crowd.told[UNAVAILABLE] > 0
        await check_books(world, crowd)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "silent_s", [pytest.param(AWAY_S, marks=pytest.mark.long), SILENT_S], ids=["shortly", "long"]
)
async def test_a_wire_that_swallows_everything(tmp_path, store, url, silent_s):
    """And delivers it later: a statement that nobody waits for any more takes no credit."""
    async with Proxy(url) as proxy:
        store.put(tmp_path / "var", proxy.url)
        async with process_world(tmp_path / "var") as world:
            world.provider.always(Answer.json({"ok": True}))
            async with Crowd(world, CALLERS) as crowd:
                await all_is_well(crowd)
                proxy.hold()
                try:
                    await time_passes(silent_s)
                finally:
                    proxy.release()
                await all_is_well(crowd)
            await check_books(world, crowd)


@pytest.mark.timeout(120)
async def test_connections_that_are_cut_again_and_again(tmp_path, store, url):
    """On the way and by the server: whoever was in the middle is told, and nothing is half done."""
    async with Proxy(url) as proxy:
        store.put(tmp_path / "var", proxy.url)
        admin = await asyncpg.connect(url)
        async with process_world(tmp_path / "var") as world:
            world.provider.always(Answer.json({"ok": True}))
            async with Crowd(world, CALLERS) as crowd:
                for _ in range(10):
                    await crowd.more(SERVED, 5)
                    proxy.cut()
                    await crowd.more(SERVED, 5)
                    await admin.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity"
                        " where datname = current_database() and pid <> pg_backend_pid()"
                    )
                await all_is_well(crowd)
            await check_books(world, crowd)
        await admin.close()
