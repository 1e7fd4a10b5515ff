"""A script is committed whole or leaves nothing behind, and stands alone among others."""

import asyncio

import apsw
import asyncpg
import pytest

from tests.database.notes import add_note, list_notes, run
from tollbridge.gateway.database import StoreUnavailable


class Refused(Exception):
    """What a part may raise in the middle of a script."""


def refuse_after(note):
    """Write something, then change one's mind."""
    yield from add_note(note)
    raise Refused(note)


def repeat(note):
    """Write the same unique note twice."""
    yield from add_note(note)
    yield from add_note(note)


def recover(note):
    """Meet an error of the store and go on with something else."""
    try:
        yield from repeat(note)
    except apsw.ConstraintError:
        yield from add_note("instead")


def look_away(note):
    """Meet an error of the store and end as if there was none."""
    try:
        yield from repeat(note)
    except asyncpg.PostgresError:
        return note


async def test_a_script_that_raises_disturbs_nobody(database):
    """Its neighbours in the batch get their answers; of itself nothing is left."""
    answers = await asyncio.gather(
        database.write(add_note("a")),
        database.write(refuse_after("b")),
        database.write(add_note("c")),
        database.write(repeat("d")),
        database.write(add_note("e")),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [str, Refused, str, StoreUnavailable, str]
    assert await database.read(list_notes()) == ["a", "c", "e"]


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("mistake", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
async def test_not_even_a_script_that_wants_to_end_everything(database, mistake):
    """Whatever a script raises is its caller's; the store's thread lives on, and so do others."""

    def script():
        yield from run("select 1")
        raise mistake

    for method in (database.write, database.read):
        with pytest.raises(mistake):
            await method(script())
    assert await database.write(add_note("a")) == "a"
    assert await database.read(list_notes()) == ["a"]


@pytest.mark.only_on("sqlite")
async def test_what_a_statement_broke_is_undone_although_the_script_goes_on(database):
    """A script may catch an error; the statements before it are its own affair."""
    await database.write(recover("a"))
    assert await database.read(list_notes()) == ["a", "instead"]


@pytest.mark.only_on("postgres")
async def test_a_script_that_looks_away_is_not_believed(database):
    """There nothing can be committed after a statement has failed; that is no success."""
    with pytest.raises(StoreUnavailable, match="had failed") as caught:
        await database.write(look_away("a"))
    assert not caught.value.outcome_unknown
    assert await database.read(list_notes()) == []
    assert await database.write(add_note("a")) == "a"


async def test_a_failing_script_says_that_nothing_happened(database):
    """Its outcome is known: nothing."""
    with pytest.raises(StoreUnavailable) as caught:
        await database.write(repeat("a"))
    assert not caught.value.outcome_unknown


async def test_wrong_sql_is_the_scripts_own_trouble(database):
    """A mistake in a statement does not reach the neighbours either."""
    answers = await asyncio.gather(
        database.write(run("select nonsense")),
        database.write(add_note("a")),
        return_exceptions=True,
    )
    assert isinstance(answers[0], StoreUnavailable)
    assert answers[1] == "a"


async def test_a_value_the_store_cannot_keep_is_refused(database):
    """A whole number beyond 64 bits is an error and not a wrong number."""
    with pytest.raises((OverflowError, StoreUnavailable)):
        await database.write(run("select $1", 2**64))


async def test_a_deferred_write_rides_along_and_its_failure_is_logged(database, caplog):
    """Nobody waits for it; whoever reads the log learns that it failed."""
    database.write_later(add_note("later"))
    database.write_later(repeat("twice"))
    await database.write(add_note("now"))
    assert await database.read(list_notes()) == ["later", "now"]
    assert "a deferred write failed" in caplog.text


async def test_a_deferred_write_that_fails_may_have_a_second_plan(database):
    """It is called for the write that failed, and for no other."""
    called = []
    database.write_later(add_note("good"), lambda: called.append("good"))
    database.write_later(repeat("bad"), lambda: called.append("bad"))
    await database.write(add_note("now"))
    assert called == ["bad"]


async def test_a_reading_script_cannot_write(database):
    """Reads share a transaction without savepoints, so a write there is refused."""
    with pytest.raises(StoreUnavailable, match=r"read-?only"):
        await database.read(add_note("a"))
    assert await database.read(list_notes()) == []
