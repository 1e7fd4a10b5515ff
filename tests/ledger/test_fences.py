"""A number that was taken so that a late hold finds it taken."""

from dataclasses import replace

import pytest

from tests.ledger.people import NOW, give, hold, hold_order, rows
from tollbridge.gateway import ledger
from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.ledger import Ending

pytestmark = pytest.mark.only_on("postgres")

FAILED = Ending("failed", None, NOW)
KEY = b"key"


async def test_a_call_can_be_repeated_although_the_commit_of_a_repeat_was_lost(database):
    """The next repeat finds the number that was taken, and takes the one after it."""
    await give(database, 5)
    first = replace(hold_order("call_1"), key_hash=KEY, fingerprint=b"asked")
    held = await hold(database, first)
    await database.write(ledger.void(held, FAILED))
    second = replace(first, attempt=2, held_at=NOW)
    assert await database.write(ledger.undo(second, FAILED)) == "none"
    found = await database.read(ledger.find_attempt(KEY))
    assert (found.call_id, found.attempt, found.ended) == ("call_1", 2, True)
    assert found.fingerprint == b"asked"
    third = await hold(database, replace(first, attempt=3))
    assert third.available == 4
    # What was lost arrives after all.
    with pytest.raises(StoreUnavailable):
        await database.write(ledger.hold(second, NOW))
    calls = await database.read(rows("select attempt, state, amount from calls order by attempt"))
    assert calls == [(1, "voided", 1), (2, "voided", 0), (3, "held", 1)]
    assert await database.read(ledger.verify(), snapshot=True) == []
