"""What `backup` and `restore` do not do, and that nothing is left of a try."""

import os
import shutil
from pathlib import Path

import apsw
import pytest

from building.postgres import running_pgbouncer
from tests.owner.test_backup import new_place
from tests.support.command_line import CommandLine
from tests.support.postgres import empty_database
from tests.support.stores import POSTGRES, SQLITE, Store, environment, using
from tollbridge.gateway.database.whole import postgres_backup
from tollbridge.gateway.database.whole.drafts import draft
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.store import lock_folder

UNSOUND = (
    "insert into balances (user_id, query_type, available, granted, debt, version, seated_left)"
    " values ('{user}', 'standard', 7, 0, 0, 1, 0)"
)


def change(line: CommandLine, statement: str) -> None:
    """Run a statement past everything that would prevent it."""
    url = environment(line.folder).get("TOLLBRIDGE_DATABASE_URL")
    if url is None:
        connection = apsw.Connection(str(line.folder / "tollbridge.db"))
        connection.execute(statement)
        connection.close()
        return
    from tests.owner.test_db_copy import on_server

    on_server(url, statement, "select 1")


def test_a_file_that_is_there_stays(owner: CommandLine, tmp_path: Path) -> None:
    """Unless it is said that it may go."""
    file = tmp_path / "backup"
    file.write_text("mine")
    sentence = owner.refuse("backup", str(file))
    assert sentence == f"there is a file {file} already; give another name, or --force"
    assert file.read_text() == "mine"
    owner.make("backup", str(file), "--force")
    assert file.stat().st_size > 4


def test_a_store_that_is_not_there_is_named(store: Store, tmp_path: Path) -> None:
    """And no file is made."""
    sentence = new_place(store, tmp_path / "var").refuse("backup", str(tmp_path / "backup"))
    named = "no database in " if store.kind == SQLITE else " holds no tollbridge; "
    assert named in sentence
    assert not list(tmp_path.glob("*backup*"))


def test_a_place_that_is_taken_stays(owner: CommandLine, tmp_path: Path) -> None:
    """A store is never restored over another."""
    file = str(tmp_path / "backup")
    owner.make("backup", file)
    owner.make("paywall", "set", "pw_one", "--name", "Newer than the backup")
    sentence = owner.refuse("restore", file)
    assert "a backup is restored into a" in sentence
    assert owner.make("paywall", "show", "pw_one")["name"] == "Newer than the backup"


@pytest.mark.only_on("sqlite")
def test_what_another_database_left_is_not_worked_in(store: Store, tmp_path: Path) -> None:
    """A log beside a new file of that name would be played into it."""
    source = CommandLine(tmp_path / "var")
    source.make("paywall", "create", "pw_one")
    source.make("backup", str(tmp_path / "backup"))
    line = CommandLine(tmp_path / "again")
    line.folder.mkdir()
    (line.folder / "tollbridge.db-wal").write_bytes(b"left")
    assert "tollbridge.db-wal already" in line.refuse("restore", str(tmp_path / "backup"))


@pytest.mark.only_on("sqlite")
def test_a_gateway_on_the_folder_is_noticed(owner: CommandLine, tmp_path: Path) -> None:
    """It would go on with what it knows."""
    owner.make("backup", str(tmp_path / "backup"))
    line = CommandLine(tmp_path / "again")
    line.folder.mkdir()
    with lock_folder(line.folder):
        assert "another gateway" in line.refuse("restore", str(tmp_path / "backup"))


def test_a_file_that_is_no_backup_is_named(store: Store, tmp_path: Path) -> None:
    """Nor a database of somebody else."""
    line, letter = new_place(store, tmp_path / "again"), tmp_path / "letter"
    letter.write_text("Dear Sir or Madam, " * 100)
    assert line.refuse("restore", str(letter)) == f"{letter} is no backup of tollbridge"
    foreign = tmp_path / "foreign"
    if store.kind == SQLITE:
        connection = apsw.Connection(str(foreign))
        connection.execute("create table notes (text)")
        connection.close()
    else:
        foreign.touch()
        postgres_backup.back_up(Secret(empty_database()), foreign, lambda size: None)
    assert "no backup of tollbridge" in line.refuse("restore", str(foreign))
    assert line.run("db", "check").exit_code == 1


def test_a_damaged_backup_leaves_nothing(store: Store, owner: CommandLine, tmp_path: Path) -> None:
    """Cut in half, or with a hole in it."""
    file = tmp_path / "backup"
    owner.make("backup", str(file))
    whole = file.read_bytes()
    line = new_place(store, tmp_path / "again")
    for damaged in (whole[: len(whole) // 2], whole[:20_000] + b"\xff" * 5_000 + whole[25_000:]):
        file.write_bytes(damaged)
        line.refuse("restore", str(file))
        line.folder.mkdir(exist_ok=True)
        assert {path.name for path in line.folder.iterdir()} <= {"gateway.lock"}
    file.write_bytes(whole)
    assert line.make("restore", str(file))["ok"] is True


def test_a_newer_backup_is_refused(store: Store, owner: CommandLine, tmp_path: Path) -> None:
    """An old program never writes into a new store; it does not back one up either."""
    file = tmp_path / "backup"
    owner.make("backup", str(file))
    if store.kind == SQLITE:
        newer = "pragma user_version = 9999"
        connection = apsw.Connection(str(file))
        connection.execute(newer)
        connection.close()
    else:
        newer = "insert into schema_version (number) values (9999)"
    change(owner, newer)
    if store.kind == POSTGRES:
        url = environment(owner.folder)["TOLLBRIDGE_DATABASE_URL"]
        postgres_backup.back_up(Secret(url), file, lambda size: None)
    line = new_place(store, tmp_path / "again")
    assert "start a newer tollbridge on it" in line.refuse("restore", str(file))
    assert "start a newer tollbridge on it" in owner.refuse("backup", str(tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_an_unsound_ledger_is_told(store: Store, owner: CommandLine, tmp_path: Path) -> None:
    """SQLite: nothing is restored. PostgreSQL: it is there, and the exit code is 1."""
    user = owner.make("user", "create", "--paywall", "pw_one")["id"]
    change(owner, UNSOUND.format(user=user))
    file = str(tmp_path / "backup")
    owner.make("backup", file)
    line = new_place(store, tmp_path / "again")
    found = line.run("restore", file)
    assert found.exit_code == 1
    assert f"balance {user}/standard: available is 7" in found.output
    assert line.run("paywall", "show", "pw_one").exit_code == (store.kind == SQLITE)


def test_the_other_kind_of_backup_is_named(tmp_path: Path) -> None:
    """With what to do instead."""
    files = {}
    for kind in (SQLITE, POSTGRES):
        with using(kind):
            line = CommandLine(tmp_path / kind)
            line.make("paywall", "create", "pw_one")
            files[kind] = str(tmp_path / f"backup_{kind}")
            line.make("backup", files[kind])
    with using(SQLITE):
        sentence = CommandLine(tmp_path / "again").refuse("restore", files[POSTGRES])
        assert "set TOLLBRIDGE_DATABASE_URL to a new database" in sentence
    with using(POSTGRES):
        sentence = CommandLine(tmp_path / "again").refuse("restore", files[SQLITE])
        assert "tollbridge db copy" in sentence


@pytest.mark.only_on("postgres")
def test_postgresqls_programs_must_be_there(owner: CommandLine, tmp_path: Path) -> None:
    """The sentence says which package has them."""
    sentence = owner.refuse("backup", str(tmp_path / "backup"), environment={"PATH": ""})
    assert sentence.startswith("pg_dump is not installed; ")
    assert "postgresql-client" in sentence
    assert not list(tmp_path.glob("*backup*"))


@pytest.mark.only_on("postgres")
def test_a_password_is_no_argument(owner: CommandLine, tmp_path: Path) -> None:
    """Every user of the machine can read those; the program still gets it."""
    program, seen = tmp_path / "bin" / "pg_dump", tmp_path / "seen"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$*" "PASSWORD=$PGPASSWORD" > {seen}\nexec {shutil.which("pg_dump")} "$@"'
    )
    program.chmod(0o700)
    url = environment(owner.folder)["TOLLBRIDGE_DATABASE_URL"]
    given = {
        "TOLLBRIDGE_DATABASE_URL": url.replace("tollbridge@", "tollbridge:s3cret%2Fword@"),
        "PATH": f"{program.parent}:{os.environ['PATH']}",
    }
    result = owner.run("backup", str(tmp_path / "backup"), environment=given)
    assert result.exit_code == 0, result.output
    arguments, password = seen.read_text().strip().split("PASSWORD=")
    assert password == "s3cret/word"
    assert "s3cret" not in arguments + result.output
    assert "--dbname=postgresql://tollbridge@" in arguments


@pytest.mark.only_on("postgres")
def test_a_pooler_is_told_apart(owner: CommandLine, tmp_path: Path) -> None:
    """Copying goes through one, `pg_dump` would change connections that others get next."""
    url = environment(owner.folder)["TOLLBRIDGE_DATABASE_URL"]
    with running_pgbouncer(url) as pooled:
        given = {"TOLLBRIDGE_DATABASE_URL": pooled}
        found = owner.make("db", "check", environment=given)
        assert (found["pooled"], found["problems"]) == (True, [])
        sentence = owner.refuse("backup", str(tmp_path / "backup"), environment=given)
        assert sentence.startswith("a pooler stands at ")
    assert owner.make("db", "check")["pooled"] is False


def test_a_draft_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """Nobody ever sees half a file."""
    file = tmp_path / "backup"
    file.write_text("old")

    def stop() -> None:
        with draft(file, force=True) as name:
            name.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_whoever_was_faster_keeps_the_name(tmp_path: Path) -> None:
    """A file that came while the backup was made is not overwritten either."""
    file = tmp_path / "backup"
    with pytest.raises(StartError, match="already"), draft(file, force=False):
        file.write_text("somebody was faster")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["somebody was faster"]
