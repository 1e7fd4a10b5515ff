"""Rows and sums of a store, the same statements on both: what a copy must agree in. No I/O."""

from collections.abc import Iterable
from typing import Any

from tollbridge.gateway.database.whole.tables import Table

# A sum of milliseconds since 1970 outgrows SQLite's integers after some million rows, so numbers
# are added up in two halves.
_HALF = 1_000_000_000

# Of one table, by what is counted: `rows`, `amount`, `amount is there`, …
Totals = dict[str, int]


def statement(table: Table) -> str:
    """Return what adds up a table: its rows, and each column's values that are there.

    Whole numbers by their sum, text and bytes by the bytes that they have.
    """
    words = ["count(*)"]
    for column in table.columns:
        name = quoted(column.name)
        number = name if column.kind == "bigint" else f"octet_length({name})"
        words += [f"count({name})", f"sum({number} / {_HALF})", f"sum({number} % {_HALF})"]
    return f"select {', '.join(words)} from {quoted(table.name)}"


def read(table: Table, row: Iterable[Any]) -> Totals:
    """Return what `statement` found; sums of nothing are 0."""
    rows, *sums = (int(value or 0) for value in row)
    found = {"rows": rows}
    for index, name in enumerate(table.names):
        there, high, low = sums[3 * index : 3 * index + 3]
        found |= {f"{name} is there": there, name: high * _HALF + low}
    return found


def differences(before: dict[str, Totals], after: dict[str, Totals]) -> list[str]:
    """Say where a copy differs from what it was made of."""
    return [
        f"table {table}: the sum of {what} is {wanted}, its copy has {after[table][what]}"
        for table, totals in before.items()
        for what, wanted in totals.items()
        if after[table][what] != wanted
    ]


def quoted(name: str) -> str:
    """Return a name as SQL has it, whatever words it is made of."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
