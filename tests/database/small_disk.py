"""A process whose files may not grow for a while: `small_disk.py FILE`; it prints how that was.

A limit on the size of files makes every write fail in the operating system, as a full disk does.
"""

import asyncio
import json
import resource
import sys
from pathlib import Path

from tests.database.notes import add_note, list_notes
from tollbridge.gateway.database import SqliteDatabase, StoreUnavailable

ROOM_BYTES = 100_000
NOTE = "x" * 1_000


def limit_files(size_bytes: int) -> None:
    """Let no file grow beyond a size."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))


async def main(path: Path) -> None:
    """Write until it fails, look, go on failing together, get room, go on."""
    database = SqliteDatabase(path)
    await database.write(add_note("note_0000", NOTE))
    written, failures = ["note_0000"], []
    log = path.with_name(path.name + "-wal")
    limit_files(log.stat().st_size + ROOM_BYTES)
    while not failures:
        try:
            written.append(await database.write(add_note(f"note_{len(written):04}", NOTE)))
        except StoreUnavailable as error:
            failures.append(error.outcome_unknown)
    seen_when_full = await database.read(list_notes()) == written
    answers = await asyncio.gather(
        *(database.write(add_note(f"lost_{n}", NOTE * 200)) for n in range(5)),
        return_exceptions=True,
    )
    failures += [answer.outcome_unknown for answer in answers]
    limit_files(resource.RLIM_INFINITY)
    written.append(await database.write(add_note("note_last", NOTE)))
    print(json.dumps([written, failures, seen_when_full]), flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
