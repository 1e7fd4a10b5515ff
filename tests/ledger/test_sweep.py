"""What a dead worker left open is closed by the next one."""

from dataclasses import replace

import pytest

from tests.ledger.people import NOW, end, give, hold, hold_order, rows, settle
from tollbridge.gateway import ledger
from tollbridge.gateway.ledger import Ending, HoldLost

SELECT_CALLS = "select call_id, state, outcome, ended_at from calls order by call_id"


async def test_the_sweep_voids_what_is_held_and_marks_what_is_settled(database):
    """Held credits come back; a charge stands, and its receipt says that its end was lost."""
    await give(database, 3)
    for call_id in ("call_1", "call_2", "call_3"):
        held = await hold(database, hold_order(call_id))
        if call_id != "call_1":
            await settle(database, held)
    await end(database, held, Ending("ok", 200, NOW))
    assert await database.write(ledger.sweep("epoch_2", NOW + 5, most=10)) == 2
    assert await database.read(rows(SELECT_CALLS)) == [
        ("call_1", "voided", "swept", NOW + 5),
        ("call_2", "settled", "lost", NOW + 5),
        ("call_3", "settled", "ok", NOW),
    ]
    assert [row.available for row in await database.write(ledger.balances("user_a", NOW))] == [1]


async def test_the_sweep_leaves_its_own_epoch_alone(database):
    """Calls of the worker that sweeps are running."""
    await give(database, 1)
    await hold(database, hold_order("call_1", epoch_id="epoch_2"))
    assert await database.write(ledger.sweep("epoch_2", NOW, most=10)) == 0
    assert await database.read(ledger.held("user_a")) == {"standard": 1}


async def test_a_worker_that_was_taken_for_dead_closes_nothing(database):
    """Its settle and its void find that the hold is gone."""
    await give(database, 1)
    held = await hold(database, hold_order("call_1"))
    await database.write(ledger.sweep("epoch_2", NOW, most=10))
    ending = Ending("failed", None, NOW)
    for script in (ledger.settle(held), ledger.void(held, ending), ledger.reverse(held, ending)):
        with pytest.raises(HoldLost):
            await database.write(script)
    assert [row.available for row in await database.write(ledger.balances("user_a", NOW))] == [1]


async def test_a_hold_belongs_to_the_epoch_that_made_it(database):
    """The same call and attempt under another worker's epoch is not the same hold."""
    await give(database, 1)
    held = await hold(database, hold_order("call_1"))
    stranger = replace(held, order=replace(held.order, epoch_id="epoch_2"))
    ending = Ending("failed", None, NOW)
    for script in (ledger.settle(stranger), ledger.void(stranger, ending)):
        with pytest.raises(HoldLost):
            await database.write(script)
    assert await database.write(ledger.undo(stranger.order, ending)) == "none"
    await settle(database, held)


async def test_the_sweep_works_in_pieces(database):
    """A thousand calls left open do not make one endless transaction."""
    await give(database, 10)
    for number in range(7):
        await hold(database, hold_order(f"call_{number}", 1 + number % 2))
    closed = [await database.write(ledger.sweep("epoch_2", NOW, most=3)) for _ in range(3)]
    assert closed == [3, 3, 1]
    assert [row.available for row in await database.write(ledger.balances("user_a", NOW))] == [10]


async def test_the_sweep_gives_back_to_every_grant_that_a_call_took_from(database):
    """A call that spans grants is voided from its rows alone."""
    for number in range(3):
        await give(database, 2, f"gift_{number}")
    await hold(database, hold_order("call_1", 5))
    await database.write(ledger.sweep("epoch_2", NOW, most=10))
    given_back = rows("select amount from journal where kind = 'void' order by entry_key")
    assert await database.read(given_back) == [(2,), (2,), (1,)]
    assert await database.read(ledger.verify(), snapshot=True) == []


async def test_epochs_begin_and_end(database):
    """A worker ends its own epoch; the sweep ends those of workers that could not."""
    for number in (1, 2, 3):
        await database.write(ledger.begin_epoch(f"epoch_{number}", NOW))
    await database.write(ledger.finish_epoch("epoch_1", NOW + 1))
    await database.write(ledger.sweep("epoch_3", NOW + 2, most=10))
    found = await database.read(rows("select epoch_id, ended_at from epochs order by epoch_id"))
    assert found == [("epoch_1", NOW + 1), ("epoch_2", NOW + 2), ("epoch_3", None)]
