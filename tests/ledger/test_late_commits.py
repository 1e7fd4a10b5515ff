"""What arrives at a server after it was taken for lost, and what runs between two statements."""

import asyncio

import asyncpg
import pytest

from tests.database.postgres_doors import wait_for_a_waiter
from tests.ledger.people import NOW, give, hold, hold_order, hold_shortcut, rows
from tests.support.stores import place
from tollbridge.gateway import ledger
from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.ledger import Ending, HoldLost

pytestmark = pytest.mark.only_on("postgres")

FAILED = Ending("failed", None, NOW)


@pytest.fixture
async def slow(database, tmp_path):
    """A connection on which a script is run statement by statement."""
    connection = await asyncpg.connect(place(tmp_path))
    yield connection
    await connection.close()


class Steps:
    """A script that stops where a test wants it to."""

    def __init__(self, connection, script):
        """Begin its transaction; nothing has run yet."""
        self._connection = connection
        self._script = script
        self._statement = next(script)

    async def run_until(self, words):
        """Run it up to the statement that has these words, which has not run then."""
        while words not in self._statement.sql:
            await self.step()

    async def step(self):
        """Run one statement; tell whether there is another."""
        found = await self._connection.fetch(self._statement.sql, *self._statement.parameters)
        try:
            self._statement = self._script.send([tuple(row) for row in found])
        except StopIteration:
            return False
        return True

    async def finish(self):
        """Run the rest."""
        while await self.step():
            pass


async def state(database):
    """What is available, and what the calls are."""
    balances = await database.write(ledger.balances("user_a", NOW))
    calls = await database.read(rows("select call_id, state, amount from calls order by call_id"))
    assert await database.read(ledger.verify(), snapshot=True) == []
    return [row.available for row in balances], calls


async def test_a_hold_that_comes_after_its_undo_takes_nothing(database):
    """By the shortcut nor by the script: somebody has looked, and said that nothing was held."""
    await give(database, 5)
    order = hold_order("call_1", 2)
    assert await database.write(ledger.undo(order, FAILED)) == "none"
    after = [5], [("call_1", "voided", 0)]
    assert await state(database) == after
    with pytest.raises(StoreUnavailable) as caught:
        await hold(database, order)
    assert not caught.value.outcome_unknown
    with pytest.raises(StoreUnavailable):
        await database.write(ledger.hold(order, NOW))
    assert await state(database) == after
    assert await database.write(ledger.undo(order, FAILED)) == "voided"


async def test_a_neighbour_of_such_a_hold_is_served(database):
    """They share a statement; only the one that was undone gets nothing."""
    await give(database, 5)
    await database.write(ledger.undo(hold_order("call_1", 2), FAILED))
    answers = await asyncio.gather(
        *(hold(database, hold_order(f"call_{number}", 2)) for number in range(3)),
        return_exceptions=True,
    )
    assert isinstance(answers[1], StoreUnavailable)
    assert sorted(answers[n].available for n in (0, 2)) == [1, 3]
    assert (await state(database))[0] == [1]


async def test_an_undo_waits_for_a_hold_that_is_on_its_way(database, slow):
    """The hold has begun at the server when its caller gives up: the undo finds what it did."""
    await give(database, 5)
    order = hold_order("call_1", 2)
    await slow.execute("begin")
    late = Steps(slow, ledger.hold(order, NOW))
    await late.run_until("insert into calls")
    undoing = asyncio.create_task(database.write(ledger.undo(order, FAILED)))
    await wait_for_a_waiter(slow)
    await late.finish()
    await slow.execute("commit")
    assert await undoing == "held"
    assert await state(database) == ([5], [("call_1", "voided", 2)])


async def test_a_settle_that_comes_after_the_void_changes_nothing(database):
    """Neither way finds a hold."""
    await give(database, 5)
    held = await hold(database, hold_order("call_1", 2))
    await database.write(ledger.undo(held.order, FAILED))
    for script in (ledger.settle(held), ledger.charge(held, NOW)):
        with pytest.raises(HoldLost):
            await database.write(script, ledger.settle_shortcut(held))
    assert await state(database) == ([5], [("call_1", "voided", 2)])


async def test_a_settle_that_comes_during_an_undo_finds_nothing_to_settle(database, slow):
    """The undo has seen a hold, and gives that back: nobody makes a charge of it in between."""
    await give(database, 5)
    held = await hold(database, hold_order("call_1", 2))
    await slow.execute("begin")
    undoing = Steps(slow, ledger.undo(held.order, FAILED))
    await undoing.run_until("update calls")
    settling = asyncio.create_task(
        database.write(ledger.charge(held, NOW), ledger.settle_shortcut(held))
    )
    await wait_for_a_waiter(slow)
    await undoing.finish()
    await slow.execute("commit")
    with pytest.raises(HoldLost):
        await settling
    assert await state(database) == ([5], [("call_1", "voided", 2)])


@pytest.mark.parametrize("grants", [(1, 1, 1), (3, 2)])
async def test_a_hold_that_began_before_the_first_grant_does_not_overwrite_it(
    database, slow, grants
):
    """There was no gate to lock when it began; what others do with the new one stays."""
    await slow.execute("begin")
    early = Steps(slow, ledger.hold(hold_order("call_early", 3), NOW))
    await early.run_until("select available, granted")  # its gate, once more than locked
    for number, amount in enumerate(grants):
        await give(database, amount, f"gift_{number}")
    await early.run_until("insert into balances")
    taken = await hold(database, hold_order("call_1", 1))
    assert taken.available == sum(grants) - 1
    with pytest.raises(StoreUnavailable, match="changed meanwhile"):
        await early.finish()
    await slow.execute("rollback")
    assert await state(database) == ([sum(grants) - 1], [("call_1", "held", 1)])


async def test_a_batch_does_not_judge_by_what_was_before_it_waited(database, slow):
    """It waits for a unit that brings credits to an empty gate, and then serves from them."""
    await give(database, 1)
    await hold(database, hold_order("call_1"))
    await slow.execute("begin")
    bringing = Steps(slow, ledger.grant(ledger.GrantOrder("user_a", "standard", 5, "more"), NOW))
    await bringing.run_until("insert into journal")
    shortcut = hold_shortcut(hold_order("call_2", 2))
    holding = asyncio.create_task(database.write(never(), shortcut))
    await wait_for_a_waiter(slow)
    await bringing.finish()
    await slow.execute("commit")
    assert (await holding).available == 3
    assert (await state(database))[0] == [3]


def never():
    """A script that must not be run."""
    raise AssertionError("the shortcut was not taken")
    yield
