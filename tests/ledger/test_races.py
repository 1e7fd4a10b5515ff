"""Many callers want the same credits at the same moment."""

import asyncio
import random
from itertools import permutations

import pytest

from tests.database.processes import hear, running, say
from tests.ledger.people import NOW, give, hold_order
from tests.ledger.racer import GIFTS
from tollbridge.gateway import ledger
from tollbridge.gateway.ledger import Hold, hold

ROUNDS = 100
CALLERS = 64


async def sum_available(database):
    """Say what the user can still use."""
    balances = await database.write(ledger.balances("user_a", NOW))
    return sum(row.available for row in balances)


async def test_one_credit_is_held_once(database):
    """Of 64 callers exactly one gets the only credit, a hundred times."""
    chance = random.Random(64)

    async def call(number: int, round_number: int) -> bool:
        for _ in range(chance.randrange(4)):  # some come a little later, into another batch
            await asyncio.sleep(0)
        order = hold_order(f"call_{round_number}_{number}")
        return isinstance(await database.write(hold(order, NOW)), Hold)

    for round_number in range(ROUNDS):
        await give(database, 1, f"gift_{round_number}")
        held = await asyncio.gather(*(call(n, round_number) for n in range(CALLERS)))
        assert held.count(True) == 1
    assert await sum_available(database) == 0
    assert await database.read(ledger.held("user_a")) == {"standard": ROUNDS}
    assert await database.read(ledger.verify()) == []


@pytest.mark.parametrize("amounts", sorted(set(permutations((5, 7, 14)))))
async def test_costs_of_one_and_three_use_up_three_grants(database, amounts):
    """32 callers, costs 1 and 3, three grants: every hold that fits is given, no other."""
    for number, amount in enumerate(amounts):
        await give(database, amount, f"gift_{number}")
    total = left = sum(amounts)
    orders = [hold_order(f"call_{number}", 3 if number % 2 else 1) for number in range(32)]
    answers = await asyncio.gather(*(database.write(hold(order, NOW)) for order in orders))
    for order, answer in zip(orders, answers, strict=True):  # they are served in their order
        fits = order.amount <= left
        assert isinstance(answer, Hold) == fits
        left -= order.amount if fits else 0
    held = await database.read(ledger.held("user_a"))
    assert held == {"standard": total - left}
    assert await sum_available(database) == left == 0
    assert await database.read(ledger.verify()) == []


async def test_holds_and_voids_at_once_lose_nothing(database):
    """What is given back can be held by others, and in the end all of it is there."""
    for number in range(3):
        await give(database, 2, f"gift_{number}")
    ending = ledger.Ending("failed", None, NOW)

    async def call(number: int) -> None:
        for attempt in range(10):
            order = hold_order(f"call_{number}", 1 + number % 3, attempt=attempt)
            answer = await database.write(hold(order, NOW))
            if isinstance(answer, Hold):
                await database.write(ledger.void(answer, ending))

    await asyncio.gather(*(call(number) for number in range(32)))
    assert await sum_available(database) == 6
    assert await database.read(ledger.verify()) == []


async def test_two_processes_share_one_balance(database, tmp_path):
    """The gateway and a second process hold and grant at once; the sum is exact."""
    await give(database, 200)
    path = tmp_path / "tollbridge.db"
    with (
        running("tests.ledger.racer", path, "one", 32, 1, 3) as one,
        running("tests.ledger.racer", path, "two", 32, 1) as two,
    ):
        assert (hear(one), hear(two)) == ("ready", "ready")
        say(one, "go")
        say(two, "go")
        held = int(await asyncio.to_thread(hear, one)) + int(await asyncio.to_thread(hear, two))
    assert held + await sum_available(database) == 200 + 2 * GIFTS
    assert await database.read(ledger.held("user_a")) == {"standard": held}
    assert await database.read(ledger.verify()) == []
