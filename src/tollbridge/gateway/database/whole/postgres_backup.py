"""A PostgreSQL store as one file, and back: PostgreSQL's own programs do it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tollbridge.gateway.database.whole.addresses import without_password
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.secret import Secret

MAGIC = b"PGDMP"
# Between two words about how far it is.
TELL_S = 0.2

# Whatever a role has made here; not what the system or an extension brings along.
_THINGS = """
select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
  and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')"""

Tell = Callable[[int], object]


def back_up(url: Secret, draft: Path, tell: Tell) -> None:
    """Write all of a database, as it is now, into a file; the gateways go on.

    Args:
        url: The server's own address: `pg_dump` changes its connection, which a pooler would then
            give to others.
        draft: The file.
        tell: Called with the bytes that are written so far.

    Raises:
        StartError: `pg_dump` is missing, or failed; its words are in the message.
    """
    words = ["--format=custom", "--no-owner", "--no-privileges", "--no-unlogged-table-data"]
    _run("pg_dump", [*words, f"--file={draft}"], url, lambda: tell(draft.stat().st_size))


def schema_of(file: Path) -> int:
    """Return the number of the last migration applied to the store that was backed up.

    Raises:
        StartError: It is no backup of tollbridge, or damaged.
    """
    words = ["--data-only", "--table=schema_version", "--file=-", str(file)]
    lines = _run("pg_restore", words, None).splitlines()
    try:
        begin = next(i for i, line in enumerate(lines) if line.startswith("COPY ")) + 1
        return max(int(line.split("\t")[0]) for line in lines[begin : lines.index("\\.", begin)])
    except (StopIteration, ValueError):
        raise StartError(f"{file} is a dump of PostgreSQL, but no backup of tollbridge") from None


def restore(file: Path, url: Secret, tell: Tell) -> None:
    """Make everything of a backup in an empty database; all of it, or nothing.

    Args:
        file: The backup.
        url: The server's own address.
        tell: Called now and then with 0: nobody knows how far it is.

    Raises:
        StartError: `pg_restore` is missing, or failed; its words are in the message.
    """
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    _run("pg_restore", [*words, str(file)], url, lambda: tell(0))


async def is_empty(connection: Any) -> bool:
    """Tell whether nobody has made anything in this database."""
    return not await connection.fetchval(_THINGS)


def _run(
    name: str, words: Sequence[str], url: Secret | None, tell: Callable[[], object] = lambda: None
) -> str:
    """Run one of PostgreSQL's programs; return what it printed."""
    program = shutil.which(name)
    if program is None:
        raise StartError(
            f"{name} is not installed; PostgreSQL's client has it (Debian: apt-get install "
            "postgresql-client), in the server's version or a newer one"
        )
    environment = os.environ | {"LC_ALL": "C"}  # their words are read below
    target: list[str] = []
    if url is not None:
        address, password = without_password(url)
        target = ["--no-password", f"--dbname={address}"]
        if password is not None:  # arguments can be read by every user of the machine
            environment["PGPASSWORD"] = password.reveal()
    with subprocess.Popen(
        [program, *target, *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        try:
            return _finish(name, process, tell)
        except BaseException:
            process.kill()
            raise


def _finish(name: str, process: "subprocess.Popen[str]", tell: Callable[[], object]) -> str:
    while True:
        try:
            printed, said = process.communicate(timeout=TELL_S)
        except subprocess.TimeoutExpired:
            tell()
            continue
        if process.returncode == 0:
            return printed
        # The lines between them quote statements and rows.
        errors = [line.strip() for line in said.splitlines() if f"{name}: error:" in line]
        raise StartError("; ".join(errors) or f"{name} failed with exit code {process.returncode}")
