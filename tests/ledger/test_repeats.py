"""The same command again: a retry never counts twice, and never hides what is true."""

import pytest

from tests.ledger.people import NOW, end, give, hold, hold_order, rows, settle
from tollbridge.gateway import ledger
from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.ledger import Ending, GrantOrder, HoldLost, SourceKeyReused

BROKEN = Ending("broken", 200, NOW + 1)


async def test_a_source_gives_one_grant(database):
    """The second time, the first grant is named and nothing is added."""
    first = await give(database, 5, "payment_1")
    again = await database.write(ledger.grant(GrantOrder("user_a", "standard", 5, "payment_1"), 1))
    assert (again.grant_id, again.available, again.repeated) == (first, 5, True)


async def test_a_repeated_grant_says_what_is_left_now(database):
    """What has expired meanwhile is not in the answer."""
    order = GrantOrder("user_a", "standard", 5, "trial", expires_at=NOW + 100)
    await database.write(ledger.grant(order, NOW))
    again = await database.write(ledger.grant(order, NOW + 100))
    assert (again.available, again.repeated) == (0, True)


async def test_a_source_with_other_content_is_refused(database):
    """A key that was used for five credits does not give fifty."""
    await give(database, 5, "payment_1")
    with pytest.raises(SourceKeyReused):
        await give(database, 50, "payment_1")
    with pytest.raises(SourceKeyReused):
        await database.write(ledger.grant(GrantOrder("user_b", "standard", 5, "payment_1"), NOW))
    assert [row.available for row in await database.write(ledger.balances("user_a", NOW))] == [5]


async def test_a_debit_counts_once_although_its_grant_is_used_up(database):
    """The key stands for the debit, whichever grant its credits come from."""
    await give(database, 2, "old", priority=10)
    await give(database, 5, "new")
    await database.write(ledger.debit("user_a", "standard", 2, "correction", NOW))
    with pytest.raises(StoreUnavailable):
        await database.write(ledger.debit("user_a", "standard", 2, "correction", NOW))
    assert [row.available for row in await database.write(ledger.balances("user_a", NOW))] == [5]


async def test_a_hold_is_closed_once(database):
    """Who comes second learns that the hold is no longer theirs."""
    await give(database, 1)
    held = await hold(database, hold_order("call_1"))
    await settle(database, held)
    for script in (ledger.settle(held), ledger.void(held, BROKEN)):
        with pytest.raises(HoldLost):
            await database.write(script)


async def test_a_reversal_may_be_repeated(database):
    """Who does not know whether a reversal stands asks again and is told that it does."""
    await give(database, 1)
    held = await hold(database, hold_order("call_1"))
    await settle(database, held)
    assert await database.write(ledger.reverse(held, BROKEN))
    assert await database.write(ledger.reverse(held, BROKEN))
    assert [row.available for row in await database.write(ledger.balances("user_a", NOW))] == [1]


async def test_a_call_is_reversed_once_over_all_its_attempts(database):
    """The charge of a second attempt stands, although it broke off as well."""
    await give(database, 2)
    for attempt, reversed_now in ((1, True), (2, False)):
        order = hold_order("call_1", attempt=attempt)
        held = await hold(database, order)
        await settle(database, held)
        assert await database.write(ledger.reverse(held, BROKEN)) is reversed_now
    assert [row.available for row in await database.write(ledger.balances("user_a", NOW))] == [1]
    found = await database.read(rows("select state, outcome from calls order by attempt"))
    assert found == [("reversed", "broken"), ("settled", "broken")]


async def test_a_hold_cannot_end_without_being_closed(database):
    """An ending alone would hide it from the sweep, and its credits would be lost."""
    await give(database, 1)
    held = await hold(database, hold_order("call_1"))
    await end(database, held, BROKEN)
    assert await database.write(ledger.sweep("epoch_2", NOW, most=10)) == 1
    assert [row.available for row in await database.write(ledger.balances("user_a", NOW))] == [1]


async def test_a_call_keeps_its_first_ending(database):
    """What a receipt said once it says for ever."""
    await give(database, 1)
    held = await hold(database, hold_order("call_1"))
    await settle(database, held)
    await end(database, held, Ending("ok", 200, NOW + 1))
    await end(database, held, BROKEN)
    assert await database.read(rows("select outcome, ended_at from calls")) == [("ok", NOW + 1)]


async def test_an_unknown_grant_is_not_clawed_back(database):
    """A wrong id is an error and not a no-op."""
    with pytest.raises(KeyError, match="grant_none"):
        await database.write(ledger.claw_back("grant_none", NOW))
