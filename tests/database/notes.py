"""The smallest scripts there are: notes in a table."""

import threading
from typing import Any

from tollbridge.gateway.database import Script, Statement


def add_note(name: str, text: str = "") -> Script[str]:
    """Write a note; its name is unique."""
    yield Statement("insert into meta (name, value) values ($1, $2)", (name, text))
    return name


def list_notes() -> Script[list[str]]:
    """Read the names of all notes."""
    found = yield Statement("select name from meta order by name")
    return [name for (name,) in found]


def run(sql: str, *parameters: Any) -> Script[list[tuple[Any, ...]]]:
    """Run one statement."""
    return (yield Statement(sql, parameters))


def occupy(entered: threading.Event, leave: threading.Event) -> Script[None]:
    """Keep the store's thread busy from the first event until the second."""
    yield Statement("select 1")
    entered.set()
    assert leave.wait(timeout=30)
