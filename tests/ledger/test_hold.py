"""What a hold answers, and what its row says."""

from tests.ledger.people import NOW, give, hold, hold_order, rows
from tollbridge.gateway import ledger
from tollbridge.gateway.ledger import BalanceRow, Ending, GrantOrder, Hold, NotEnough


async def test_a_hold_takes_its_cost_and_says_what_is_left(database):
    """The answer carries the balance and the version that its own update made."""
    await give(database, 5)
    held = await hold(database, hold_order("call_1", 2))
    again = await hold(database, hold_order("call_2", 2))
    assert (held.available, again.available) == (3, 1)
    assert again.version == held.version + 1


async def test_a_refused_hold_says_what_there_is_and_what_is_running(database):
    """The page can show all balances, and that credits may come back."""
    await give(database, 3)
    await database.write(ledger.grant(GrantOrder("user_a", "advanced", 9, "other"), NOW))
    await hold(database, hold_order("call_1", 2))
    refused = await hold(database, hold_order("call_2", 2))
    assert isinstance(refused, NotEnough)
    assert refused.held == 2
    assert refused.balances == (
        BalanceRow("advanced", 9, 9, 1),
        BalanceRow("standard", 1, 3, 2),
    )
    found = await database.read(rows("select state, amount, outcome from calls order by call_id"))
    assert found == [("held", 2, "running"), ("refused", 0, "refused")]


async def test_a_free_call_passes_an_empty_balance(database):
    """A cost of 0 holds nothing, and can be closed like any other."""
    held = await hold(database, hold_order("call_1", 0))
    assert isinstance(held, Hold)
    assert (held.takes, held.available) == ((), 0)
    assert await database.read(ledger.held("user_a")) == {"standard": 0}
    ending = Ending("failed", None, NOW)
    assert (await database.write(ledger.void(held, ending)))[0] == 0


async def test_a_hold_does_not_take_what_has_just_expired(database):
    """The seated grant's time ends between two holds; the next grant is used."""
    await give(database, 5, "soon", expires_at=NOW + 10)
    await give(database, 1, "later")
    before = await hold(database, hold_order("call_1"), NOW + 9)
    after = await hold(database, hold_order("call_2"), NOW + 10)
    assert before.takes != after.takes
    assert (before.available, after.available) == (5, 0)


async def test_a_hold_finds_nothing_where_everything_has_expired(database):
    """The gate's own count is out of date then; it is not believed."""
    await give(database, 5, "soon", expires_at=NOW + 10)
    refused = await hold(database, hold_order("call_1"), NOW + 10)
    assert isinstance(refused, NotEnough)
    assert [row.available for row in refused.balances] == [0]


async def test_a_grant_that_comes_too_late_disturbs_nothing(database):
    """Credits that have expired on arrival leave every number as it was."""
    await give(database, 5, "good")
    answer = await database.write(
        ledger.grant(GrantOrder("user_a", "standard", 3, "late", expires_at=NOW), NOW)
    )
    assert answer.available == 5
    balances = await database.write(ledger.balances("user_a", NOW))
    assert [(row.available, row.granted) for row in balances] == [(5, 5)]
    assert await database.read(ledger.verify(), snapshot=True) == []


async def test_early_leaves_are_counted_in_their_window(database):
    """Only voids for the page's leaving count, and only those of the time asked for."""
    await give(database, 9)
    for number, (outcome, at) in enumerate(
        [("aborted", 10), ("aborted", 20), ("failed", 20), ("aborted", 30)]
    ):
        held = await hold(database, hold_order(f"call_{number}"))
        await database.write(ledger.void(held, Ending(outcome, None, NOW + at, blamed=True)))
    assert await database.read(ledger.left_early("user_a", NOW + 10, NOW + 100)) == 2
    assert await database.read(ledger.left_early("user_a", NOW + 10, NOW + 20)) == 1
    assert await database.read(ledger.left_early("user_b", NOW, NOW + 100)) == 0
