"""Numbered migrations: applied in order at start, each in one transaction."""

import re
from importlib import resources

import apsw

from tollbridge.gateway.errors import StartError


def migrate(connection: apsw.Connection) -> None:
    """Bring the tables up to date; nothing happens where they are.

    `user_version` of the file holds the number of the last migration applied. Two processes that
    start together take turns: the version is read again inside the transaction.

    Raises:
        StartError: The file's version is newer than the newest migration known here.
    """
    known = migrations()
    newest = known[-1][0]
    version = version_of(connection)
    if version > newest:
        raise StartError(
            f"the database has schema {version}, this version of tollbridge knows up to {newest}; "
            "start a newer tollbridge on it"
        )
    for number, sql in known:
        if number > version:
            _apply(connection, number, sql)


def _apply(connection: apsw.Connection, number: int, sql: str) -> None:
    connection.execute("begin immediate")
    try:
        if version_of(connection) < number:
            connection.execute(sql)
            connection.execute(f"pragma user_version = {number}")
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def version_of(connection: apsw.Connection) -> int:
    """Return the number of the last migration applied; 0 where there are no tables."""
    version: int = connection.execute("pragma user_version").get
    return version


def migrations() -> list[tuple[int, str]]:
    """Return the numbers of all migrations and their statements, in order."""
    folder = resources.files("tollbridge.gateway.database") / "migrations" / "sqlite"
    found = []
    for entry in folder.iterdir():
        match = re.fullmatch(r"(\d{4})_[a-z_]+\.sql", entry.name)
        if match:
            found.append((int(match[1]), entry.read_text(encoding="utf-8")))
    return sorted(found)
