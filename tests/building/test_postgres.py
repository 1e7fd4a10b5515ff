"""The PostgreSQL and the PgBouncer that tests and benchmarks run against."""

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from building.checks import server_for_tests
from building.child import CannotServe, Child
from building.postgres import PostgresServer, postgres_server, running_pgbouncer, running_postgres
from building.prepare import TEST_POSTGRES

ENDED_S = 60

# A program that keeps a server and a bouncer until it is ended, and tells where they are.
KEEPER = """
import signal, sys
from building.postgres import postgres_server, running_pgbouncer
with postgres_server() as server, running_pgbouncer(server.url) as bouncer:
    print(server.pid, server.folder, server.url, bouncer, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server for the tests that leave it as it was."""
    with postgres_server() as running:
        yield running


async def _ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url, timeout=20, statement_cache_size=0)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_it_is_reached_over_tcp_and_over_its_socket(server: PostgresServer) -> None:
    """Both ways lead to the same new server, whose texts are UTF-8."""
    question = "select current_user || ' ' || current_setting('server_encoding')"
    assert await _ask(server.url, question) == "tollbridge UTF8"
    assert await _ask(server.socket_url, question) == "tollbridge UTF8"
    started = "select pg_postmaster_start_time()"
    assert await _ask(server.url, started) == await _ask(server.socket_url, started)


async def test_nobody_outside_this_machine_reaches_it(server: PostgresServer) -> None:
    """It lets everybody in, so it listens on the loopback only."""
    assert await _ask(server.url, "show listen_addresses") == "127.0.0.1"
    assert server.folder.stat().st_mode & 0o077 == 0


def test_it_has_not_the_rights_of_root(server: PostgresServer) -> None:
    """Started by root, it runs as somebody who owns nothing but its folder."""
    owner = Path(f"/proc/{server.pid}").stat().st_uid
    assert owner != 0
    assert server.folder.stat().st_uid == owner


@pytest.mark.parametrize(("durable", "set_to"), [(False, "off"), (True, "on")])
async def test_only_a_durable_one_waits_for_the_disk(durable: bool, set_to: str) -> None:
    """Tests need no commit that survives a power cut; a benchmark that compares stores does."""
    with running_postgres(durable=durable) as url:
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            assert await _ask(url, f"show {setting}") == set_to
        assert await _ask(url, "show synchronous_commit") == "on"


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_it_starts_again_where_it_was(mode: str) -> None:
    """After an orderly end and after a crash it has the same port and what was committed."""
    with postgres_server() as server:
        connection = await asyncpg.connect(server.url)
        await connection.execute("create table kept as select 7 as number")
        server.stop(mode)
        with pytest.raises(ConnectionRefusedError):
            await _ask(server.url, "select 1")
        server.start()
        assert await _ask(server.url, "select number from kept") == 7
        connection.terminate()


async def test_while_paused_it_keeps_connections_and_says_nothing() -> None:
    """A connection that was open waits, a new one waits, and both are answered afterwards."""
    with postgres_server() as server:
        connection = await asyncpg.connect(server.url)
        server.pause()
        asked = asyncio.create_task(connection.fetchval("select 1"))
        came = asyncio.create_task(_ask(server.url, "select 2"))
        done, _ = await asyncio.wait([asked, came], timeout=0.3)
        assert not done
        server.resume()
        assert await asked == 1
        assert await came == 2
        await connection.close()
        server.pause()  # one that is paused can be stopped, too


def test_nothing_is_left_after_an_error() -> None:
    """The block may end as it likes: the server has ended and its folder is gone."""
    with contextlib.suppress(ZeroDivisionError), postgres_server() as server:
        ended = os.pidfd_open(server.pid)
        raise ZeroDivisionError
    _wait_until_ended(ended)
    assert not server.folder.exists()


def test_a_folder_of_ones_own_keeps_its_data(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What one server wrote there, the next one finds."""
    folder = tmp_path_factory.getbasetemp().parent.parent / f"tollbridge-kept-{os.getpid()}"
    try:
        with running_postgres(folder) as url:
            asyncio.run(_ask(url, "create table kept as select 7 as number"))
        with running_postgres(folder) as url:
            assert asyncio.run(_ask(url, "select number from kept")) == 7
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)


def test_a_server_that_does_not_come_up_says_why() -> None:
    """The end of its log is the message."""
    with postgres_server() as server:
        server.stop()
        with (server.folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write("\nfriendliness = on\n")
        with pytest.raises(CannotServe, match=r"(?s)did not start:.*\"friendliness\""):
            server.start()


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    """Where a program cannot be started, the log says so, and no trace of Python's."""
    child = Child(["/nowhere/postgres"], folder=tmp_path)
    assert child.wait() != 0
    assert "No such file or directory" in child.last_words()


@pytest.mark.parametrize("killed_by", [signal.SIGKILL, signal.SIGINT])
def test_no_server_outlives_its_keeper(killed_by: signal.Signals) -> None:
    """Killed, it takes its servers with it; after Ctrl-C the folder is gone, too."""
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": "src"},
        cwd=Path(__file__).parents[2],
    ) as keeper:
        assert keeper.stdout is not None
        pid, folder, url, bouncer = keeper.stdout.readline().split()
        ended = os.pidfd_open(int(pid))
        assert asyncio.run(_ask(bouncer, "select 1")) == 1
        # As a terminal does it: everybody in the foreground gets it.
        os.killpg(keeper.pid, killed_by)
        keeper.wait(ENDED_S)
    _wait_until_ended(ended)
    for address in (url, bouncer):
        with pytest.raises((OSError, asyncpg.PostgresError)):
            asyncio.run(_ask(address, "select 1"))
    if killed_by is signal.SIGKILL:
        with running_postgres():  # whoever comes next tidies up
            assert not Path(folder).exists()
    assert not Path(folder).exists()


def test_the_folder_of_a_running_server_is_left_alone(server: PostgresServer) -> None:
    """Tidying up behind the killed takes nothing from the living."""
    with running_postgres():
        assert server.folder.exists()
    assert asyncio.run(_ask(server.url, "select 1")) == 1


async def test_pgbouncer_gives_each_transaction_a_connection(server: PostgresServer) -> None:
    """In transaction mode many clients share few connections, in every database."""
    with running_pgbouncer(server.url) as url:
        assert urlsplit(url).port != server.port
        clients = [
            await asyncpg.connect(url, timeout=20, statement_cache_size=0) for _ in range(30)
        ]
        pids = {await client.fetchval("select pg_backend_pid()") for client in clients}
        assert len(pids) == 1  # one after the other they need one
        await asyncio.gather(*(client.close() for client in clients))
        other = urlsplit(url)._replace(path="/template1").geturl()
        assert await _ask(other, "select current_database()") == "template1"


async def test_pgbouncer_in_session_mode_keeps_what_a_client_has(server: PostgresServer) -> None:
    """The mode is what was asked for."""
    with running_pgbouncer(server.url, mode="session") as url:
        one = await asyncpg.connect(url, timeout=20, statement_cache_size=0)
        two = await asyncpg.connect(url, timeout=20, statement_cache_size=0)
        own = "select pg_backend_pid()"
        assert await one.fetchval(own) != await two.fetchval(own)
        await asyncio.gather(one.close(), two.close())


def test_a_mode_that_there_is_not_is_said(server: PostgresServer) -> None:
    """The end of PgBouncer's log is the message."""
    with (
        pytest.raises(CannotServe, match=r"(?s)PgBouncer did not start:.*pool_mode"),
        running_pgbouncer(server.url, mode="sentence"),
    ):
        pass


def test_the_tests_get_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is named, one runs as long as the tests do, and they find its address."""
    monkeypatch.delenv(TEST_POSTGRES, raising=False)
    with contextlib.suppress(KeyboardInterrupt), server_for_tests():
        url = os.environ[TEST_POSTGRES]
        assert asyncio.run(_ask(url, "select 1")) == 1
        raise KeyboardInterrupt
    assert TEST_POSTGRES not in os.environ
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(_ask(url, "select 1"))


def test_a_server_that_is_named_is_used(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has a server for the tests gets no second one."""
    monkeypatch.setenv(TEST_POSTGRES, server.url)
    with server_for_tests():
        assert os.environ[TEST_POSTGRES] == server.url
    assert os.environ[TEST_POSTGRES] == server.url


def _wait_until_ended(process: int) -> None:
    """Wait until the process behind a descriptor has ended; close the descriptor."""
    try:
        readable, _, _ = select.select([process], [], [], ENDED_S)
        assert readable
    finally:
        os.close(process)
