"""How a file comes to its tables, and who may open it."""

import stat
from contextlib import ExitStack

import apsw
import pytest

from tests.database.notes import add_note, list_notes, run
from tests.database.processes import hear, running, say
from tollbridge.gateway.database import SqliteDatabase, StoreUnavailable
from tollbridge.gateway.database.connection import connect
from tollbridge.gateway.errors import StartError

ROUNDS, PROCESSES = 5, 3


def schema(path):
    """Read everything that was created, and the number of the last migration."""
    connection = apsw.Connection(str(path))
    created = connection.execute("select type, name, sql from sqlite_schema order by name")
    return created.fetchall(), connection.execute("pragma user_version").get


async def test_a_new_file_gets_its_tables(path):
    """The first start makes the file; the number of the last migration stands in it."""
    await SqliteDatabase(path).close()
    created, version = schema(path)
    assert {"balances", "calls", "grants", "journal"} <= {name for _, name, _ in created}
    assert version >= 1


async def test_a_file_that_is_up_to_date_is_left_alone(path):
    """The second start changes nothing and finds what the first one wrote."""
    database = SqliteDatabase(path)
    await database.write(add_note("a"))
    await database.close()
    before = schema(path)
    database = SqliteDatabase(path)
    assert await database.read(list_notes()) == ["a"]
    await database.close()
    assert schema(path) == before


def test_several_processes_may_make_the_file_together(tmp_path):
    """They take turns; each finds the tables, whoever made them."""
    for number in range(ROUNDS):
        path = tmp_path / f"{number}.db"
        with ExitStack() as stack:
            processes = [
                stack.enter_context(running("tests.database.neighbour", "open", path))
                for _ in range(PROCESSES)
            ]
            assert [hear(process) for process in processes] == ["ready"] * PROCESSES
            for process in processes:
                say(process, "go")
            assert [hear(process) for process in processes] == ["opened"] * PROCESSES


def test_a_newer_schema_is_refused(path):
    """An old program never writes into a new file, and says what to do."""
    connection = connect(path)
    connection.execute("pragma user_version = 9999")
    connection.close()
    with pytest.raises(StartError, match=r"schema 9999.*up to \d+; start a newer tollbridge"):
        connect(path)


def test_a_file_that_is_no_database_is_refused(path):
    """Somebody's letter is not overwritten."""
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(StoreUnavailable, match=r"cannot open .*tollbridge\.db"):
        connect(path)
    assert path.read_text().startswith("Dear Sir")


def test_a_folder_that_is_missing_is_named(tmp_path):
    """The error says which file could not be opened."""
    with pytest.raises(StoreUnavailable, match="nowhere"):
        connect(tmp_path / "nowhere" / "tollbridge.db")


async def test_only_the_owner_may_read_the_files(path):
    """The file, its log and the log's index have mode 0600, whatever the umask."""
    database = SqliteDatabase(path)
    await database.write(add_note("a"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {path.name + end: 0o600 for end in ("", "-wal", "-shm")}
    await database.close()


@pytest.mark.only_on("sqlite")
async def test_a_commit_is_on_the_disk_before_it_is_acknowledged(database):
    """Write-ahead log, full synchronisation, foreign keys: what the store's promises rest on."""
    settings = [
        (await database.write(run(f"pragma {name}")))[0][0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert settings == ["wal", 2, 1]
