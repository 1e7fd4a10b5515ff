"""A worker is killed in the middle of everything; what it had promised stands."""

import random
from collections import defaultdict

import asyncpg
import pytest

from tests.database.processes import hear, running
from tests.ledger.people import NOW, open_ledger, rows
from tests.support.stores import POSTGRES, place
from tollbridge.gateway import ledger
from tollbridge.gateway.database import SqliteDatabase

ROUNDS = {"sqlite": 10, "postgres": 4}
PROMISES_MAX = {"sqlite": 1_000, "postgres": 300}  # a fraction of a second of work

LATER = {
    "held": {"held", "settled", "voided", "reversed"},
    "settled": {"settled", "reversed"},
    "voided": {"voided"},
    "reversed": {"reversed"},
}


def work_and_die(where, epoch_id, promises):
    """Run a worker until it has given so many promises, kill it, return all that it gave."""
    with running("tests.ledger.worker", where, epoch_id) as worker:
        given = [hear(worker) for _ in range(promises)]
        worker.kill()
        rest = worker.stdout.read()
    return given + rest.split("\n")[:-1]  # the last line may be cut, and then promises nothing


@pytest.mark.timeout(110)
async def test_what_was_promised_survives_being_killed(store, tmp_path):
    """Killed again and again under 64 tasks: no difference, no promise broken, nothing held."""
    await (await open_ledger(tmp_path)).close()
    promised = defaultdict(set)
    for number in range(ROUNDS[store.kind]):
        epoch_id = f"epoch_{number}"
        promises = random.randrange(1, PROMISES_MAX[store.kind])
        for line in work_and_die(place(tmp_path), epoch_id, promises):
            word, name = line.split()
            promised[word].add(name)
        if store.kind == POSTGRES:
            await wait_for_the_last_words(place(tmp_path))
        database = await open_ledger(tmp_path)
        assert await database.read(ledger.verify(), snapshot=True) == []
        states = dict(await database.read(rows("select call_id, state from calls")))
        for word, later in LATER.items():
            assert all(states[call_id] in later for call_id in promised[word])
        sources = {key for (key,) in await database.read(rows("select source_key from grants"))}
        assert promised["granted"] <= sources
        await check_the_sweep(database, f"sweep_{number}")
        await database.close()


async def check_the_sweep(database, epoch_id):
    """What the dead worker held comes back, and the sum is exact."""
    await database.write(ledger.begin_epoch(epoch_id, NOW))
    while await database.write(ledger.sweep(epoch_id, NOW, most=20)) == 20:
        pass
    assert await database.read(ledger.verify(), snapshot=True) == []
    assert await database.read(rows("select 1 from calls where ended_at is null")) == []
    granted = await total(database, "amount", "grants")
    charged = await total(database, "amount", "calls where state = 'settled'")
    available = await total(database, "available", "balances")
    assert granted - charged == available
    if isinstance(database, SqliteDatabase):
        assert await database.read(rows("pragma integrity_check")) == [("ok",)]


async def total(database, column, where):
    """Return a sum, which is 0 over no rows: a worker may die before its first grant."""
    [[found]] = await database.read(rows(f"select coalesce(sum({column}), 0) from {where}"))
    return found


async def wait_for_the_last_words(url):
    """Wait until the server has done what the dead one had asked for, and let go of it."""
    connection = await asyncpg.connect(url)
    others = (
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and backend_type = 'client backend'"
    )
    while await connection.fetchval(others):
        pass
    await connection.close()
