"""How a PostgreSQL database comes to its tables, and which ones are not taken."""

from contextlib import ExitStack

import pytest

from tests.database.notes import add_note, list_notes, run
from tests.database.postgres_doors import connected
from tests.database.processes import hear, running, say
from tests.support.postgres import empty_database, fresh_database
from tollbridge.gateway.database import PostgresDatabase, StoreUnavailable
from tollbridge.gateway.database.postgres_migrate import migrations
from tollbridge.gateway.database.postgres_server import check_server
from tollbridge.gateway.errors import StartError

PROCESSES = 3
SCHEMA = """
select table_name, column_name, data_type from information_schema.columns
where table_schema = 'public' order by 1, 2
"""


async def schema(url):
    """Read all columns, and the numbers of the migrations with their times."""
    async with connected(url) as connection:
        columns = await connection.fetch(SCHEMA)
        return columns, await connection.fetch("select * from schema_version order by number")


async def test_a_new_database_gets_its_tables():
    """The first start makes them; the number of each migration stands in it."""
    url = empty_database()
    database = await PostgresDatabase.open(url)
    assert await database.write(add_note("a")) == "a"
    await database.close()
    columns, versions = await schema(url)
    assert {"balances", "calls", "grants", "journal"} <= {row["table_name"] for row in columns}
    assert [row["number"] for row in versions] == [number for number, _ in migrations()]


async def test_a_database_that_is_up_to_date_is_left_alone():
    """The second start changes nothing and finds what the first one wrote."""
    url = fresh_database()
    database = await PostgresDatabase.open(url)
    await database.write(add_note("a"))
    await database.close()
    before = await schema(url)
    database = await PostgresDatabase.open(url)
    assert await database.read(list_notes()) == ["a"]
    await database.close()
    assert await schema(url) == before


async def test_a_database_that_is_behind_is_brought_up_to_date():
    """Only what is missing is run."""
    url = empty_database()
    (number, sql), *rest = migrations()
    async with connected(url) as connection:
        await connection.execute(sql)
        await connection.execute(
            "create table schema_version (number bigint primary key, applied_at timestamptz);"
            f" insert into schema_version values ({number}, now())"
        )
        await connection.execute("insert into meta values ('a', '')")
    assert rest
    database = await PostgresDatabase.open(url)
    assert await database.read(list_notes()) == ["a"]
    await database.close()
    assert len((await schema(url))[1]) == 1 + len(rest)


async def test_a_migration_that_fails_leaves_nothing():
    """All of them are one unit: what stands in the way is found as it was."""
    url = empty_database()
    async with connected(url) as connection:
        await connection.execute("create table journal (mine text)")
    with pytest.raises(StoreUnavailable, match='"journal" already exists'):
        await PostgresDatabase.open(url)
    async with connected(url) as connection:
        assert len(await connection.fetch(SCHEMA)) == 1


def test_several_processes_may_make_the_tables_together():
    """They take turns; each finds the tables, whoever made them."""
    url = empty_database()
    with ExitStack() as stack:
        processes = [
            stack.enter_context(running("tests.database.neighbour", "open", url))
            for _ in range(PROCESSES)
        ]
        assert [hear(process) for process in processes] == ["ready"] * PROCESSES
        for process in processes:
            say(process, "go")
        assert [hear(process) for process in processes] == ["opened"] * PROCESSES


async def test_a_newer_schema_is_refused():
    """An old program never writes into a newer database, and says what to do."""
    url = fresh_database()
    async with connected(url) as connection:
        await connection.execute("insert into schema_version values (9999, now())")
    with pytest.raises(StartError, match=r"schema 9999.*up to \d+; start a newer tollbridge"):
        await PostgresDatabase.open(url)


async def test_a_command_makes_no_tables():
    """Who only looks at a database that holds no tollbridge is told so, and nothing is made."""
    url = empty_database()
    with pytest.raises(StartError, match="holds no tollbridge"):
        await PostgresDatabase.open(url, make=False)
    async with connected(url) as connection:
        assert await connection.fetch(SCHEMA) == []


async def test_another_encoding_is_refused():
    """Not every text could be kept there; the message says how to make a database."""
    name = "tollbridge_ascii"
    async with connected(empty_database()) as admin:
        await admin.execute(f"drop database if exists {name}")
        await admin.execute(
            f"create database {name} encoding 'SQL_ASCII' locale 'C' template template0"
        )
        url = empty_database().rsplit("/", 1)[0] + f"/{name}"
        with pytest.raises(StartError, match=r"encoding is SQL_ASCII; .*encoding 'UTF8'"):
            await PostgresDatabase.open(url)
        await admin.execute(f"drop database {name} with (force)")


@pytest.mark.parametrize(
    ("version", "encoding", "said"),
    [
        (14, "UTF8", "the database server is PostgreSQL 14; tollbridge needs 15 or newer"),
        (15, "LATIN1", "the database's encoding is LATIN1"),
    ],
)
def test_a_server_that_will_not_do_is_named(version, encoding, said):
    """One version below the oldest one, and any encoding but one."""
    with pytest.raises(StartError, match=said):
        check_server(version, encoding)


def test_the_oldest_server_will_do():
    """At the limit itself there is nothing to say."""
    check_server(15, "UTF8")


@pytest.mark.parametrize("url", ["mysql://127.0.0.1/x", "postgresql://127.0.0.1:port/x"])
async def test_an_address_that_is_none_is_named(url):
    """Without what stood there: it may hold a password."""
    with pytest.raises(StartError, match="not a postgresql:// address"):
        await PostgresDatabase.open(url)


async def test_a_server_that_is_not_there_is_no_mistake_of_the_settings():
    """It may come; whoever asked may try again."""
    with pytest.raises(StoreUnavailable, match="cannot reach the database"):
        await PostgresDatabase.open("postgresql://someone:secret@127.0.0.1:1/x")


@pytest.mark.parametrize("pooled", [False, True])
async def test_a_commit_is_on_the_disk_before_it_is_acknowledged(pooled, bounced):
    """Also where the database's own setting says that it need not be."""
    url = fresh_database()
    async with connected(url) as connection:
        await connection.execute(
            "do $$ begin execute format('alter database %I set synchronous_commit = off',"
            " current_database()); end $$"
        )
    database = await PostgresDatabase.open(bounced(url) if pooled else url)
    show = "select current_setting('synchronous_commit')"
    assert await database.write(run(show)) == [("on",)]
    await database.close()
    async with connected(url) as connection:
        assert await connection.fetchval(show) == "off"  # else this test would say nothing
