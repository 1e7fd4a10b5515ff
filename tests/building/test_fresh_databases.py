"""The databases that tests get: current, empty, and not one more of them than needed."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg

from building.prepare import TEST_POSTGRES
from tests.support.postgres import KEPT, READY, empty_database, fresh_database, server_url
from tollbridge.gateway.database.postgres import PostgresDatabase
from tollbridge.gateway.database.postgres_migrate import migrations

# More than there are at a time, so that some must come round again.
MANY = 3 * (KEPT + READY)
EPOCH = "insert into epochs (epoch_id, started_at, beat_at) values ('one', 1, 1)"
ROOT = Path(__file__).parents[2]


async def _run(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url, timeout=20)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_it_has_the_current_tables() -> None:
    """The store opens it without making anything."""
    url = fresh_database()
    assert await _run(url, "select max(number) from schema_version") == migrations()[-1][0]
    database = await PostgresDatabase.open(url, make=False)
    await database.close()


async def test_no_row_of_another_test_is_in_it() -> None:
    """Databases come round again, and none brings what was written in it: not even history."""
    seen = set()
    for _ in range(MANY):
        url = fresh_database()
        seen.add(url)
        connection = await asyncpg.connect(url)
        for table, rows in (
            ("epochs", 0),
            ("call_takes", 0),
            ("schema_version", len(migrations())),
        ):
            assert await connection.fetchval(f"select count(*) from {table}") == rows
        await connection.execute(
            f"{EPOCH}; insert into call_takes values ('call', 1, 'grant', 1);"
            "insert into schema_version values (9999)"
        )
        await connection.close()
    assert len(seen) < MANY


async def test_what_a_test_did_to_the_tables_is_seen_by_no_other() -> None:
    """A database whose tables, triggers or functions were changed is not given out again."""
    changes = [
        "alter table journal disable trigger journal_is_append_only",
        "drop trigger journal_is_append_only on journal",
        "alter table epochs add column whim text",
        "create table whim ()",
        "create sequence whim",
        "create schema whim",
        "create or replace function refuse() returns trigger language plpgsql as $$begin end$$",
        "drop schema public cascade",
        "do $$begin execute format('alter database %I set work_mem = 999', current_database()); "
        "end$$",
    ]
    changed = set()
    for change in changes:
        changed.add(url := fresh_database())
        await _run(url, change)
    assert not changed & {fresh_database() for _ in range(MANY)}


async def test_one_that_has_grown_is_not_given_out_again() -> None:
    """What is deleted leaves its file as long as it was, and reading goes through all of it."""
    url = fresh_database()
    rows = "select n::text, 1, 1 from generate_series(1, 100000) n"
    await _run(url, f"insert into epochs (epoch_id, started_at, beat_at) {rows}")
    assert url not in {fresh_database() for _ in range(MANY)}


async def test_one_that_is_in_use_stays_with_its_test() -> None:
    """However many are taken in between, a database with a connection is nobody else's."""
    url = fresh_database()
    connection = await asyncpg.connect(url)
    taken = {fresh_database() for _ in range(MANY)}
    assert url not in taken
    assert await connection.fetchval("select count(*) from epochs") == 0
    await connection.close()


async def test_the_last_ones_stay_although_nobody_is_connected() -> None:
    """A test may stop its gateway, take databases for others, and start it again."""
    url = fresh_database()
    await _run(url, EPOCH)
    taken = {fresh_database() for _ in range(KEPT - 1)}
    assert url not in taken
    assert await _run(url, "select count(*) from epochs") == 1


async def test_an_empty_one_has_no_tables() -> None:
    """The store makes them there, as on an operator's new database."""
    url = empty_database()
    assert await _run(url, "select to_regclass('schema_version') is null")
    database = await PostgresDatabase.open(url)
    await database.close()
    assert await _run(url, "select max(number) from schema_version") == migrations()[-1][0]


def test_a_session_leaves_no_database_behind() -> None:
    """On a server that somebody gave us, what a run of the tests made goes with it."""
    program = "import tests.support.postgres as p; print(p.fresh_database(), p.empty_database())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": f"{ROOT}/src:{ROOT}", TEST_POSTGRES: server_url()},
        capture_output=True,
        text=True,
        check=True,
    )
    prefix = done.stdout.split()[0].rpartition("/")[2].rpartition("_")[0]
    assert prefix.startswith("tollbridge_test_")
    left = f"select count(*) from pg_database where starts_with(datname, '{prefix}')"
    assert asyncio.run(_run(server_url(), left)) == 0


def test_a_server_that_is_away_fails_the_test() -> None:
    """Nothing is skipped: whoever asks for a database hears what is wrong."""
    away = "postgresql://nobody@127.0.0.1:1/postgres"
    done = subprocess.run(
        [sys.executable, "-c", "import tests.support.postgres as p; p.fresh_database()"],
        env={**os.environ, "PYTHONPATH": f"{ROOT}/src:{ROOT}", TEST_POSTGRES: away},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "CannotServe: The server for tests cannot be used: " in last
