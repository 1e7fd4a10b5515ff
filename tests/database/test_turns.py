"""Who wants the same lock as many others keeps nobody else waiting."""

import asyncio

import pytest

from tests.database.notes import add_note, list_notes
from tests.database.postgres_doors import connected, wait_for_a_waiter
from tests.support.stores import place
from tollbridge.gateway.database import StoreUnavailable, lock
from tollbridge.gateway.database.turns import Turns

pytestmark = pytest.mark.only_on("postgres")

MANY = 40  # far more than the store has connections
SUBJECT = lock("subject")


def add_in_turn(name):
    """Write a note while others are kept from the subject."""
    yield SUBJECT
    return (yield from add_note(name))


async def test_those_who_wait_for_one_lock_leave_connections_to_others(database, tmp_path):
    """One of them waits on a connection, the others before it; they come in their order."""
    names = [f"note {number:02}" for number in range(MANY)]
    async with connected(place(tmp_path)) as beside:
        await beside.execute("begin")
        await beside.execute(SUBJECT.sql.replace("$1", str(SUBJECT.parameters[0])))
        waiting = [asyncio.create_task(database.write(add_in_turn(name))) for name in names]
        await wait_for_a_waiter(beside)
        await asyncio.gather(*(database.write(add_note(f"other {n}")) for n in range(MANY)))
        assert not any(task.done() for task in waiting)
        await beside.execute("commit")
    assert await asyncio.gather(*waiting) == names
    assert len(await database.read(list_notes())) == 2 * MANY


async def test_a_turn_that_does_not_come_is_not_waited_for_for_ever():
    """Whoever gives up lets the next one in."""
    turns = Turns(0.01)
    async with turns.of(SUBJECT):
        with pytest.raises(TimeoutError):
            async with turns.of(SUBJECT):
                pass
        async with turns.of(lock("another")):
            pass
    async with turns.of(SUBJECT):
        pass


async def test_a_script_that_fails_gives_its_turn_on(database):
    """The next finds the lock free."""
    await database.write(add_in_turn("once"))
    with pytest.raises(StoreUnavailable):
        await database.write(add_in_turn("once"))
    assert await database.write(add_in_turn("twice")) == "twice"


def write_nothing():
    """Come to the end without a statement."""
    return "nothing"
    yield  # a generator all the same


async def test_a_script_without_a_statement_has_a_value(database):
    """There is nothing to ask the server for."""
    assert await database.write(write_nothing()) == "nothing"
