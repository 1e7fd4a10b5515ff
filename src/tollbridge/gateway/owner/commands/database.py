"""`tollbridge db`: the store itself, its tables, and the way from SQLite to PostgreSQL."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tollbridge.gateway.data_folder import database_file, open_database
from tollbridge.gateway.database.whole.examine import examine
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.owner.checking import Checked, check
from tollbridge.gateway.owner.commands.printing import columns, show
from tollbridge.gateway.owner.commands.progress import Progress
from tollbridge.gateway.owner.commands.running import (
    data_dir_option,
    find_settings,
    json_option,
)
from tollbridge.gateway.owner.copying import Copied, CopyRefused, copy_store
from tollbridge.gateway.sealing import FILE_NAME
from tollbridge.gateway.settings import PREFIX, Settings, read_settings


@click.group()
def db() -> None:
    """The database: SQLite in the data folder, or PostgreSQL by TOLLBRIDGE_DATABASE_URL."""


@db.command()
@data_dir_option
@json_option
def migrate(data_dir: Path | None, as_json: bool) -> None:
    """Bring the tables up to date, or make them; a start of the gateway does the same."""
    settings = find_settings(data_dir)

    async def work() -> tuple[str, str, int, int]:
        before = await _schema(settings)
        await (await open_database(settings, make=True)).close()
        async with examine(database_file(settings), settings.database_url) as store:
            return store.kind, store.place, before, store.schema

    kind, place, before, after = asyncio.run(work())
    line = f"{kind} {place}: "
    line += f"schema {after} already" if before == after else f"from schema {before} to {after}"
    show({"store": kind, "place": place, "from": before, "to": after}, [line], as_json=as_json)


async def _schema(settings: Settings) -> int:
    if settings.database_url is None and not database_file(settings).exists():
        return 0
    async with examine(database_file(settings), settings.database_url) as store:
        return store.schema


@db.command("check")
@click.option("--ledger", is_flag=True, help="Compute every balance anew, too; takes long.")
@data_dir_option
@json_option
def check_(ledger: bool, data_dir: Path | None, as_json: bool) -> None:
    """Say what the store is and what is wrong with it, if anything; nothing is changed.

    Exit code 1 where a gateway could not run on it, or the ledger differs.
    """
    found = asyncio.run(check(find_settings(data_dir), ledger=ledger))
    show(_described(found), _lines(found), as_json=as_json)
    if found.problems:
        sys.exit(1)


def _described(found: Checked) -> dict[str, Any]:
    store = found.store
    return {
        "ok": not found.problems,
        "store": store.kind,
        "place": store.place,
        "version": store.version,
        "schema": store.schema,
        "newest": store.newest,
        "pending": max(0, store.newest - store.schema),
        "pooled": store.pooled,
        "encoding": store.encoding,
        "durability": store.durability,
        "master_key": found.master_key,
        "processes": found.processes,
        "differences": found.differences,
        "problems": found.problems,
        "warnings": found.warnings,
    }


def _lines(found: Checked) -> list[str]:
    store = found.store
    differences = found.differences
    table: list[tuple[str, object]] = [
        ("store", f"{store.kind} {store.place}"),
        ("version", store.version),
        ("schema", f"{store.schema} of {store.newest}"),
        ("pending", f"{max(0, store.newest - store.schema)} migrations"),
        ("encoding", store.encoding),
        ("durability", ", ".join(f"{name} {value}" for name, value in store.durability.items())),
        ("master key", found.master_key),
        ("processes", None if found.processes is None else f"{found.processes} not over"),
        ("ledger", None if differences is None else "differs" if differences else "sound"),
    ]
    if store.pooled is not None:
        table.insert(4, ("pooler", "yes" if store.pooled else "no"))
    said = [f"wrong: {problem}" for problem in found.problems]
    said += [f"note: {warning}" for warning in found.warnings]
    return [*columns(("", ""), table)[1:], *said]


@db.command("copy")
@click.option(
    "--from-data-dir",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the SQLite database; no gateway may run on it.",
)
@click.option(
    "--to",
    "address",
    metavar="URL",
    help="A new PostgreSQL database; default TOLLBRIDGE_DATABASE_URL, where a password is safer.",
)
@json_option
def copy_(folder: Path, address: str | None, as_json: bool) -> None:
    """Copy everything from SQLite to PostgreSQL, in one transaction, and prove it on both sides.

    The ledger is verified before and after, and rows and sums of every column are compared;
    on any difference nothing is copied and the exit code is 1.
    """
    given = {} if address is None else {f"{PREFIX}DATABASE_URL": address}
    settings = replace(read_settings(os.environ | given), data_dir=folder)
    if settings.database_url is None:
        raise StartError(f"say where to: set {PREFIX}DATABASE_URL, or give --to")
    progress = Progress("copying", "rows")
    try:
        copied = asyncio.run(copy_store(folder, settings.database_url, progress.tell))
    except CopyRefused as error:
        progress.end()
        show(
            {"ok": False, "error": str(error), "differences": error.differences},
            [f"{error}:", *error.differences],
            as_json=as_json,
        )
        sys.exit(1)
    progress.end()
    show(_copied(copied), _tell_copied(copied, settings), as_json=as_json)


def _copied(copied: Copied) -> dict[str, Any]:
    return {
        "ok": True,
        "place": copied.place,
        "rows": copied.rows,
        "credits": copied.credits,
        "seconds": round(copied.seconds, 3),
    }


def _tell_copied(copied: Copied, settings: Settings) -> list[str]:
    rows = sum(copied.rows.values())
    key = settings.data_dir / FILE_NAME
    where = f"{key}, or {PREFIX}MASTER_KEY" if key.exists() else f"{PREFIX}MASTER_KEY or its file"
    return [
        f"Copied {rows:,} rows of {len(copied.rows)} tables to {copied.place} in "
        f"{copied.seconds:.1f} s; rows and sums agree, and the ledger is sound.",
        *columns(("sum of", "credits"), copied.credits.items()),
        "",
        f"Next: set {PREFIX}DATABASE_URL to it and start the gateway with the same master key "
        f"({where}), which is not in the database.",
        f"What is in {settings.data_dir} is as it was; do not start a gateway on it again.",
    ]
