"""Many callers want the same credits at the same moment."""

import asyncio
import json
import random
from contextlib import ExitStack
from itertools import permutations

import asyncpg
import pytest

from tests.database.processes import hear, running, say
from tests.ledger.contender import END, LIVE
from tests.ledger.people import NOW, give, hold, hold_order, rows
from tests.support.stores import POSTGRES, place
from tollbridge.gateway import ledger
from tollbridge.gateway.ledger import Hold

# Of the race for one credit, in one process and in two. A refusal is ten round trips, one after the
# other, where there are round trips.
ROUNDS = {"sqlite": 100, "postgres": 8}
ROUNDS_OF_TWO = {"sqlite": 25, "postgres": 8}
ROUNDS_LONG = 100
GRANT_ROUNDS, GRANT_ROUNDS_LONG = 20, 200
CALLERS = 64
GRANTS = (5, 7, 14)
SWEEP_CALLS = 3


async def sum_available(database):
    """Say what the user can still use."""
    balances = await database.write(ledger.balances("user_a", NOW))
    return sum(row.available for row in balances)


@pytest.mark.timeout(280)
async def test_one_credit_is_held_once(database, store, pytestconfig):
    """Of 64 callers exactly one gets the only credit, again and again."""
    rounds = ROUNDS_LONG if pytestconfig.getoption("--long") else ROUNDS[store.kind]
    chance = random.Random(64)

    async def call(number: int, round_number: int) -> bool:
        for _ in range(chance.randrange(4)):  # some come a little later, into another batch
            await asyncio.sleep(0)
        order = hold_order(f"call_{round_number}_{number}")
        return isinstance(await hold(database, order), Hold)

    for round_number in range(rounds):
        await give(database, 1, f"gift_{round_number}")
        held = await asyncio.gather(*(call(n, round_number) for n in range(CALLERS)))
        assert held.count(True) == 1
    assert await sum_available(database) == 0
    assert await database.read(ledger.held("user_a")) == {"standard": rounds}
    assert await database.read(ledger.verify(), snapshot=True) == []


@pytest.mark.timeout(280)
async def test_one_credit_is_held_once_by_two_processes(database, store, tmp_path, pytestconfig):
    """The same with the callers in two processes."""
    rounds = ROUNDS_LONG if pytestconfig.getoption("--long") else ROUNDS_OF_TWO[store.kind]
    with ExitStack() as stack:
        racers = [
            stack.enter_context(running("tests.ledger.racer", place(tmp_path), name, CALLERS // 2))
            for name in ("one", "two")
        ]
        assert [hear(racer) for racer in racers] == ["ready", "ready"]
        for number in range(rounds):
            await give(database, 1, f"gift_{number}")
            for racer in racers:
                say(racer, str(number))
            got = [int(await asyncio.to_thread(hear, racer)) for racer in racers]
            assert sorted(got) == [0, 1]
    assert await database.read(ledger.held("user_a")) == {"standard": rounds}
    assert await database.read(ledger.verify(), snapshot=True) == []


@pytest.mark.parametrize("amounts", sorted(set(permutations(GRANTS))))
async def test_costs_of_one_and_three_use_up_three_grants(database, amounts):
    """32 callers, costs 1 and 3, three grants: every hold that fits is given, no other."""
    for number, amount in enumerate(amounts):
        await give(database, amount, f"gift_{number}")
    orders = [hold_order(f"call_{number}", 3 if number % 2 else 1) for number in range(32)]
    answers = await asyncio.gather(*(hold(database, order) for order in orders))
    got, refused = 0, []
    for order, answer in zip(orders, answers, strict=True):
        if isinstance(answer, Hold):
            got += order.amount
        else:
            refused.append(order.amount)
            assert answer.balances[0].available < order.amount
    left = sum(amounts) - got
    assert left < min(refused)  # nothing comes back here: what is left was left to them
    assert await database.read(ledger.held("user_a")) == {"standard": got}
    assert await sum_available(database) == left
    assert await database.read(ledger.verify(), snapshot=True) == []


async def test_holds_and_voids_at_once_lose_nothing(database):
    """What is given back can be held by others, and in the end all of it is there."""
    for number in range(3):
        await give(database, 2, f"gift_{number}")
    ending = ledger.Ending("failed", None, NOW)

    async def call(number: int) -> None:
        for turn in range(5):
            order = hold_order(f"call_{number}_{turn}", 1 + number % 3)
            answer = await hold(database, order)
            if isinstance(answer, Hold):
                await database.write(ledger.void(answer, ending))

    await asyncio.gather(*(call(number) for number in range(32)))
    assert await sum_available(database) == 6
    assert await database.read(ledger.verify(), snapshot=True) == []


async def sweep_until(database, done):
    """Close the calls of workers that are taken for dead while others work."""
    while not done.is_set():
        await database.write(ledger.sweep_the_dead({LIVE}, NOW, most=SWEEP_CALLS))


async def use_up(database, name):
    """Hold and charge what is left, one credit at a time; return how many there were."""
    got = 0
    while isinstance(held := await hold(database, hold_order(f"{name}_{got}")), Hold):
        await database.write(ledger.charge(held, NOW))
        got += 1
    return got


@pytest.mark.timeout(550)  # with --long
async def test_everything_at_once(database, store, tmp_path, pytestconfig):
    """32 callers in two processes, costs 1 and 3, three grants, and all that may happen meanwhile.

    Holds and settles in both ways, voids, sweeps and grants run beside each other on two
    connections of each process. Nobody waits for another for ever, no credit is sold twice, nobody
    is refused what is there, and all that is said to be charged is.
    """
    long = pytestconfig.getoption("--long")
    chance, charged = random.Random(32), 0
    await database.write(ledger.begin_epoch(LIVE, NOW))
    with ExitStack() as stack:
        contenders = [
            stack.enter_context(running("tests.ledger.contender", place(tmp_path), name, 16))
            for name in ("one", "two")
        ]
        assert [hear(one) for one in contenders] == ["ready", "ready"]
        for number in range(GRANT_ROUNDS_LONG if long else GRANT_ROUNDS):
            for part, amount in enumerate(chance.sample(GRANTS, 3)):
                await give(database, amount, f"gift_{number}_{part}")
            answers = await one_round(database, contenders, number)
            charged += sum(answer[0] for answer in answers)
            charged += await use_up(database, f"left_{number}")
            assert [complaint for answer in answers for complaint in answer[1]] == []
            [[granted]] = await database.read(rows("select sum(amount) from grants"))
            assert charged == granted
            if number % 10 == 9:
                assert await database.read(ledger.verify(), snapshot=True) == []
        for one in contenders:
            say(one, END)
            assert hear(one) == END
            assert one.wait() == 0
    assert await database.read(rows("select 1 from calls where state = 'held'")) == []
    swept = await database.read(rows("select 1 from calls where outcome = 'swept'"))
    assert swept  # else nothing was swept in the middle of it
    if store.kind == POSTGRES:
        await database.close()  # what a connection has counted is counted when it ends
        assert await count_deadlocks(place(tmp_path)) == 0


async def one_round(database, contenders, number):
    """Let both processes loose, and sweep; return what they answered, with nothing left open."""
    done = asyncio.Event()
    sweeping = asyncio.create_task(sweep_until(database, done))
    for one in contenders:
        say(one, str(number))
    answers = [json.loads(await asyncio.to_thread(hear, one)) for one in contenders]
    done.set()
    await sweeping
    while await database.write(ledger.sweep_the_dead({LIVE}, NOW, most=SWEEP_CALLS)):
        pass
    return answers


async def count_deadlocks(url):
    """Say how often the server had to break one up in this database."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(
            "select deadlocks from pg_stat_database where datname = current_database()"
        )
    finally:
        await connection.close()
