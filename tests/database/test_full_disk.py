"""No room on the disk: nothing is half written, and the store lives on."""

import asyncio
import json

import pytest

from tests.database.notes import add_note, list_notes, run
from tests.database.processes import hear, running
from tollbridge.gateway.database import SqliteDatabase, StoreUnavailable

pytestmark = pytest.mark.only_on("sqlite")  # its files and its thread


async def test_a_disk_that_fills_up_and_is_cleaned(path):
    """What was acknowledged is there, what failed is not, and with room again it works."""
    with running("tests.database.small_disk", path) as process:
        written, failures, seen_when_full = json.loads(hear(process))
        assert process.wait() == 0
    assert len(written) > 5
    assert seen_when_full
    assert failures == [True] * 6  # the commit itself failed, so that a look-up decides
    database = SqliteDatabase(path)
    assert await database.read(list_notes()) == sorted(written)
    assert await database.read(run("pragma integrity_check")) == [("ok",)]
    await database.close()


async def test_a_file_that_may_not_grow(database):
    """The statement itself fails: the whole batch is given up, and nothing of it happened."""
    [[pages]] = await database.read(run("pragma page_count"))
    await database.write(run(f"pragma max_page_count = {pages}"))
    answers = await asyncio.gather(
        database.write(add_note("small")),
        database.write(add_note("large", "x" * 100_000)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [StoreUnavailable, StoreUnavailable]
    assert not any(answer.outcome_unknown for answer in answers)
    assert await database.read(list_notes()) == []
    with pytest.raises(StoreUnavailable, match="full"):
        await database.write(add_note("large", "x" * 100_000))
    await database.write(run("pragma max_page_count = 1000000"))
    await database.write(add_note("large", "x" * 100_000))
    assert await database.read(list_notes()) == ["large"]
