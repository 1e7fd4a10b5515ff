"""The ledger behind a pooler: the same tests, through PgBouncer in transaction mode."""

import inspect
import json

import pytest

from building.postgres import running_pgbouncer
from tests.database.processes import hear, running, say
from tests.ledger import test_hold, test_repeats, test_sweep
from tests.ledger.contender import END, LIVE
from tests.ledger.people import NOW, add_people, give, rows
from tests.support.postgres import fresh_database
from tests.support.stores import open_place
from tollbridge.gateway import ledger

CONNECTIONS = 2
ROUNDS = 3
TESTS = [
    pytest.param(test, id=name)
    for module in (test_hold, test_repeats, test_sweep)
    for name, test in vars(module).items()
    if name.startswith("test_") and list(inspect.signature(test).parameters) == ["database"]
]


@pytest.fixture
def bounced():
    """The address of a database behind a pooler that has two connections to the server."""
    with running_pgbouncer(fresh_database(), connections=CONNECTIONS) as url:
        yield url


@pytest.fixture
async def behind(bounced):
    """A store there, with two users in it."""
    database = await open_place(bounced)
    await database.write(add_people())
    yield database
    await database.close()


@pytest.mark.parametrize("test", TESTS)
async def test_what_holds_without_a_pooler(behind, test):
    """Holds, repeats and sweeps answer as they do without it."""
    await test(behind)
    assert await behind.read(ledger.verify(), snapshot=True) == []


async def test_two_processes_want_the_same_credits(behind, bounced):
    """Scripts and shortcuts of both share two connections; no credit is sold twice."""
    await behind.write(ledger.begin_epoch(LIVE, NOW))
    with (
        running("tests.ledger.contender", bounced, "one", 8) as one,
        running("tests.ledger.contender", bounced, "two", 8) as two,
    ):
        assert (hear(one), hear(two)) == ("ready", "ready")
        charged = 0
        for number in range(ROUNDS):
            await give(behind, 20, f"gift_{number}")
            for contender in (one, two):
                say(contender, str(number))
            for contender in (one, two):
                told, complaints = json.loads(hear(contender))
                assert complaints == []
                charged += told
        for contender in (one, two):
            say(contender, END)
            assert hear(contender) == END
    settled = await behind.read(rows("select sum(amount) from calls where state = 'settled'"))
    assert settled == [(charged,)]
    assert await behind.read(ledger.verify(), snapshot=True) == []
