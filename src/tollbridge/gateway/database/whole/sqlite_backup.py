"""A SQLite store as one file, taken while it is written to; and a store made of such a file."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw

from tollbridge.gateway.database.connection import connect
from tollbridge.gateway.database.migrate import version_of
from tollbridge.gateway.database.whole.connections import open_file, tell_while_working
from tollbridge.gateway.errors import StartError

MAGIC = b"SQLite format 3\0"
# At a time: a MiB, after which others get at the disk, and a person hears how far it is.
STEP_PAGES = 256
# Files of a database that is or was open; left beside a new one, SQLite would work them into it.
BESIDE = ("-wal", "-shm", "-journal")

Tell = Callable[[int, int], object]


def back_up(source: apsw.Connection, draft: Path, tell: Tell) -> None:
    """Write all of an open database, as it is now, into an empty file.

    Nobody waits for it: in the log's mode whoever reads keeps no one from writing. The log grows
    meanwhile, since what is read must not be overwritten.

    Args:
        source: From `open_file`.
        draft: Becomes a database without side files.
        tell: Called with the pages that are done, and all of them.
    """
    # One transaction over all steps: with one for each, a backup begins anew whenever another
    # process has written between two, and never ends beside a busy gateway.
    source.execute("begin")
    source.execute("select count(*) from sqlite_schema").fetchall()
    with closing(apsw.Connection(str(draft), flags=apsw.SQLITE_OPEN_READWRITE)) as target:
        # A draft that fails is thrown away, so nothing need be undone in it; it is on the disk
        # before it gets its name.
        target.execute("pragma journal_mode = off")
        target.execute("pragma synchronous = off")
        with target.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(STEP_PAGES)
                tell(backup.page_count - backup.remaining, backup.page_count)
        target.execute("pragma journal_mode = delete")
    source.execute("rollback")


def unpack(file: Path, draft: Path, tell: Callable[[], object]) -> None:
    """Copy a backup into an empty file, bring its tables up to date and look that it is whole.

    Args:
        file: The backup.
        draft: The empty file.
        tell: Called now and then.

    Raises:
        StartError: It is damaged, no store of tollbridge, or newer than this program knows.
        StoreUnavailable: It is no database.
        OSError: It cannot be read or copied.
    """
    if any(file.with_name(file.name + end).exists() for end in BESIDE):
        raise StartError(
            f"{file} is an open database and no backup: there is a {file.name}-wal or the like "
            "beside it; make a backup with: tollbridge backup"
        )
    shutil.copyfile(file, draft)
    with open_file(draft) as connection:
        tell_while_working(connection, tell)
        found = str(connection.execute("pragma integrity_check(1)").get)
        if found != "ok":
            raise StartError(f"{file} is damaged: {' '.join(found.split())}")
        known = connection.execute("select 1 from sqlite_schema where name = 'journal'").get
        if version_of(connection) == 0 or known is None:
            raise StartError(f"{file} is a SQLite database, but no backup of tollbridge")
    connect(draft).close()


def refuse_taken(file: Path) -> None:
    """Refuse a place where there is or was a database.

    Raises:
        StartError: There is.
    """
    for end in ("", *BESIDE):
        taken = file.with_name(file.name + end)
        if taken.exists():
            raise StartError(
                f"there is {taken} already; a backup is restored into an empty folder only: move "
                "it away, or give another folder with --data-dir"
            )
