"""The process around the gateway: how it starts, refuses to start, and ends."""

import asyncio
import socket
import stat

import pytest

from tests.support.gateway_process import gateway_process, start
from tests.support.scripted_provider import Answer, Never, ScriptedProvider, Wait
from tests.support.stores import in_store
from tests.support.world import CALL, PAYWALL, Visitor, World, open_world
from tollbridge.gateway import ledger
from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.database import Statement
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.registry import store_provider
from tollbridge.gateway.settings import Settings

KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


@pytest.fixture
def folder(tmp_path):
    """Where a data folder will be."""
    return tmp_path / "var"


async def refuse_to_start(folder, *words, **environment):
    """Start a gateway that must not; return the one sentence that it says."""
    process = await start(folder, *words, **environment)
    output, _ = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    log_file = folder.with_suffix(".log")
    (sentence,) = log_file.read_text().splitlines()
    log_file.unlink()
    return sentence.removeprefix("Error: ")


async def test_a_port_in_use_is_named_with_the_way_out(folder):
    """The sentence names the port and --port; nothing is made in the data folder."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = await refuse_to_start(folder, "--port", str(port))
    assert f"port {port}" in sentence
    assert "choose another with --port" in sentence
    assert not folder.exists()


async def test_an_address_of_another_machine(folder):
    """It is told apart from a name that is none."""
    sentence = await refuse_to_start(folder, "--host", "192.0.2.1", "--port", "0")
    assert "192.0.2.1" in sentence
    sentence = await refuse_to_start(folder, "--host", "no.such.host.invalid", "--port", "0")
    assert sentence.startswith("cannot listen on 'no.such.host.invalid'")


@pytest.mark.only_on("sqlite")  # any number of gateways share PostgreSQL
@pytest.mark.only_on("sqlite")
async def test_a_second_gateway_on_the_folder(folder):
    """It is refused with a sentence that names the first one's process; the first goes on.

    PostgreSQL lets any number in: tests/faults/test_two_gateways.py.
    """
    async with gateway_process(folder) as first:
        sentence = await refuse_to_start(folder, "--port", "0")
        assert sentence.startswith("another gateway (process ")
        assert "stop it, or give another folder with --data-dir" in sentence
        pid = (folder / "gateway.lock").read_text().strip()
        assert f"(process {pid})" in sentence
        first.terminate()
        assert await first.ended() == 0
    async with gateway_process(folder):
        pass


@pytest.mark.only_on("sqlite")  # any number of gateways share PostgreSQL
async def test_a_lock_dies_with_its_process(folder):
    """Whoever was killed is in nobody's way."""
    async with gateway_process(folder) as first:
        first.kill()
        assert await first.ended() == -9
    async with gateway_process(folder):
        pass


async def test_another_master_key(folder):
    """It is refused before anything is served, and again until the right one is back."""
    async with gateway_process(folder):
        pass
    sentence = await refuse_to_start(folder, "--port", "0", TOLLBRIDGE_MASTER_KEY=KEY)
    assert sentence.startswith("the master key is not the one that this database was made with")
    assert KEY not in sentence
    made = folder / "master.key"
    right = made.read_bytes()
    made.unlink()
    sentence = await refuse_to_start(folder, "--port", "0")
    assert sentence.startswith("there is no master key at ")
    assert not made.exists(), "a key that opens nothing must not take its place"
    made.write_bytes(right)
    async with gateway_process(folder):
        pass


async def test_nobody_else_can_read_what_it_keeps(folder, store):
    """The folder is 0700, every file in it 0600, also while it works."""
    async with gateway_process(folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    in_file = {"tollbridge.db", "tollbridge.db-wal", "gateway.lock"}
    assert set(modes) >= {"master.key"} | (in_file if store.kind == "sqlite" else set())
    assert set(modes.values()) == {0o600}, modes


def epochs():
    """Read which epochs have ended."""
    return (yield Statement("select ended_at is not null from epochs order by started_at"))


async def look(settings, script):
    """Read from a folder's database."""
    database = await open_database(settings, make=False)
    try:
        return await database.read(script)
    finally:
        await database.close()


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
async def test_it_ends_cleanly(folder, signal):
    """Exit code 0, the epoch ended, the lock let go, nothing said on stderr."""
    async with gateway_process(folder) as gateway:
        if signal == "SIGTERM":
            gateway.terminate()
        else:
            gateway.interrupt()
        assert await gateway.ended() == 0
        assert gateway.log_file.read_text() == ""
    assert await look(in_store(Settings(data_dir=folder)), epochs()) == [(1,)]


async def furnish(folder, provider):
    """Make a paywall, a provider and a visitor in a folder, before a process serves it."""
    async with open_world(folder) as world:
        made = make_provider(
            "prov_things",
            paywall_id=PAYWALL,
            preset="http",
            base_url=provider.url,
            query_type="standard",
            allow=("POST v1/*",),
            allow_private=True,
        )
        await world.write(store_provider(made, world.gateway.sealer, 0))
        return await world.sign_in()


async def call(client, gateway, visitor: Visitor):
    """Make a call to a process."""
    address = f"{gateway.url}{CALL}/v1/things"
    return await client.post(address, headers=visitor.headers, json={})


async def test_what_runs_may_end(folder, world: World):
    """A stream that runs when the process is asked to stop comes to its end; then it is gone."""
    go_on = asyncio.Event()
    async with ScriptedProvider() as provider:
        visitor = await furnish(folder, provider)
        provider.answers(Answer(chunks=[b"one ", Wait(go_on), b"two"]))
        async with gateway_process(folder) as gateway:
            answer = await call(world.client, gateway, visitor)
            assert await answer.content.readany() == b"one "
            gateway.terminate()
            while await connects(gateway):
                pass
            go_on.set()
            assert await answer.read() == b"two"
            assert await gateway.ended() == 0
    settings = in_store(Settings(data_dir=folder))
    assert await look(settings, ledger.verify()) == []
    assert await look(settings, outcomes()) == [("ok", "settled")]


def outcomes():
    """Read what became of the calls."""
    return (yield Statement("select outcome, state from calls"))


async def connects(gateway):
    """Tell whether a gateway still takes connections."""
    host, port = gateway.url.removeprefix("http://").split(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_what_does_not_end_is_cut(folder, world: World):
    """After the grace the stream is cut, what it cost is written, and the process is gone."""
    async with ScriptedProvider() as provider:
        visitor = await furnish(folder, provider)
        provider.answers(Answer(chunks=[b"one ", Never()]))
        async with gateway_process(folder) as gateway:
            answer = await call(world.client, gateway, visitor)
            gateway.terminate()
            assert await gateway.ended() == 0
            with pytest.raises(Exception, match="payload"):
                await answer.read()
    settings = in_store(Settings(data_dir=folder))
    assert await look(settings, outcomes()) == [("broken", "settled")]
