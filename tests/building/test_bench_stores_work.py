"""What the benchmark of the stores does inside a process, on both real stores."""

import os
from collections import Counter
from pathlib import Path

import apsw
import pytest

from building.bench.figures import CannotMeasure
from building.bench.stores import program
from building.bench.stores.fill import GRANTED, Past, users_of
from building.bench.stores.filling import fill
from building.bench.stores.one_by_one import opened_one_by_one
from building.bench.stores.sizes import sizes_of
from building.bench.stores.stage import POSTGRES_STORE, STORES, ask
from building.bench.stores.work import call, drive, open_till, opened, written
from tests.support.postgres import empty_database
from tollbridge.gateway import ledger

PAST = Past(users=10, calls=1_000)


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each store by its name in the figures."""
    name: str = request.param
    return name


@pytest.fixture
def place(kind: str, tmp_path: Path) -> str:
    """Where an empty database of that kind is, or will be."""
    return empty_database() if kind == POSTGRES_STORE else str(tmp_path / "any.db")


async def test_a_made_up_past_is_a_sound_ledger(kind: str, place: str) -> None:
    """It has the rows it says, no index is lost over it, and `ledger verify` finds nothing."""
    async with opened(place):
        pass
    before = await sizes_of(kind, place)
    await fill(place, PAST)
    after = await sizes_of(kind, place)
    # One grant each, and an entry for each tenth call, which was given back.
    made = {"users": 10, "grants": 10, "balances": 10, "calls": 1_000, "journal": 10 + 100}
    assert {table: after.rows[table] for table in made} == made
    assert after.sizes.keys() == before.sizes.keys()
    assert after.sizes["calls_by_key"] > before.sizes["calls_by_key"]
    assert await program.verify(place) > 0


async def test_a_ledger_that_is_not_sound_is_no_measurement(tmp_path: Path) -> None:
    """A past that did not add up would be measured as something that cannot be."""
    place = str(tmp_path / "any.db")
    await fill(place, PAST)
    connection = apsw.Connection(place)
    connection.execute("update balances set available = available + 1")
    connection.close()
    with pytest.raises(CannotMeasure, match="the ledger is not sound: balance"):
        await program.verify(place)


async def test_what_is_driven_is_counted_and_charged(kind: str, place: str) -> None:
    """Each call is a credit of some user, ended and written by the time it is counted."""
    await fill(place, Past(3, 0))
    async with opened(place) as database:
        driven = await drive(database, users_of(Past(3, 0)), callers=8, seconds=0.2)
        spent = [
            GRANTED - (await database.read(ledger.balances(user, 1)))[0].available
            for user in users_of(Past(3, 0))
        ]
    assert sum(spent) == driven.calls >= 8
    assert max(spent) - min(spent) <= 1
    assert driven.took_s >= 0.2
    assert driven.cpu_s > 0
    rows = (await sizes_of(kind, place)).rows
    assert rows["calls"] == driven.calls
    assert await program.verify(place) > 0


async def test_statements_that_travel_alone_do_the_same() -> None:
    """What is compared with batches counts and charges as they do."""
    url = empty_database()
    await fill(url, Past(1, 0))
    (user,) = users_of(Past(1, 0))
    async with opened_one_by_one(url) as database:
        driven = await drive(database, [user], callers=8, seconds=0.2)
        assert database.load().waiting == 0
    states = Counter(await ask(url, "select state, outcome from calls"))
    assert states == {("settled", "ok"): driven.calls}
    assert await program.verify(url) > 0


async def test_a_user_without_credits_ends_the_measurement(tmp_path: Path) -> None:
    """A store that refuses is quick; its figures must not count."""
    place = str(tmp_path / "any.db")
    await fill(place, Past(1, 0))
    async with opened(place) as database:
        till = await open_till(database)
        with pytest.raises(CannotMeasure, match="refused a call"):
            await call(till, "user_unknown")
        await written(database)


async def test_holds_are_timed_in_turns_on_few_rows_and_on_many(
    kind: str, place: str, tmp_path: Path
) -> None:
    """Either side makes as many calls, those that warm it up included."""
    few = empty_database() if kind == POSTGRES_STORE else str(tmp_path / "few.db")
    await fill(few, Past(1, 10))
    await fill(place, PAST)
    taken = await program.compare_holds(
        few, {"users": 1, "calls": 10}, place, {"users": 10, "calls": 1_000}, holds=16
    )
    assert all(0 < side.median_s <= side.tail_s < 60 for side in taken.values())
    assert (await sizes_of(kind, few)).rows["calls"] == 10 + 16 + 2
    assert (await sizes_of(kind, place)).rows["calls"] == 1_000 + 16 + 2


async def test_debits_tell_the_cpu_time_of_another_process_too(place: str) -> None:
    """Whoever stands for the database server is watched from outside."""
    await fill(place, Past(2, 0))
    found = await program.debits(
        place, users_of(Past(2, 0)), 2, 0.1, server_pid=os.getpid(), alone=False
    )
    assert found["calls"] > 0
    assert found["server_cpu_s"] >= 0
