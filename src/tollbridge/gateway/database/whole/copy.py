"""Every row of a file into a server's tables."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apsw

from tollbridge.gateway.database.whole import totals
from tollbridge.gateway.database.whole.tables import Table
from tollbridge.gateway.database.whole.totals import Totals, quoted

# Between two words about how far it is; a few milliseconds' work.
TELL_ROWS = 1_000

Tell = Callable[[int], object]


def add_up_file(source: apsw.Connection, tables: Sequence[Table]) -> dict[str, Totals]:
    """Return the totals of each table in a file."""
    return {
        table.name: totals.read(table, source.execute(totals.statement(table)).fetchall()[0])
        for table in tables
    }


async def add_up_server(target: Any, tables: Sequence[Table]) -> dict[str, Totals]:
    """Return the totals of each table on a server."""
    return {
        table.name: totals.read(table, await target.fetchrow(totals.statement(table)))
        for table in tables
    }


async def keep_others_out(target: Any, tables: Sequence[Table]) -> None:
    """Keep everybody else from the tables until the transaction ends."""
    names = ", ".join(quoted(table.name) for table in tables)
    await target.execute(f"lock table {names} in access exclusive mode")


async def empty(target: Any, tables: Sequence[Table]) -> None:
    """Delete every row; a table that keeps its rows refuses, and the transaction fails."""
    for table in reversed(tables):  # those that refer to others before them
        await target.execute(f"delete from {quoted(table.name)}")


async def copy_rows(
    source: apsw.Connection, target: Any, tables: Sequence[Table], tell: Tell
) -> None:
    """Copy every row of the tables, in the open transactions of both.

    The rows go by one at a time; what the driver gathers before it sends is some hundred KiB.

    Args:
        source: A file.
        target: A server, whose tables have no rows.
        tables: In an order in which rows may be inserted.
        tell: Called now and then with how many rows went by so far.
    """
    done = 0

    def rows(table: Table) -> Iterator[tuple[Any, ...]]:
        nonlocal done
        columns = ", ".join(quoted(name) for name in table.names)
        for row in source.execute(f"select {columns} from {quoted(table.name)}"):
            yield row
            done += 1
            if done % TELL_ROWS == 0:
                tell(done)

    tell(0)
    for table in tables:
        await target.copy_records_to_table(table.name, records=rows(table), columns=table.names)
        # Whoever reads the rows next, to check them, should know how many there are.
        await target.execute(f"analyze {quoted(table.name)}")
    tell(done)
