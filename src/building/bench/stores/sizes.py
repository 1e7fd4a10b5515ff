"""How much a store holds: rows of each table, bytes of each table and index."""

from dataclasses import dataclass
from pathlib import Path

import apsw

from building.bench.stores.stage import POSTGRES_STORE, ask

# What a table keeps elsewhere because it is long counts as the table's.
_POSTGRES_SIZES = """
select c.relname, pg_relation_size(c.oid) + coalesce(pg_total_relation_size(
  nullif(c.reltoastrelid, 0)), 0)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'i')
"""
_POSTGRES_TABLES = "select tablename from pg_tables where schemaname = 'public'"
_SQLITE_SIZES = "select name, sum(pgsize) from dbstat group by name"
_SQLITE_TABLES = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a store holds.

    Attributes:
        rows: Table → how many.
        sizes: Table or index → bytes.
    """

    rows: dict[str, int]
    sizes: dict[str, int]


async def sizes_of(store: str, place: str) -> Sizes:
    """Look at a store, which may be in use."""
    if store == POSTGRES_STORE:
        tables = [name for (name,) in await ask(place, _POSTGRES_TABLES)]
        rows = {table: (await ask(place, _count(table)))[0][0] for table in tables}
        return Sizes(rows, dict(await ask(place, _POSTGRES_SIZES)))
    return _sizes_of_file(Path(place))


def _sizes_of_file(path: Path) -> Sizes:
    connection = apsw.Connection(str(path))
    try:
        tables = [str(name) for (name,) in connection.execute(_SQLITE_TABLES)]
        rows = {table: int(connection.execute(_count(table)).get) for table in tables}
        sizes = {str(name): int(size) for name, size in connection.execute(_SQLITE_SIZES)}
        return Sizes(rows, sizes)
    finally:
        connection.close()


def _count(table: str) -> str:
    return f'select count(*) from "{table}"'
