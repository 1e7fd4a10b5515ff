"""`tollbridge backup` and `restore`: a store as one file, while gateways run, and back."""

import asyncio
import sys
from pathlib import Path

import click

from tollbridge.gateway.owner import backups
from tollbridge.gateway.owner.commands.printing import show
from tollbridge.gateway.owner.commands.progress import Progress
from tollbridge.gateway.owner.commands.running import (
    data_dir_option,
    find_settings,
    json_option,
)

file_argument = click.argument(
    "file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path)
)

_KEY = (
    "The master key is not in it: keep that elsewhere, where it is safe. Without it the providers' "
    "keys in the backup cannot be opened, and no gateway starts on it."
)


@click.command()
@file_argument
@click.option("--force", is_flag=True, help="Take the place of a file that is there.")
@data_dir_option
@json_option
def backup(file: Path, force: bool, data_dir: Path | None, as_json: bool) -> None:
    """Write everything but the master key into one file; gateways go on meanwhile.

    The file (0600) holds the store as it is when this begins. It is there whole or not at all.
    PostgreSQL needs pg_dump of Debian's package postgresql-client.
    """
    settings = find_settings(data_dir)
    progress = Progress("backing up", "bytes" if settings.database_url else "pages")
    try:
        made = asyncio.run(backups.back_up(settings, file, force=force, tell=progress.tell))
    finally:
        progress.end()
    show(
        {
            "file": str(file),
            "store": made.kind,
            "place": made.place,
            "schema": made.schema,
            "bytes": made.size,
            "master_key_included": False,
        },
        [f"{made.kind} {made.place} is in {file}: {made.size:,} bytes.", _KEY],
        as_json=as_json,
    )


@click.command()
@file_argument
@data_dir_option
@json_option
def restore(file: Path, data_dir: Path | None, as_json: bool) -> None:
    """Make a store of a backup, where there is none yet; the ledger is verified.

    SQLite: in a folder without a database. PostgreSQL: in an empty database, with pg_restore of
    Debian's package postgresql-client. Start the gateway with the master key of that time.
    """
    progress = Progress("restoring", "bytes")
    try:
        made = asyncio.run(backups.restore(find_settings(data_dir), file, progress.tell))
    finally:
        progress.end()
    ok = not made.differences
    lines = [
        f"{made.kind} {made.place} is made of {file}, and its ledger is sound.",
        "Start the gateway with the master key that it was made with. Who was signed in then is "
        "signed in again, and a key that was revoked since works again.",
    ]
    if not ok:
        lines = [
            f"{made.kind} {made.place} is made of {file}, but its ledger is not sound:",
            *made.differences,
        ]
    show(
        {
            "ok": ok,
            "store": made.kind,
            "place": made.place,
            "schema": made.schema,
            "differences": made.differences,
        },
        lines,
        as_json=as_json,
    )
    if not ok:
        sys.exit(1)
