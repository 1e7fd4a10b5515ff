"""The folder that holds everything the gateway keeps: database, master key, lock."""

from pathlib import Path

from tollbridge.gateway.database import SqliteDatabase
from tollbridge.gateway.database.connection import BUSY_TIMEOUT_MS
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.settings import Settings

DATABASE_FILE = "tollbridge.db"


def database_file(settings: Settings) -> Path:
    """Return where the database is, or would be."""
    return settings.data_dir / DATABASE_FILE


def open_database(
    settings: Settings, *, make: bool, busy_timeout_ms: int = BUSY_TIMEOUT_MS
) -> SqliteDatabase:
    """Open the database in the data folder; needs a running event loop.

    Args:
        settings: Where the folder is.
        make: Whether folder (0700) and database (0600) are made where they are missing.
        busy_timeout_ms: How long a write waits for another process that writes.

    Raises:
        StartError: There is none and none shall be made, or its schema is too new.
        StoreUnavailable: It cannot be opened.
    """
    path = database_file(settings)
    if make:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not path.is_file():
        raise StartError(
            f"no database in {settings.data_dir}; start the gateway there first or give --data-dir"
        )
    return SqliteDatabase(path, busy_timeout_ms=busy_timeout_ms)
