"""Backups of a store and what is made of them: one file, with everything but the master key."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tollbridge.gateway.data_folder import database_file
from tollbridge.gateway.database import sqlite
from tollbridge.gateway.database.connection import connect
from tollbridge.gateway.database.postgres_migrate import migrations, refuse_newer
from tollbridge.gateway.database.postgres_server import look_at
from tollbridge.gateway.database.whole import postgres_backup, sqlite_backup
from tollbridge.gateway.database.whole.addresses import shown
from tollbridge.gateway.database.whole.connections import (
    open_file,
    open_server,
    tell_while_working,
)
from tollbridge.gateway.database.whole.drafts import draft
from tollbridge.gateway.database.whole.examine import POSTGRESQL, SQLITE, examine
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import PREFIX, Settings
from tollbridge.gateway.store import lock_folder

# What is done, and how much there is; 0 where nobody knows.
Tell = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made.

    Attributes:
        kind: Of the store.
        place: Of the store, without secrets.
        schema: The number of the last migration applied.
        size: Of the file, in bytes.
    """

    kind: str
    place: str
    schema: int
    size: int


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was made of a backup.

    Attributes:
        kind: Of the store.
        place: Of the store, without secrets.
        schema: The number of the last migration applied now.
        differences: What is wrong with its ledger.
    """

    kind: str
    place: str
    schema: int
    differences: list[str]


async def back_up(settings: Settings, file: Path, *, force: bool, tell: Tell) -> BackedUp:
    """Write the store that the settings name, as it is at one moment, into a file.

    Gateways go on meanwhile. Whatever fails, a file that was there is as it was.

    Raises:
        StartError: There is no store, it is newer than this program, the file is there already, or
            PostgreSQL's programs fail.
        StoreUnavailable: The store cannot be reached or read.
    """
    path, url = database_file(settings), settings.database_url
    async with examine(path, url) as store:
        store.refuse_newer()
        if store.schema == 0:
            raise StartError(f"{store.place} holds no tollbridge; there is nothing to back up")
        if store.pooled:
            raise _pooled(store.place)
    with draft(file, force=force) as name:
        if url is None:
            with open_file(path) as source:
                sqlite_backup.back_up(source, name, tell)
        else:
            postgres_backup.back_up(url, name, lambda size: tell(size, 0))
        size = name.stat().st_size
    return BackedUp(store.kind, store.place, store.schema, size)


async def restore(settings: Settings, file: Path, tell: Tell) -> Restored:
    """Make the store that the settings name out of a backup; there must be none yet.

    A file is put in its place when it has proven sound, else nothing is left of it. PostgreSQL
    makes everything or nothing, and the ledger is looked at afterwards.

    Raises:
        StartError: The place is taken, or the backup is damaged, of the other kind of store, or
            newer than this program.
        StoreUnavailable: The store cannot be reached or written.
    """
    kind = _kind_of(file)
    if settings.database_url is None:
        if kind != SQLITE:
            raise StartError(
                f"{file} is a backup of PostgreSQL; set {PREFIX}DATABASE_URL to a new database "
                "and restore it there"
            )
        return _restore_file(settings, file, lambda: tell(0, 0))
    if kind != POSTGRESQL:
        raise StartError(
            f"{file} is a backup of SQLite; restore it without {PREFIX}DATABASE_URL into a folder, "
            "and take it to PostgreSQL with: tollbridge db copy"
        )
    return await _restore_server(settings.database_url, file, tell)


def _restore_file(settings: Settings, file: Path, tell: Callable[[], object]) -> Restored:
    path = database_file(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock_folder(settings.data_dir):
        sqlite_backup.refuse_taken(path)
        with draft(path, force=False) as name:
            sqlite_backup.unpack(file, name, tell)
            with closing(connect(name)) as connection:
                tell_while_working(connection, tell)
                found = sqlite.run_script(connection, verify())
                schema: int = connection.execute("pragma user_version").get
            if found:
                raise StartError(
                    f"the ledger in {file} is not sound, nothing is restored: {'; '.join(found)}"
                )
    return Restored(SQLITE, str(path), schema, [])


async def _restore_server(url: Secret, file: Path, tell: Tell) -> Restored:
    refuse_newer(postgres_backup.schema_of(file), migrations()[-1][0])
    async with open_server(url) as connection:
        if not await postgres_backup.is_empty(connection):
            raise StartError(
                f"{shown(url)} is not empty; a backup is restored into a new database only"
            )
    async with examine(Path(), url) as target:
        if target.pooled:
            raise _pooled(target.place)
    postgres_backup.restore(file, url, lambda size: tell(size, 0))
    await look_at(url, make=True)
    async with open_server(url) as connection:
        await connection.execute("analyze")  # else checking it takes as if every table were small
    async with examine(Path(), url) as store:
        found: Any = await store.read(verify())
        return Restored(store.kind, store.place, store.schema, found)


def _kind_of(file: Path) -> str:
    with file.open("rb") as opened:
        head = opened.read(len(sqlite_backup.MAGIC))
    if head == sqlite_backup.MAGIC:
        return SQLITE
    if head.startswith(postgres_backup.MAGIC):
        return POSTGRESQL
    raise StartError(f"{file} is no backup of tollbridge")


def _pooled(place: str) -> StartError:
    return StartError(
        f"a pooler stands at {place}, and PostgreSQL's programs need the server itself; give its "
        f"own address as {PREFIX}DATABASE_URL for this command"
    )
