"""`tollbridge db migrate` and `db check`, on both stores."""

import asyncio
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from tests.support.command_line import CommandLine
from tests.support.postgres import empty_database, server_url
from tests.support.stored import everything_stored
from tests.support.stores import POSTGRES, SQLITE, Store, environment
from tests.support.world import open_world
from tollbridge.gateway.database import migrate, postgres_migrate
from tollbridge.gateway.database.whole.examine import Examined
from tollbridge.gateway.owner.checking import judge

NEWEST = {
    SQLITE: migrate.migrations()[-1][0],
    POSTGRES: postgres_migrate.migrations()[-1][0],
}
URL = "TOLLBRIDGE_DATABASE_URL"


@pytest.fixture
def nothing(store: Store, command_line: CommandLine) -> CommandLine:
    """The command line on a store without tables."""
    if store.kind == POSTGRES:
        store.put(command_line.folder, empty_database())
    return command_line


def facts(**changed: Any) -> Examined:
    """What a sound server says of itself, but for what is changed."""

    async def read(script: Any) -> Any:
        raise AssertionError("what is judged is only what it says")

    sound = {
        "kind": "PostgreSQL",
        "place": "localhost/tollbridge",
        "version": "15.1",
        "major": 15,
        "schema": 2,
        "newest": 2,
        "pooled": False,
        "encoding": "UTF8",
        "durability": {"fsync": "on", "synchronous_commit": "on"},
        "read": read,
    }
    return Examined(**(sound | changed))


def test_migrate_makes_what_is_missing(store: Store, nothing: CommandLine) -> None:
    """It says from where to where; a second time there is nothing to do."""
    newest = NEWEST[store.kind]
    made = nothing.make("db", "migrate")
    assert (made["from"], made["to"]) == (0, newest)
    assert nothing.run("db", "migrate").stdout.endswith(f": schema {newest} already\n")
    assert nothing.make("paywall", "create", "pw_one")["id"] == "pw_one"


def test_migrate_goes_on_from_an_older_schema(store: Store, nothing: CommandLine) -> None:
    """What is in the tables stays."""
    _make_first(store, nothing.folder)
    said = nothing.run("db", "migrate")
    assert f": from schema 1 to {NEWEST[store.kind]}\n" in said.stdout
    found = nothing.make("db", "check")
    assert (found["schema"], found["pending"]) == (NEWEST[store.kind], 0)


def test_migrations_that_wait_are_told(store: Store, nothing: CommandLine) -> None:
    """Looking applies none of them; the ledger can be verified afterwards."""
    _make_first(store, nothing.folder)
    for _ in range(2):
        found = nothing.make("db", "check")
        assert (found["schema"], found["pending"]) == (1, NEWEST[store.kind] - 1)
    assert nothing.run("db", "check", "--ledger").exit_code == 1


def _make_first(store: Store, folder: Path) -> None:
    """Make a store as the first version of the program did."""
    if store.kind == SQLITE:
        folder.mkdir(mode=0o700)
        connection = apsw.Connection(str(folder / "tollbridge.db"))
        connection.execute(migrate.migrations()[0][1])
        connection.execute("pragma user_version = 1")
        connection.close()
        return

    async def make() -> None:
        connection = await asyncpg.connect(environment(folder)[URL])
        await connection.execute(postgres_migrate.migrations()[0][1])
        await connection.execute(
            "create table schema_version (number bigint primary key, applied_at timestamptz);"
            "insert into schema_version values (1, now())"
        )
        await connection.close()

    asyncio.run(make())


def test_a_newer_schema_is_left_alone(store: Store, owner: CommandLine) -> None:
    """By both commands."""
    if store.kind == SQLITE:
        connection = apsw.Connection(str(owner.folder / "tollbridge.db"))
        connection.execute("pragma user_version = 9999")
        connection.close()
    else:
        _on_server(owner, "insert into schema_version (number) values (9999)")
    assert "start a newer tollbridge on it" in owner.refuse("db", "migrate")
    found = owner.run("db", "check")
    assert found.exit_code == 1
    assert "wrong: the schema is 9999, this version of tollbridge knows up to " in found.stdout


async def test_a_store_that_is_used_is_sound(store: Store, command_line: CommandLine) -> None:
    """Every fact has its line; the running gateway is counted, and its key fits."""
    async with open_world(command_line.folder) as world:
        await world.sign_in()
        found = await asyncio.to_thread(command_line.make, "db", "check", "--ledger")
    assert found["ok"] is True
    assert (found["problems"], found["differences"]) == ([], [])
    assert (found["master_key"], found["processes"]) == ("fits", 1)
    if store.kind == SQLITE:
        assert found["durability"] == {"journal_mode": "wal"}
        assert found["place"] == str(command_line.folder / "tollbridge.db")
    else:
        assert found["durability"].keys() == {"synchronous_commit", "fsync"}
        assert found["pooled"] is False
    lines = (await asyncio.to_thread(command_line.run, "db", "check")).stdout.splitlines()
    named = ["store", "version", "schema", "pending", "encoding", "durability"]
    named += ["master key", "processes", "ledger"]
    assert [name for name in named if not any(line.startswith(name) for line in lines)] == []
    assert (await asyncio.to_thread(command_line.make, "db", "check"))["processes"] == 0


async def test_another_master_key_is_told(store: Store, command_line: CommandLine) -> None:
    """So is a missing one; neither is made."""
    async with open_world(command_line.folder):
        pass
    key = command_line.folder / "master.key"
    key.write_text("A" * 43 + "=\n")
    found = await asyncio.to_thread(command_line.run, "db", "check")
    assert found.exit_code == 1
    assert "wrong: the master key is not the one" in found.stdout
    key.unlink()
    found = await asyncio.to_thread(command_line.run, "db", "check")
    assert "wrong: there is no master key at " in found.stdout
    assert not key.exists()


def test_an_unsound_ledger_is_told(store: Store, owner: CommandLine) -> None:
    """Only where it was asked for."""
    user = owner.make("user", "create", "--paywall", "pw_one")["id"]
    unsound = (
        "insert into balances (user_id, query_type, available, granted, debt, version, seated_left)"
        f" values ('{user}', 'standard', 7, 0, 0, 1, 0)"
    )
    if store.kind == SQLITE:
        connection = apsw.Connection(str(owner.folder / "tollbridge.db"))
        connection.execute(unsound)
        connection.close()
    else:
        _on_server(owner, unsound)
    assert owner.make("db", "check")["differences"] is None
    found = owner.run("db", "check", "--ledger")
    assert found.exit_code == 1
    assert f"wrong: balance {user}/standard: available is 7, its grants hold 0" in found.stdout


def test_looking_changes_nothing(store: Store, owner: CommandLine) -> None:
    """Not even the files' bytes, and no key is made."""
    before, files = everything_stored(owner.folder), _files(owner.folder)
    owner.make("db", "check", "--ledger")
    assert everything_stored(owner.folder) == before
    assert _files(owner.folder) == files


def test_a_store_without_tables_is_told(store: Store, nothing: CommandLine) -> None:
    """With what to do; looking makes none."""
    if store.kind == SQLITE:
        assert nothing.refuse("db", "check").startswith("no database in ")
        assert not nothing.folder.exists()
        return
    for _ in range(2):
        found = nothing.run("db", "check")
        assert found.exit_code == 1
        assert "wrong: there are no tables; make them with: tollbridge db migrate" in found.stdout


@pytest.mark.only_on("sqlite")
def test_a_server_out_of_reach_is_one_sentence(store: Store, command_line: CommandLine) -> None:
    """Nobody listens there, there is no such database, or it is no address; no password is told."""
    host = server_url().rpartition("@")[2].partition("/")[0]
    for address in (
        "postgresql://me:s3cret@127.0.0.1:1/tollbridge",
        f"postgresql://tollbridge:s3cret@{host}/no_such_database",
        "postgresql://me:s3cret@[/",
        "postgresql://me:s3cret/4@localhost:s3cret/x",
    ):
        sentence = command_line.refuse("db", "check", environment={URL: address})
        assert "s3cret" not in sentence
        assert "database" in sentence


@pytest.mark.only_on("postgres")
def test_another_encoding_is_told(store: Store, command_line: CommandLine) -> None:
    """Names and addresses would not come back as they were."""
    name = f"tollbridge_test_ascii_{id(store)}"
    create = f"create database {name} encoding 'SQL_ASCII' locale 'C' template template0"
    asyncio.run(_execute(server_url(), create))
    try:
        address = server_url().rpartition("/")[0] + f"/{name}"
        found = command_line.run("db", "check", environment={URL: address})
        assert "wrong: the encoding is SQL_ASCII; it must be UTF8" in found.stdout
    finally:
        asyncio.run(_execute(server_url(), f"drop database {name} with (force)"))


def test_each_fault_of_a_server_has_its_sentence() -> None:
    """A sound one has none; what a gateway can live with is a note."""
    assert judge(facts()) == ([], [])
    for changed, words in (
        ({"major": 14}, "PostgreSQL 14 is too old; 15 or newer is needed"),
        ({"encoding": "LATIN1"}, "the encoding is LATIN1"),
        ({"schema": 0}, "there are no tables"),
        ({"schema": 3}, "the schema is 3, this version of tollbridge knows up to 2"),
    ):
        ((problem,), notes) = judge(facts(**changed))
        assert problem.startswith(words)
        assert notes == []
    off = {"fsync": "off", "synchronous_commit": "off"}
    problems, notes = judge(facts(durability=off))
    assert problems == []
    assert [note.partition(" ")[0] for note in notes] == ["fsync", "synchronous_commit"]


def _files(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*") if path.is_file()}


def _on_server(line: CommandLine, statement: str) -> None:
    asyncio.run(_execute(environment(line.folder)[URL], statement))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
