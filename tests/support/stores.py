"""Which store a test runs on: a data folder stands for a database, in SQLite or in PostgreSQL.

A test takes the fixture `store` (its folder's conftest may ask for it in all of them) and then runs
twice. Whatever opens a data folder asks here where its database is, so that a folder that is opened
again, by another process too, finds what it left.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from tollbridge.gateway.database import PostgresDatabase, SqliteDatabase
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import Settings

SQLITE, POSTGRES = "sqlite", "postgres"
STORES = (SQLITE, POSTGRES)

AnyDatabase = SqliteDatabase | PostgresDatabase


class Store:
    """A kind of store, and the databases that its folders stand for."""

    def __init__(self, kind: str) -> None:
        """Begin with none; `kind` is one of `STORES`."""
        self.kind = kind
        self._urls: dict[Path, str] = {}

    def url(self, folder: Path) -> str | None:
        """Return where the folder's database is; None where it is a file in it."""
        if self.kind == SQLITE:
            return None
        key = folder.absolute()
        if key not in self._urls:
            from tests.support.postgres import (
                fresh_database,
            )  # a server is started where it is used

            self._urls[key] = fresh_database()
        return self._urls[key]

    def put(self, folder: Path, url: str) -> None:
        """Have a folder stand for a database of the test's own."""
        self._urls[folder.absolute()] = url


def run_once(metafunc: pytest.Metafunc, on_both: Collection[str]) -> None:
    """Run a test on SQLite only, unless its module is `on_both` or it says itself what it is about.

    For a folder's `pytest_generate_tests`, which comes before that of `tests/conftest.py`.
    """
    module = metafunc.module.__name__.rpartition(".")[2]
    if module not in on_both and metafunc.definition.get_closest_marker("only_on") is None:
        metafunc.definition.add_marker(pytest.mark.only_on(SQLITE))


_current = Store(SQLITE)


@contextmanager
def using(kind: str) -> Iterator[Store]:
    """Have everything opened in the block be of this kind."""
    global _current
    before, _current = _current, Store(kind)
    try:
        yield _current
    finally:
        _current = before


def in_store(settings: Settings) -> Settings:
    """Return the settings with where their folder's database is."""
    url = _current.url(settings.data_dir)
    return settings if url is None else replace(settings, database_url=Secret(url))


def environment(folder: Path) -> dict[str, str]:
    """Return what another process has to know to find a folder's database."""
    url = _current.url(folder)
    return {} if url is None else {"TOLLBRIDGE_DATABASE_URL": url}


def place(folder: Path) -> str:
    """Return what `open_place` opens: for another process, as an argument."""
    return _current.url(folder) or str(folder / "tollbridge.db")


async def open_place(where: str) -> AnyDatabase:
    """Open a database by what `place` said."""
    if where.startswith("postgresql://"):
        return await PostgresDatabase.open(where)
    return SqliteDatabase(Path(where))


async def open_store(folder: Path) -> AnyDatabase:
    """Open the database that a folder stands for."""
    return await open_place(place(folder))


async def everything_in(url: str) -> bytes:
    """Return all rows of a PostgreSQL database as text; bytes are in hexadecimal there."""
    server = await asyncpg.connect(url)
    try:
        tables = await server.fetch("select tablename from pg_tables where schemaname = 'public'")
        rows = [
            row
            for (table,) in tables
            for row in await server.fetch(f"select t::text from {table} t")
        ]
    finally:
        await server.close()
    return "\n".join(text for (text,) in rows).encode()
