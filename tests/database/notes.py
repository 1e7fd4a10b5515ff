"""The smallest scripts there are: notes in a table."""

import threading
from typing import Any

from tollbridge.gateway.database import Many, Script, Shortcut, Statement

_ADD_MANY = Many("""
with asked as (
  select * from unnest($1::text[], $2::text[]) with ordinality as a (name, value, place)
), made as (
  insert into meta (name, value) select name, value from asked on conflict do nothing
  returning name
)
select place, a.name from asked a join made m on m.name = a.name
""")


def add_note(name: str, text: str = "") -> Script[str]:
    """Write a note; its name is unique."""
    yield Statement("insert into meta (name, value) values ($1, $2)", (name, text))
    return name


def add_note_shortcut(name: str, text: str = "") -> Shortcut[str]:
    """Write a note together with others; not where its name is taken."""
    return Shortcut(_ADD_MANY, (name, text), lambda row: row[0])


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
