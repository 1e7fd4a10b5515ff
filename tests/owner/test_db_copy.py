"""`tollbridge db copy`: from SQLite to PostgreSQL, everything and exactly, or nothing."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from building.prepare import TEST_POSTGRES
from tests.owner.mixture import DEAD_EPOCH, mix
from tests.support.postgres import empty_database, fresh_database
from tests.support.stores import POSTGRES, using
from tests.support.world import Visitor, World, open_world
from tollbridge.gateway import ledger
from tollbridge.gateway.data_folder import DATABASE_FILE
from tollbridge.gateway.database import PostgresDatabase, Statement
from tollbridge.gateway.database.connection import connect
from tollbridge.gateway.owner.commands import app

# What a gateway leaves unwritten in a store where nobody has come yet.
START_ONLY = "insert into meta (name, value) values ('left', 'by a start')"


# What tells the tests about their server is no setting of ours.
_NONE = {TEST_POSTGRES: None}


def copy(folder: Path, url: str, *words: str) -> Result:
    """Run the command, which may fail."""
    return CliRunner().invoke(
        app, ["db", "copy", "--from-data-dir", str(folder), "--to", url, *words], env=_NONE
    )


def refused(result: Result) -> str:
    """Return the one sentence of a copy that was refused."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    (sentence,) = result.stderr.splitlines()
    return str(sentence)


def on_server(url: str, *statements: str) -> list[Any]:
    """Run statements; return the first value of the last one's rows."""

    async def run() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return [row[0] for row in await connection.fetch(statements[-1])]
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a paywall and a user with a credit."""
    connection = connect(tmp_path / DATABASE_FILE)
    connection.execute(
        "insert into paywalls values ('pw_one', 'One', '[]', 1, 1, null);"
        "insert into users values ('user_a', 'pw_one', null, 1, 1)"
    )
    connection.close()
    return tmp_path


async def test_everything_arrives_and_goes_on(tmp_path: Path) -> None:
    """Balances, receipts, repeats and sessions are the same on a gateway that starts on the copy.

    What a killed process had left open is closed there, and its credits come back.
    """
    async with open_world(tmp_path) as world:
        mixed = await mix(world)
        assert await world.verify() == []
        receipts = await _receipts(world, mixed.visitor)
    # A gateway sweeps its folder when it starts, so that this is what `kill -9` would leave.
    assert _open_holds(tmp_path) == [(DEAD_EPOCH, 3)]
    url = empty_database()
    result = await asyncio.to_thread(copy, tmp_path, url, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert [table for table, rows in said["rows"].items() if rows == 0] == []
    assert said["credits"] == _credits(tmp_path)
    with using(POSTGRES) as target:
        target.put(tmp_path, url)
        async with open_world(tmp_path, beat_s=1, silent_s=4) as world:
            assert await _receipts(world, mixed.visitor) == receipts
            assert await world.balance(mixed.visitor) in (mixed.left, mixed.left + mixed.held)
            while await world.balance(mixed.visitor) != mixed.left + mixed.held:
                pass  # until it is noticed that the process is silent
            assert await world.verify() == []
            named = {"Idempotency-Key": mixed.key}
            async with world.call(mixed.visitor, headers=named) as answer:
                assert (await answer.json())["error"] == "call_already_charged"
            await world.grant(mixed.visitor, 1)
            assert await world.balance(mixed.visitor) == mixed.left + mixed.held + 1


async def _receipts(world: World, visitor: Visitor) -> list[Any]:
    """What the gateway says of the visitor's calls that are over."""
    statement = "select call_id from calls where user_id = $1 and ended_at is not null"
    found = await world.write(_rows(statement, visitor.user_id))
    assert found
    return [await world.receipt(visitor, call_id) for (call_id,) in sorted(found)]


def _rows(sql: str, *parameters: Any) -> Any:
    return (yield Statement(sql, parameters))


def _open_holds(folder: Path) -> list[Any]:
    connection = connect(folder / DATABASE_FILE)
    try:
        return connection.execute(
            "select epoch_id, amount from calls where state = 'held'"
        ).fetchall()
    finally:
        connection.close()


def _credits(folder: Path) -> dict[str, int]:
    connection = connect(folder / DATABASE_FILE)
    try:
        return {
            f"{table}.{column}": connection.execute(f"select sum({column}) from {table}").get
            for table, column in (
                *(("grants", "amount"), ("calls", "amount"), ("journal", "amount")),
                *(("journal", "debt"), ("balances", "available"), ("balances", "debt")),
            )
        }
    finally:
        connection.close()


def test_it_says_what_to_do_next(folder: Path) -> None:
    """For a person; and the source is as it was, to the byte."""
    before = (folder / DATABASE_FILE).read_bytes()
    result = copy(folder, empty_database())
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Copied 2 rows of ")
    assert "set TOLLBRIDGE_DATABASE_URL" in result.stdout
    assert "same master key" in result.stdout
    assert (folder / DATABASE_FILE).read_bytes() == before


def test_a_store_in_use_is_left_alone(folder: Path) -> None:
    """A second copy is refused, and one into a store that has a paywall and no user."""
    url = fresh_database()
    assert copy(folder, url).exit_code == 0
    assert "holds users or paywalls already; copy into a new database" in refused(copy(folder, url))
    other = fresh_database()
    on_server(other, "insert into paywalls values ('pw_two', 'Two', '[]', 1, 1, null)")
    assert "holds users or paywalls already" in refused(copy(folder, other))
    assert on_server(other, "select paywall_id from paywalls") == ["pw_two"]


def test_what_a_start_without_users_left_is_replaced(folder: Path) -> None:
    """Its master key's check would not let a gateway start with the key of the source."""
    url = fresh_database()
    on_server(url, START_ONLY)
    assert copy(folder, url).exit_code == 0
    assert on_server(url, "select name from meta") == []


def test_a_gateway_on_the_target_is_noticed(folder: Path) -> None:
    """Its signing keys are about to go; one that was killed looks the same."""
    url = fresh_database()
    on_server(url, "insert into epochs (epoch_id, started_at, beat_at) values ('epoch_1', 1, 1)")
    assert "a gateway runs on " in refused(copy(folder, url))


async def test_a_gateway_on_the_folder_is_noticed(tmp_path: Path) -> None:
    """Calls that it charges meanwhile would be missing in the copy."""
    url = empty_database()
    async with open_world(tmp_path):
        result = await asyncio.to_thread(copy, tmp_path, url)
    assert "another gateway (process " in refused(result)


def test_a_folder_without_a_database_is_named(tmp_path: Path) -> None:
    """And nothing is made there."""
    sentence = refused(copy(tmp_path / "none", empty_database()))
    assert sentence == f"Error: no database in {tmp_path / 'none'}; give its folder with " + (
        "--from-data-dir"
    )
    assert not (tmp_path / "none").exists()


def test_where_to_must_be_said(folder: Path) -> None:
    """By the option or by the setting."""
    result = CliRunner().invoke(app, ["db", "copy", "--from-data-dir", str(folder)], env=_NONE)
    assert refused(result) == "Error: say where to: set TOLLBRIDGE_DATABASE_URL, or give --to"


def test_an_unsound_ledger_is_not_copied(folder: Path) -> None:
    """Its differences are listed, as `ledger verify` does."""
    connection = connect(folder / DATABASE_FILE)
    connection.execute(
        "insert into balances (user_id, query_type, available, granted, debt, version, seated_left)"
        " values ('user_a', 'standard', 7, 0, 0, 1, 0)"
    )
    connection.close()
    url = empty_database()
    result = copy(folder, url, "--json")
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert said["ok"] is False
    assert said["error"].startswith("the ledger of the database in the folder is not sound")
    assert said["differences"] == [
        "balance user_a/standard: available is 7, its grants hold 0",
    ]
    assert on_server(url, "select count(*) from users") == [0]


TAMPERINGS = {
    "a number is changed": "new.created_at := 2; return new;",
    "a text is changed": "new.user_id := 'user_a2'; return new;",
    "a value is made up": "new.email := 'a@b.example'; return new;",
    "a row is lost": "return null;",
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_any_difference_undoes_the_copy(folder: Path, what: str) -> None:
    """Even where the ledger has nothing to say about it."""
    url = fresh_database()
    on_server(
        url,
        "create function tamper() returns trigger language plpgsql as $$ begin "
        f"{TAMPERINGS[what]} end $$",
        "create trigger tamper before insert on users for each row execute function tamper()",
        "select 1",
    )
    result = copy(folder, url, "--json")
    assert result.exit_code == 1, result.output
    said = json.loads(result.stdout)
    assert said["error"] == "the copy differs from what is in the folder; it is undone"
    assert all(sentence.startswith("table users: ") for sentence in said["differences"])
    assert said["differences"]
    assert on_server(url, "select count(*) from paywalls") == [0]


def test_what_postgresql_cannot_store_is_said(folder: Path) -> None:
    """SQLite takes a NUL in a text, PostgreSQL does not."""
    connection = connect(folder / DATABASE_FILE)
    connection.execute("update paywalls set name = 'a' || char(0) || 'b'")
    connection.close()
    url = empty_database()
    assert "invalid byte sequence" in refused(copy(folder, url))
    assert on_server(url, "select count(*) from paywalls") == [0]


def test_the_password_is_not_shown(folder: Path) -> None:
    """Host and database are."""
    url = empty_database()
    host, name = url.rpartition("@")[2].split("/")
    result = copy(folder, f"postgresql://tollbridge:s3cret-word@{host}/{name}")
    assert result.exit_code == 0, result.output
    assert f"{host}/{name}" in result.output
    assert "s3cret" not in result.output
    wrong = copy(folder, f"postgresql://tollbridge:s3cret-word@{host}/missing_{name}")
    assert "s3cret" not in refused(wrong)


async def test_many_rows_go_by(tmp_path: Path) -> None:
    """More than the driver gathers before it sends, in an order in which references hold."""
    connection = connect(tmp_path / DATABASE_FILE)
    many = "with recursive many(i) as (select 1 union all select i + 1 from many where i < 20000) "
    connection.execute("insert into paywalls values ('pw_one', 'One', '[]', 1, 1, null)")
    connection.execute(many + "insert into users select 'u'||i, 'pw_one', null, 1, i from many")
    connection.execute(
        many + "insert into requests (at, request_id, method, route, status, duration_ms)"
        " select i, 'req_' || hex(randomblob(40)), 'GET', '/' || hex(zeroblob(200)), 200, i"
        " from many"
    )
    connection.close()
    url = empty_database()
    result = await asyncio.to_thread(copy, tmp_path, url, "--json")
    assert result.exit_code == 0, result.output
    assert sum(json.loads(result.stdout)["rows"].values()) == 40_001
    database = await PostgresDatabase.open(url)
    assert await database.read(_rows("select sum(duration_ms) from requests")) == [(200_010_000,)]
    assert await database.read(ledger.verify(), snapshot=True) == []
    await database.close()
