"""Connections for whole stores: opening one changes nothing, and what it does may take long."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import apsw
import asyncpg

from tollbridge.gateway.database.connection import BUSY_TIMEOUT_MS
from tollbridge.gateway.database.postgres_server import CONNECT_S
from tollbridge.gateway.database.script import StoreUnavailable
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.secret import Secret

# Of SQLite's machine, between two words about a statement that takes long: some milliseconds.
STEPS = 1_000_000
# Whoever keeps a table from us for longer works on it.
LOCK_S = 5
CLOSE_S = 5.0

# A server may limit what a connection does; a copy of everything takes as long as it takes. By
# name, since older servers do not know them all.
_UNLIMITED = """
select set_config(name, '0', true) from pg_settings where name in
  ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"""


@contextmanager
def open_file(path: Path, *, locked: bool = False) -> Iterator[apsw.Connection]:
    """Lend a connection to a file that is there, as it is; through it nothing can be written.

    Args:
        path: The file.
        locked: Whether all others are kept from writing until the block ends; what is read is
            then of one moment.

    Raises:
        StoreUnavailable: It cannot be opened or read, or is no database.
    """
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            if locked:
                connection.execute("begin immediate")
            connection.execute("pragma query_only = on")
            yield connection
        finally:
            connection.close()
    except apsw.Error as error:
        raise StoreUnavailable(f"cannot read {path}: {error}") from error


def tell_while_working(connection: apsw.Connection, tell: Callable[[], object]) -> None:
    """Have `tell` called now and then from within long statements of a connection."""

    def go_on() -> bool:
        tell()
        return False  # else the statement would end

    connection.set_progress_handler(go_on, STEPS)


@asynccontextmanager
async def open_server(url: Secret) -> AsyncIterator[Any]:
    """Lend a connection to a server, with nothing done on it yet; through a pooler too.

    Whatever transaction is open when the block fails is undone.

    Raises:
        StartError: The address is none.
        StoreUnavailable: It cannot be reached, or refused what the block did.
    """
    try:
        connection = await asyncpg.connect(url.reveal(), timeout=CONNECT_S, statement_cache_size=0)
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        raise StoreUnavailable(f"cannot reach the database: {_words(error)}") from error
    except ValueError:  # its words quote the address
        raise StartError("the address of the database is no postgresql:// address") from None
    except asyncpg.InterfaceError as error:
        raise StoreUnavailable(f"cannot reach the database: {_words(error)}") from error
    try:
        yield connection
        await connection.close(timeout=CLOSE_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError) as error:
        raise StoreUnavailable(_words(error)) from error
    finally:
        connection.terminate()


@asynccontextmanager
async def long_transaction(connection: Any, *, changes: bool) -> AsyncIterator[None]:
    """Do what the block does on one moment's rows, in one transaction without time limits.

    Args:
        connection: From `open_server`.
        changes: Whether it may write; then it is committed where the block ends well.
    """
    begin = "begin isolation level " + (
        "read committed" if changes else "repeatable read read only"
    )
    await connection.execute(begin)
    await connection.fetch(_UNLIMITED)
    await connection.execute(f"set local lock_timeout = '{LOCK_S}s'")
    yield
    await connection.execute("commit" if changes else "rollback")


def _words(error: BaseException) -> str:
    # An error's details name values of rows; its first line does not.
    return str(error).partition("\n")[0] or type(error).__name__
