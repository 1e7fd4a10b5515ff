"""The tables of both stores, as their schemas say: nothing is listed here, so none is forgotten."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import apsw

# What PostgreSQL calls the types of our files' columns.
TYPES = {"integer": "bigint", "text": "text", "blob": "bytea"}
# Says what migrations were applied; SQLite has a place for that in the file's header.
_VERSIONS = "schema_version"

# Tables of which nothing lasts (unlogged) are no part of what a store holds.
_POSTGRES_COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
  and c.relpersistence = 'p' and a.attnum > 0 and not a.attisdropped and c.relname <> $1
order by c.relname, a.attnum"""


class Column(NamedTuple):
    """A column; `kind` is its type in PostgreSQL's words."""

    name: str
    kind: str
    required: bool


class Table(NamedTuple):
    """A table with its columns, and the tables that its rows refer to."""

    name: str
    columns: tuple[Column, ...]
    refers_to: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The names of its columns."""
        return [column.name for column in self.columns]


def file_tables(connection: apsw.Connection) -> list[Table]:
    """Return the tables of a file, those that others refer to before them."""
    names = connection.execute(
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%'"
        " escape '\\' order by name"
    )
    return in_order(_file_table(connection, str(name)) for (name,) in names.fetchall())


def _file_table(connection: apsw.Connection, name: str) -> Table:
    columns = connection.execute(
        'select name, lower(type), "notnull" from pragma_table_info(?)', (name,)
    )
    found = tuple(
        Column(column, TYPES.get(kind, kind), bool(required)) for column, kind, required in columns
    )
    referred = connection.execute('select "table" from pragma_foreign_key_list(?)', (name,))
    return Table(name, found, frozenset(table for (table,) in referred) - {name})


async def server_tables(connection: Any) -> dict[str, tuple[Column, ...]]:
    """Return the columns of a server's lasting tables, by the table's name."""
    found: dict[str, tuple[Column, ...]] = {}
    for table, *column in await connection.fetch(_POSTGRES_COLUMNS, _VERSIONS):
        found[table] = (*found.get(table, ()), Column(*column))
    return found


def in_order(tables: Iterable[Table]) -> list[Table]:
    """Return tables such that each stands after those that it refers to.

    Raises:
        ValueError: Some refer to each other in a circle.
    """
    waiting = {table.name: table for table in tables}
    ordered: list[Table] = []
    while waiting:
        free = [table for table in waiting.values() if not table.refers_to & waiting.keys()]
        if not free:
            raise ValueError(f"these tables refer to each other: {', '.join(sorted(waiting))}")
        ordered += free
        for table in free:
            del waiting[table.name]
    return ordered


def differences(ours: Iterable[Table], theirs: dict[str, tuple[Column, ...]]) -> list[str]:
    """Say where two stores have other tables or columns; the order of columns does not matter."""
    known = {table.name: set(table.columns) for table in ours}
    found = [f"table {name} is in one store only" for name in sorted(known.keys() ^ theirs.keys())]
    for name in sorted(known.keys() & theirs.keys()):
        found += [
            f"column {name}.{column.name} is not the same in both stores"
            for column in sorted(known[name] ^ set(theirs[name]))
        ]
    return found
