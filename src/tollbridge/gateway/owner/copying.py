"""Moving from SQLite to PostgreSQL: everything, proven on both sides, or nothing."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from tollbridge.gateway.data_folder import DATABASE_FILE
from tollbridge.gateway.database import sqlite
from tollbridge.gateway.database.connection import connect
from tollbridge.gateway.database.postgres_server import look_at, run_script
from tollbridge.gateway.database.whole import tables, totals
from tollbridge.gateway.database.whole.addresses import shown
from tollbridge.gateway.database.whole.connections import (
    long_transaction,
    open_file,
    open_server,
    tell_while_working,
)
from tollbridge.gateway.database.whole.copy import (
    add_up_file,
    add_up_server,
    copy_rows,
    empty,
    keep_others_out,
)
from tollbridge.gateway.database.whole.examine import examine
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.owner.store_queries import count_processes, holds_anybody
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.store import lock_folder

# What is told of the money, by table and column; every column is compared.
CREDITS = (
    ("grants", "amount"),
    ("calls", "amount"),
    ("journal", "amount"),
    ("journal", "debt"),
    ("balances", "available"),
    ("balances", "debt"),
)

Tell = Callable[[int, int], object]


class CopyRefused(StartError):
    """Nothing was copied.

    Attributes:
        differences: What was found wrong, a sentence each.
    """

    def __init__(self, message: str, differences: Sequence[str]) -> None:
        """Make the error."""
        super().__init__(message)
        self.differences = list(differences)


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied, and counted alike on both sides.

    Attributes:
        place: Host and database of the copy.
        rows: Of each table.
        credits: Sums of what is money, by `table.column`.
        seconds: How long it took, the checks included.
    """

    place: str
    rows: dict[str, int]
    credits: dict[str, int]
    seconds: float


async def copy_store(folder: Path, url: Secret, tell: Tell) -> Copied:
    """Copy everything of a data folder's database into an empty one of PostgreSQL.

    The folder is brought to the newest schema and otherwise left as it is; nobody can write to it
    meanwhile. The copy is one transaction: whatever fails, the target has no row more than before.

    Args:
        folder: Holds the SQLite database; no gateway may run on it.
        url: Where everything goes.
        tell: Called now and then with the rows that are done, and all of them.

    Raises:
        CopyRefused: The ledger of the source is not sound, or its copy differs from it.
        StartError: A gateway runs on the folder, there is no database in it, or the target is in
            use or cannot be used.
        StoreUnavailable: One of the two cannot be reached, read or written.
    """
    began = time.monotonic()
    file = folder / DATABASE_FILE
    if not file.is_file():
        raise StartError(f"no database in {folder}; give its folder with --from-data-dir")
    with lock_folder(folder):
        await _refuse_used(file, url)
        connect(file).close()  # brings its tables up to date
        await look_at(url, make=True)
        with open_file(file, locked=True) as source:
            tell_while_working(source, lambda: tell(0, 0))
            copied = await _copy(source, url, tell)
    rows = {table: added["rows"] for table, added in copied.items()}
    credits = {f"{table}.{column}": copied[table][column] for table, column in CREDITS}
    return Copied(shown(url), rows, credits, time.monotonic() - began)


async def _refuse_used(file: Path, url: Secret) -> None:
    # Before its tables are brought up to date: somebody's store is left alone.
    async with examine(file, url) as target:
        target.refuse_newer()
        if target.schema and await target.read(holds_anybody()):
            raise _in_use(url)


async def _copy(source: apsw.Connection, url: Secret, tell: Tell) -> dict[str, totals.Totals]:
    _refuse_unsound("the database in the folder", sqlite.run_script(source, verify()))
    ours = tables.file_tables(source)
    before = add_up_file(source, ours)
    everything = sum(added["rows"] for added in before.values())
    source.set_progress_handler(None)  # from here on its rows are counted
    async with open_server(url) as target, long_transaction(target, changes=True):
        found = tables.differences(ours, await tables.server_tables(target))
        if found:
            raise CopyRefused("the two stores have other tables; nothing was copied", found)
        await _make_room(target, url, ours)
        await copy_rows(source, target, ours, lambda done: tell(done, everything))
        found = totals.differences(before, await add_up_server(target, ours))
        if found:
            raise CopyRefused("the copy differs from what is in the folder; it is undone", found)
        _refuse_unsound("the copy", await run_script(target, verify()))
    return before


async def _make_room(target: Any, url: Secret, ours: Sequence[tables.Table]) -> None:
    """Keep everybody else out, and delete what a start without users has left."""
    await keep_others_out(target, ours)
    if await run_script(target, count_processes()):
        raise StartError(
            f"a gateway runs on {shown(url)}, or was killed there; stop it, or copy into a new "
            "database"
        )
    if await run_script(target, holds_anybody()):
        raise _in_use(url)
    await empty(target, ours)


def _in_use(url: Secret) -> StartError:
    return StartError(
        f"{shown(url)} holds users or paywalls already; copy into a new database instead"
    )


def _refuse_unsound(what: str, found: list[str]) -> None:
    if found:
        raise CopyRefused(f"the ledger of {what} is not sound; nothing was copied", found)
