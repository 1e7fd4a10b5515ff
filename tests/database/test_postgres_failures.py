"""A connection that is killed, a lock that is not let go, a caller that leaves."""

import asyncio
import signal

import asyncpg
import pytest

from tests.database.notes import add_note, add_note_shortcut, list_notes, run
from tests.database.postgres_doors import (
    SHARED,
    connected,
    end_waiters,
    open_hurried,
    wait_for_a_waiter,
)
from tests.database.processes import hear, running
from tests.support.stores import place
from tollbridge.gateway.database import Statement, StoreUnavailable

pytestmark = pytest.mark.only_on("postgres")

# Has a commit wait for a lock that a test holds: what is checked at the very end.
SLOW_COMMIT = """
create function wait() returns trigger language plpgsql as
$$ begin perform pg_advisory_xact_lock(1); return null; end $$;
create constraint trigger slow after insert on meta deferrable initially deferred
for each row execute function wait();
"""
UPDATE = f"update meta set value = 'new' where name = '{SHARED}'"


@pytest.fixture
async def beside(database, tmp_path):
    """A connection past the store."""
    async with connected(place(tmp_path)) as connection:
        yield connection


async def killed_while_waiting(beside, task):
    """Wait until a task waits for a lock, kill its connection, return what it raised."""
    await wait_for_a_waiter(beside)
    await end_waiters(beside)
    with pytest.raises(StoreUnavailable) as caught:
        await task
    return caught.value


async def test_a_connection_killed_in_a_script_changed_nothing(database, beside):
    """Nothing had been asked to be committed: that is known."""
    await database.write(add_note(SHARED))
    await beside.execute(f"begin; {UPDATE}")
    error = await killed_while_waiting(beside, asyncio.create_task(database.write(run(UPDATE))))
    assert "terminating connection" in str(error)
    assert not error.outcome_unknown
    await beside.execute("commit")
    assert await database.write(add_note("after")) == "after"


async def test_what_a_script_raises_over_a_dead_connection_is_its_callers(database, beside):
    """The connection's end does not take its place."""

    class Refused(Exception):
        """What a part may raise."""

    def script():
        try:
            yield from run(UPDATE)
        except asyncpg.PostgresError as error:
            raise Refused from error

    await database.write(add_note(SHARED))
    await beside.execute(f"begin; {UPDATE}")
    task = asyncio.create_task(database.write(script()))
    await wait_for_a_waiter(beside)
    await end_waiters(beside)
    with pytest.raises(Refused):
        await task
    await beside.execute("commit")
    assert await database.write(add_note("after")) == "after"


async def test_a_connection_killed_in_a_commit_leaves_the_outcome_open(database, beside):
    """The commit was on its way, so a look-up has to decide."""
    await beside.execute(SLOW_COMMIT)
    await beside.execute("select pg_advisory_lock(1)")
    error = await killed_while_waiting(beside, asyncio.create_task(database.write(add_note("a"))))
    assert "terminating connection" in str(error)
    assert error.outcome_unknown
    await beside.execute("select pg_advisory_unlock(1)")
    assert await database.read(list_notes()) == []
    assert await database.write(add_note("a")) == "a"


async def test_a_connection_killed_under_a_batch_leaves_the_outcome_open(database, beside):
    """Statement and commit are one there, for all its callers."""
    await beside.execute("begin")
    await beside.execute("insert into meta values ('a', '')")
    tasks = [
        asyncio.create_task(database.write(add_note(name), add_note_shortcut(name)))
        for name in "ab"
    ]
    error = await killed_while_waiting(beside, tasks[0])
    with pytest.raises(StoreUnavailable) as caught:
        await tasks[1]
    assert error.outcome_unknown
    assert caught.value.outcome_unknown
    await beside.execute("rollback")
    assert await database.write(add_note("b"), add_note_shortcut("b")) == "b"


async def test_what_the_server_refuses_to_commit_is_known(database, beside):
    """A check at the very end says no: nothing happened, and no look-up is needed."""
    await beside.execute(
        SLOW_COMMIT.replace("perform pg_advisory_xact_lock(1)", "raise exception 'not today'")
    )
    with pytest.raises(StoreUnavailable, match="not today") as caught:
        await database.write(add_note("a"))
    assert not caught.value.outcome_unknown


async def test_a_lock_is_waited_for_only_so_long(database, beside, tmp_path):
    """Who waits in vain is told that nothing happened; others are served meanwhile."""
    hurried = await open_hurried(place(tmp_path), lock_timeout="300ms")
    await hurried.write(add_note(SHARED))
    await beside.execute(f"begin; {UPDATE}; insert into meta values ('a', '')")
    answers = await asyncio.gather(
        hurried.write(run(UPDATE)),
        hurried.write(add_note("a"), add_note_shortcut("a")),
        hurried.write(add_note("b")),
        hurried.read(list_notes()),
        return_exceptions=True,
    )
    for error in answers[:2]:
        assert "lock timeout" in str(error)
        assert not error.outcome_unknown
    assert answers[2] == "b"
    assert SHARED in answers[3]
    await beside.execute("rollback")
    await hurried.write(run(UPDATE))
    assert await hurried.write(add_note("a"), add_note_shortcut("a")) == "a"
    await hurried.close()


async def test_a_process_that_stops_in_a_unit_does_not_keep_its_rows(database, tmp_path):
    """The server lets go of what it holds; should it come back, it finds that it has nothing."""
    await database.write(add_note(SHARED, "old"))
    with running("tests.database.stopper", place(tmp_path)) as stopper:
        assert hear(stopper) == "inside"
        # Waits for the row until the other's time is over, which is shorter than our patience.
        await database.write(run(UPDATE))
        stopper.send_signal(signal.SIGCONT)
        assert hear(stopper) == "refused"
    assert await database.read(run("select value from meta where name = 'shared'")) == [("new",)]


async def test_every_transaction_has_these_limits(database):
    """How long a lock is waited for, and how long a silent transaction may keep one."""
    for name in ("lock_timeout", "idle_in_transaction_session_timeout"):
        assert await database.write(run(f"select current_setting('{name}')")) == [("5s",)]


@pytest.mark.parametrize("way", ["script", "batch"])
async def test_a_caller_that_leaves_undoes_nothing(database, beside, way):
    """What was asked for is done all the same, and the connection serves the next."""
    await beside.execute("begin; insert into meta values ('a', '')")
    shortcut = add_note_shortcut("a") if way == "batch" else None
    task = asyncio.create_task(database.write(add_note("a"), shortcut))
    await wait_for_a_waiter(beside)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await beside.execute("rollback")
    while await database.read(list_notes()) != ["a"]:
        pass
    assert await database.write(add_note("b")) == "b"


async def test_a_reader_that_leaves_disturbs_nobody(database, beside):
    """Its connection is given up, and the next reader gets another."""
    await beside.execute("begin; lock table meta in access exclusive mode")
    tasks = [asyncio.create_task(database.read(list_notes())) for _ in range(4)]
    await wait_for_a_waiter(beside)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await beside.execute("rollback")
    assert await database.read(list_notes()) == []


async def test_a_script_may_be_cancelled_from_within(database):
    """It is its caller's end, and nobody else's; nothing of it stays."""

    def script():
        yield from add_note("a")
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await database.write(script())
    assert await database.read(list_notes()) == []
    assert await database.write(add_note("b")) == "b"


async def test_two_units_that_block_each_other_are_parted(database):
    """The server breaks it up: one is done, the other is told that nothing happened."""
    for name in "ab":
        await database.write(add_note(name))
    met = asyncio.Barrier(2)

    def touch(first, second):
        for name in (first, second):
            yield Statement("update meta set value = value || $1 where name = $2", (first, name))

    async def cross(first, second):
        await met.wait()
        return await database.write(touch(first, second))

    blocked = 0
    while not blocked:  # until they meet in the middle
        answers = await asyncio.gather(cross("a", "b"), cross("b", "a"), return_exceptions=True)
        errors = [answer for answer in answers if answer is not None]
        assert len(errors) <= 1
        blocked += len(errors)
    assert "deadlock" in str(errors[0])
    assert not errors[0].outcome_unknown


async def test_many_scripts_wait_for_their_turn(database):
    """More at once than there are connections; each gets one."""
    names = [f"{number:02}" for number in range(60)]
    assert await asyncio.gather(*(database.write(add_note(name)) for name in names)) == names
