"""A connection to a SQLite file, as both the gateway and the command line open it.

apsw rather than the standard library's module: it carries a SQLite without the WAL-reset bug
(sqlite.org/wal.html section 11), which loses commits when two processes share a file.
"""

import contextlib
import os
import time
from pathlib import Path

import apsw

from tollbridge.gateway.database.migrate import migrate
from tollbridge.gateway.database.script import StoreUnavailable

# The command line writes too; its transactions are short, so five seconds are plenty.
BUSY_TIMEOUT_MS = 5_000
# A busy gateway leaves some ten microseconds between two commits. SQLite's own handler sleeps up
# to 100 ms between two looks and can miss them all; looking this often it does not.
LOOK_AGAIN_S = 0.0003
# Between two tries to open a file that another process is just making.
OPENING_PAUSE_S = 0.005
# Pages (4 KiB each) in the log before a checkpoint; large enough to keep it off most commits.
CHECKPOINT_PAGES = 4_000


class _Turn:
    """Waits for another process to let go of the file."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._deadline = 0.0

    def wait(self, looks_before: int) -> bool:
        """Tell SQLite whether to look once more; called each time it has found the file taken."""
        now = time.monotonic()
        if looks_before == 0:
            self._deadline = now + self._timeout_s
        if now >= self._deadline:
            return False
        time.sleep(LOOK_AGAIN_S)
        return True


def connect(path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> apsw.Connection:
    """Open a connection with this store's settings, the tables brought up to date.

    Raises:
        StartError: The schema is newer than this program knows.
        StoreUnavailable: The file cannot be opened.
    """
    try:
        _make_private(path)
        connection = apsw.Connection(str(path))
        connection.set_busy_handler(_Turn(busy_timeout_ms / 1000).wait)
        _use_log(connection, busy_timeout_ms)
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")
        # Else "insert or replace" would get round the triggers that guard the journal.
        connection.execute("pragma recursive_triggers = on")
        connection.execute(f"pragma wal_autocheckpoint = {CHECKPOINT_PAGES}")
        migrate(connection)
    except (apsw.Error, OSError) as error:
        raise StoreUnavailable(f"cannot open {path}: {error}") from error
    return connection


def _use_log(connection: apsw.Connection, busy_timeout_ms: int) -> None:
    # The change of mode is the one step where SQLite does not wait by itself for another process;
    # it happens once in the life of a file.
    deadline = time.monotonic() + busy_timeout_ms / 1000
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(OPENING_PAUSE_S)
        else:
            return


def _make_private(path: Path) -> None:
    # SQLite gives its -wal and -shm files the mode of the main file. A file that exists is not
    # opened: closing it again would drop the locks of this process's connections (fcntl(2)).
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
