"""Closing loses nothing that was accepted, and accepts nothing more."""

import asyncio
import threading

import pytest

from tests.database.notes import add_note, add_note_shortcut, list_notes, occupy
from tests.support.stores import open_store
from tollbridge.gateway.database import SqliteDatabase, StoreUnavailable
from tollbridge.gateway.database.sqlite import BATCH_SCRIPTS


async def test_close_runs_what_is_queued(store, tmp_path):
    """More than a batch is waiting; all of it is on disk afterwards."""
    database = await open_store(tmp_path)
    names = [f"{number:04}" for number in range(BATCH_SCRIPTS * 2 + 7)]
    tasks = [
        asyncio.create_task(database.write(add_note(name), add_note_shortcut(name)))
        for name in names
    ]
    database.write_later(add_note("later"))
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*tasks) == names
    reopened = await open_store(tmp_path)
    assert await reopened.read(list_notes()) == [*names, "later"]
    await reopened.close()


async def test_a_closed_store_says_so(store, tmp_path, caplog):
    """Nobody waits for what has gone."""
    database = await open_store(tmp_path)
    await database.close()
    for method in (database.write, database.read):
        with pytest.raises(StoreUnavailable, match="the store is closed"):
            await method(add_note("a"))
    with pytest.raises(StoreUnavailable, match="the store is closed"):
        await database.write(add_note("a"), add_note_shortcut("a"))
    failed = asyncio.Event()
    database.write_later(add_note("b"), failed.set)
    await failed.wait()
    assert "the store is closed" in caplog.text


async def test_a_store_that_is_closing_takes_nothing_new(path):
    """What comes while the last batch runs is refused at once."""
    database = SqliteDatabase(path)
    entered, leave = threading.Event(), threading.Event()
    busy = asyncio.create_task(database.write(occupy(entered, leave)))
    await asyncio.to_thread(entered.wait)
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="the store is closed"):
        await database.write(add_note("late"))
    leave.set()
    await asyncio.gather(busy, closing)


async def test_closing_twice_is_closing_once(store, tmp_path):
    """Two owners of a store may both end it, also at the same time."""
    database = await open_store(tmp_path)
    await database.write(add_note("a"))
    await asyncio.gather(database.close(), database.close())
    await database.close()


async def test_the_log_is_gone_after_a_proper_end(path):
    """Everything is in the one file then, which can be copied."""
    database = SqliteDatabase(path)
    await database.write(add_note("a"))
    await database.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
