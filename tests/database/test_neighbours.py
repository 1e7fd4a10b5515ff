"""The command line works on the file while the gateway does."""

import apsw
import pytest

from tests.database.notes import add_note, list_notes
from tests.database.processes import hear, running, say
from tollbridge.gateway.database import SqliteDatabase, StoreUnavailable

pytestmark = pytest.mark.only_on("sqlite")  # its files and its thread

NEIGHBOUR = "tests.database.neighbour"


async def test_a_file_that_stays_locked_is_unavailable_until_it_is_free(path):
    """Beyond its patience the store says that nothing was changed, and then works again."""
    database = SqliteDatabase(path, busy_timeout_ms=50)
    await database.write(add_note("before"))
    with running(NEIGHBOUR, "lock", path) as neighbour:
        assert hear(neighbour) == "locked"
        with pytest.raises(StoreUnavailable, match="locked") as caught:
            await database.write(add_note("refused"))
        assert not caught.value.outcome_unknown
        assert await database.read(list_notes()) == ["before"]  # readers do not wait for writers
        say(neighbour, "release")
        assert hear(neighbour) == "released"
    await database.write(add_note("after"))
    assert await database.read(list_notes()) == ["after", "before"]
    await database.close()


async def test_a_short_lock_is_waited_for(path):
    """A command's transaction is over soon; nobody notices it."""
    database = SqliteDatabase(path, busy_timeout_ms=30_000)
    with running(NEIGHBOUR, "lock", path) as neighbour:
        assert hear(neighbour) == "locked"
        database.write_later(add_note("waits"))
        say(neighbour, "release")
        await database.write(add_note("too"))
    assert await database.read(list_notes()) == ["too", "waits"]
    await database.close()


async def test_a_visitor_that_leaves_does_not_take_the_log_along(path):
    """Whoever closes the file last removes the log, and a visitor is not the last one."""
    database = SqliteDatabase(path)
    await database.write(add_note("before"))
    with running(NEIGHBOUR, "visit", path) as neighbour:
        assert hear(neighbour) == "gone"
    await database.write(add_note("after"))
    with running(NEIGHBOUR, "look", path) as neighbour:
        assert hear(neighbour) == "after before visitor"
    await database.close()


async def test_opening_a_file_keeps_the_locks_of_this_process(database, path):
    """To open and close the file once more would drop them (fcntl(2)), so nobody does."""
    again = SqliteDatabase(path)
    await database.write(add_note("a"))
    with running("tests.database.lock_holders", path) as observer:
        assert hear(observer) == "held"
    await again.close()


async def test_a_read_sees_one_moment(database, path):
    """What is written between two statements of a script is not seen by the second."""
    await database.write(add_note("before"))
    other = apsw.Connection(str(path))

    def look_twice():
        first = yield from list_notes()
        other.execute("insert into meta values ('between', '')")
        return first, (yield from list_notes())

    first, second = await database.read(look_twice())
    assert first == second == ["before"]
    assert await database.read(list_notes()) == ["before", "between"]
    other.close()
