"""Another process on the same file: `neighbour.py COMMAND FILE`. It acts when it is told to."""

import sys
from pathlib import Path

import apsw

from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.database.connection import connect


def lock(path: Path) -> None:
    """Keep the right to write until told to give it back."""
    connection = apsw.Connection(str(path))
    connection.execute("begin immediate")
    print("locked", flush=True)
    sys.stdin.readline()
    connection.execute("commit")
    print("released", flush=True)


def open_file(path: Path) -> None:
    """Open a file that may not be there yet, at the same moment as others."""
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        connect(path).close()
    except StoreUnavailable as error:
        print(error, flush=True)
    else:
        print("opened", flush=True)


def visit(path: Path) -> None:
    """Write one note, as a command does, and close the file again."""
    connection = connect(path)
    connection.execute("insert into meta values ('visitor', '')")
    connection.close()
    print("gone", flush=True)


def look(path: Path) -> None:
    """Say which notes there are."""
    found = apsw.Connection(str(path)).execute("select name from meta order by name")
    print(*(name for (name,) in found), flush=True)


COMMANDS = {"lock": lock, "open": open_file, "visit": visit, "look": look}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](Path(sys.argv[2]))
