"""Behind a pooler that hands each transaction to another connection of its own."""

import asyncio

import pytest

from tests.database.notes import add_note, add_note_shortcut, list_notes, run
from tests.support.postgres import fresh_database
from tollbridge.gateway.database import PostgresDatabase, StoreUnavailable


@pytest.fixture
async def pooled(bounced):
    """A store behind a pooler that has two connections to the server."""
    database = await PostgresDatabase.open(bounced(fresh_database()))
    yield database
    await database.close()


async def test_many_at_once_share_its_connections(pooled):
    """Scripts, batches and reads, far more than it has connections; no statement is lost."""
    names = [f"{number:03}" for number in range(90)]
    written = await asyncio.gather(
        *(
            pooled.write(add_note(name), add_note_shortcut(name) if number % 3 else None)
            for number, name in enumerate(names)
        ),
        *(pooled.read(run("select count(*) from meta")) for _ in range(20)),
    )
    assert written[: len(names)] == names
    assert await pooled.read(list_notes(), snapshot=True) == names


async def test_the_limits_hold_in_each_transaction(pooled):
    """They cannot be asked for once, when a connection is opened."""
    for name in ("lock_timeout", "idle_in_transaction_session_timeout"):
        assert await pooled.write(run(f"select current_setting('{name}')")) == [("5s",)]


async def test_a_reading_script_cannot_write(pooled):
    """With a snapshot or without; and what it asked for does not stick to the connection."""
    for snapshot in (False, True):
        with pytest.raises(StoreUnavailable, match="read-only"):
            await pooled.read(add_note("a"), snapshot=snapshot)
    for name in "abcd":
        assert await pooled.write(add_note(name), add_note_shortcut(name)) == name


async def test_one_bad_row_does_not_fail_its_neighbours(pooled):
    """A batch that is refused is rolled back there, and each script runs by itself."""
    answers = await asyncio.gather(
        *(
            pooled.write(add_note(name, text), add_note_shortcut(name, text))
            for name, text in (("a", ""), ("b", "\x00"), ("c", ""))
        ),
        return_exceptions=True,
    )
    assert answers[::2] == ["a", "c"]
    assert isinstance(answers[1], StoreUnavailable)
    assert await pooled.read(list_notes()) == ["a", "c"]
