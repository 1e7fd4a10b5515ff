"""The folder that holds what the gateway keeps: master key, lock, and the database if SQLite."""

from pathlib import Path

from tollbridge.gateway.database import Database, PostgresDatabase, SqliteDatabase
from tollbridge.gateway.database.connection import BUSY_TIMEOUT_MS
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.settings import Settings

DATABASE_FILE = "tollbridge.db"


def database_file(settings: Settings) -> Path:
    """Return where the database is, or would be."""
    return settings.data_dir / DATABASE_FILE


async def open_database(
    settings: Settings, *, make: bool, busy_timeout_ms: int = BUSY_TIMEOUT_MS
) -> Database:
    """Open the database that the settings name: PostgreSQL by its address, else the folder's.

    Args:
        settings: Where it is.
        make: Whether folder (0700), file (0600) and tables are made where they are missing.
        busy_timeout_ms: How long a write waits for another process that writes to the file.

    Raises:
        StartError: There is none and none shall be made, or its schema is too new.
        StoreUnavailable: It cannot be opened.
    """
    if settings.database_url is not None:
        return await PostgresDatabase.open(settings.database_url.reveal(), make=make)
    path = database_file(settings)
    if make:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not path.is_file():
        raise StartError(
            f"no database in {settings.data_dir}; start the gateway there first or give --data-dir"
        )
    return SqliteDatabase(path, busy_timeout_ms=busy_timeout_ms)
