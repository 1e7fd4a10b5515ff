"""Another process on the same store: `neighbour.py COMMAND PLACE`. It acts when it is told to."""

import asyncio
import sys
from pathlib import Path

import apsw

from tests.support.stores import open_place
from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.database.connection import connect


def lock(place: str) -> None:
    """Keep the right to write until told to give it back."""
    connection = apsw.Connection(place)
    connection.execute("begin immediate")
    print("locked", flush=True)
    sys.stdin.readline()
    connection.execute("commit")
    print("released", flush=True)


def open_file(place: str) -> None:
    """Open a store whose tables may not be there yet, at the same moment as others."""

    async def open_and_close() -> None:
        database = await open_place(place)
        await database.close()

    print("ready", flush=True)
    sys.stdin.readline()
    try:
        asyncio.run(open_and_close())
    except StoreUnavailable as error:
        print(error, flush=True)
    else:
        print("opened", flush=True)


def visit(place: str) -> None:
    """Write one note, as a command does, and close the file again."""
    connection = connect(Path(place))
    connection.execute("insert into meta values ('visitor', '')")
    connection.close()
    print("gone", flush=True)


def look(place: str) -> None:
    """Say which notes there are."""
    found = apsw.Connection(place).execute("select name from meta order by name")
    print(*(name for (name,) in found), flush=True)


COMMANDS = {"lock": lock, "open": open_file, "visit": visit, "look": look}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](sys.argv[2])
