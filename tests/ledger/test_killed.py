"""A worker is killed in the middle of everything; what it had promised stands."""

import random
from collections import defaultdict

from tests.database.processes import hear, running
from tests.ledger.people import NOW, open_ledger, rows
from tollbridge.gateway import ledger

ROUNDS = 10
PROMISES_MAX = 1_000  # a fraction of a second of work

LATER = {
    "held": {"held", "settled", "voided", "reversed"},
    "settled": {"settled", "reversed"},
    "voided": {"voided"},
    "reversed": {"reversed"},
}


def work_and_die(path, epoch_id, promises):
    """Run a worker until it has given so many promises, kill it, return all that it gave."""
    with running("tests.ledger.worker", path, epoch_id) as worker:
        given = [hear(worker) for _ in range(promises)]
        worker.kill()
        rest = worker.stdout.read()
    return given + rest.split("\n")[:-1]  # the last line may be cut, and then promises nothing


async def test_what_was_promised_survives_being_killed(tmp_path):
    """Ten times killed under 64 tasks: no difference, no promise broken, nothing left held."""
    path = tmp_path / "tollbridge.db"
    await (await open_ledger(path)).close()
    promised = defaultdict(set)
    for number in range(ROUNDS):
        epoch_id = f"epoch_{number}"
        for line in work_and_die(path, epoch_id, random.randrange(1, PROMISES_MAX)):
            word, name = line.split()
            promised[word].add(name)
        database = await open_ledger(path)
        assert await database.read(ledger.verify()) == []
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
    assert await database.read(ledger.verify()) == []
    assert await database.read(rows("select 1 from calls where ended_at is null")) == []
    [[granted]] = await database.read(rows("select sum(amount) from grants"))
    [[charged]] = await database.read(rows("select sum(amount) from calls where state = 'settled'"))
    [[available]] = await database.read(rows("select sum(available) from balances"))
    assert granted - charged == available
    assert await database.read(rows("pragma integrity_check")) == [("ok",)]
