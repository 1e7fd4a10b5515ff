"""The store as a gateway opens it: the database, and the master key that opens its secrets.

On SQLite at most one gateway works on a folder, which is what lets it sweep the calls of all
others at start. The lock is on a file of its own, never on the database: SQLite's own locks live
there. On PostgreSQL any number of gateways share a database, each with the same master key.
"""

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.database import Database, Script, Statement, lock
from tollbridge.gateway.database.connection import BUSY_TIMEOUT_MS
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.sealing import SealBroken, Sealer, load_master_key
from tollbridge.gateway.settings import Settings

LOCK_FILE = "gateway.lock"

_CHECK = "master key check"


class Store(NamedTuple):
    """An open database and what opens the secrets in it.

    Attributes:
        shared: Whether other gateways may work on it at the same time.
    """

    database: Database
    sealer: Sealer
    shared: bool


@asynccontextmanager
async def open_store(
    settings: Settings, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS
) -> AsyncIterator[Store]:
    """Open the store for a gateway, making what is missing; close it when the block ends.

    Raises:
        StartError: Another gateway runs on the folder, or the master key is not the one of the
            secrets in the database.
        StoreUnavailable: The database cannot be opened.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    shared = settings.database_url is not None
    with nullcontext() if shared else lock_folder(settings.data_dir):
        database = await open_database(settings, make=True, busy_timeout_ms=busy_timeout_ms)
        try:
            # A database that has secrets is of no use with a key that is made now.
            fresh = await database.write(has_no_secrets())
            sealer = Sealer(load_master_key(settings, make=fresh))
            await database.write(check_master_key(sealer))
            yield Store(database, sealer, shared)
        finally:
            await database.close()


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it is let go when the process ends, however it ends.

    Raises:
        StartError: Another gateway holds it.
    """
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(descriptor, 32, 0).decode().strip() or "unknown"
            raise StartError(
                f"another gateway (process {holder}) runs on {folder}; "
                "stop it, or give another folder with --data-dir"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def has_no_secrets() -> Script[bool]:
    """Tell whether no master key has been used with this database yet."""
    return not (yield Statement("select 1 from meta where name = $1", (_CHECK,)))


def check_master_key(sealer: Sealer) -> Script[None]:
    """Make sure that this master key opens what the database holds; the first one is noted.

    Raises:
        StartError: It is another key; nothing changed.
    """
    yield lock(_CHECK)
    rows = yield Statement("select value from meta where name = $1", (_CHECK,))
    if not rows:
        sealed = sealer.seal(_CHECK, context=_CHECK).hex()
        yield Statement("insert into meta (name, value) values ($1, $2)", (_CHECK, sealed))
        return
    try:
        sealer.open(bytes.fromhex(rows[0][0]), context=_CHECK)
    except SealBroken:
        raise StartError(
            "the master key is not the one that this database was made with; give the right one "
            "with TOLLBRIDGE_MASTER_KEY or TOLLBRIDGE_MASTER_KEY_FILE, or restore master.key"
        ) from None
