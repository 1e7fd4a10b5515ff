"""The clock steps back, as machines' clocks do and as those of two machines differ."""

import pytest

from tests.ledger.people import NOW, give, hold, hold_order, settle
from tollbridge.gateway import ledger
from tollbridge.gateway.ledger import Ending, GrantOrder, Insufficient, NotEnough

EXPIRY = NOW + 100


async def balances_at(database, now):
    """See the balances."""
    rows = await database.write(ledger.balances("user_a", now))
    return [row.available for row in rows if row.query_type == "standard"]


async def refused_hold(database):
    """Be refused because of it."""
    refused = await hold(database, hold_order("call_late", 7), EXPIRY)
    assert isinstance(refused, NotEnough)


async def hold_of_the_rest(database):
    """Hold what another grant still has."""
    assert (await hold(database, hold_order("call_late", 2), EXPIRY)).available == 0


async def refused_debit(database):
    """Be told how little is left of it."""
    answer = await database.write(ledger.debit("user_a", "standard", 7, "correction", EXPIRY))
    assert answer == Insufficient(2)


async def repeated_grant(database):
    """Be told again what a grant gave."""
    answer = await database.write(ledger.grant(GrantOrder("user_a", "standard", 2, "gift"), EXPIRY))
    assert (answer.available, answer.repeated) == (2, True)


async def return_of_another_credit(database):
    """Be told what is left after a void."""
    held = await hold(database, hold_order("call_free", 0), EXPIRY)
    ending = Ending("failed", None, EXPIRY)
    assert (await database.write(ledger.void(held, ending)))[0] == 2


async def look(database):
    """Read the balances."""
    assert await balances_at(database, EXPIRY) == [2]


@pytest.mark.parametrize(
    ("see", "left"),
    [
        (refused_hold, 2),
        (hold_of_the_rest, 0),
        (refused_debit, 2),
        (repeated_grant, 2),
        (return_of_another_credit, 2),
        (look, 2),
    ],
)
async def test_what_was_seen_to_expire_stays_expired(database, see, left):
    """Whoever has been told that credits are gone does not find them again an hour earlier."""
    await give(database, 5, "soon", expires_at=EXPIRY)
    await give(database, 2)
    await see(database)
    for now in (EXPIRY - 1, NOW - 3_600_000):
        assert await balances_at(database, now) == [left]
        refused = await hold(database, hold_order(f"call_{now}", left + 1), now)
        assert isinstance(refused, NotEnough)
    assert await database.read(ledger.verify(), snapshot=True) == []


async def test_a_credit_that_comes_back_to_an_expired_grant_stays_away(database):
    """The call was held before, its grant was seen to expire, and the void comes from earlier."""
    await give(database, 5, "soon", expires_at=EXPIRY)
    held = await hold(database, hold_order("call_1", 3))
    assert await balances_at(database, EXPIRY) == [0]
    await database.write(ledger.void(held, Ending("failed", None, NOW)))
    assert await balances_at(database, NOW) == [0]
    assert isinstance(await hold(database, hold_order("call_2")), NotEnough)
    assert await database.read(ledger.verify(), snapshot=True) == []


async def test_a_call_goes_on_over_a_step_back(database):
    """Settled and ended before it was held, by the clock: it is charged all the same."""
    await give(database, 1)
    held = await hold(database, hold_order("call_1"), NOW + 60_000)
    await settle(database, held)
    await database.write(ledger.end(held, Ending("ok", 200, NOW)))
    assert await balances_at(database, NOW) == [0]
    assert await database.read(ledger.verify(), snapshot=True) == []
