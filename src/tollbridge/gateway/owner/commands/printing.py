"""What a command prints: JSON for programs, short sentences and aligned columns for people."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click


def show(value: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print `value` as JSON where that was asked for, else the lines."""
    if as_json:
        click.echo(json.dumps(value, indent=2))
        return
    for line in lines:
        click.echo(line)


def columns(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a table, each column as wide as its widest cell; None shows as `-`."""
    table = [list(headings)]
    table += [["-" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[index]) for row in table) for index in range(len(headings))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def credits(amount: int) -> str:
    """Return a number of credits as a person says it."""
    return "1 credit" if amount == 1 else f"{amount} credits"
