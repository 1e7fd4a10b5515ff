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
    known = _migrations()
    newest = known[-1][0]
    version = _version(connection)
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
        if _version(connection) < number:
            connection.execute(sql)
            connection.execute(f"pragma user_version = {number}")
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def _version(connection: apsw.Connection) -> int:
    version: int = connection.execute("pragma user_version").get
    return version


def _migrations() -> list[tuple[int, str]]:
    folder = resources.files("tollbridge.gateway.database") / "migrations" / "sqlite"
    found = []
    for entry in folder.iterdir():
        match = re.fullmatch(r"(\d{4})_[a-z_]+\.sql", entry.name)
        if match:
            found.append((int(match[1]), entry.read_text(encoding="utf-8")))
    return sorted(found)
