"""A process is taken for dead, and whoever was to sweep its calls does not get to it."""

import asyncio

import pytest

from tests.database.postgres_doors import connected, end_waiters, wait_for_a_waiter
from tests.support.clock import FakeSeconds
from tests.support.world import PAYWALL, PROVIDER, TYPE, open_world
from tollbridge.gateway import ledger
from tollbridge.gateway.calls.heart import Heart
from tollbridge.gateway.database import StoreUnavailable

SILENT_S = 20.0

pytestmark = pytest.mark.only_on("postgres")


@pytest.fixture
async def world(tmp_path):
    """A gateway that keeps quiet beside the hearts of the tests."""
    async with open_world(tmp_path, beat_s=3600, silent_s=7200) as opened:
        yield opened
        assert await opened.verify() == []


def heart(world, seconds):
    """Make the heart of a process that beats when it is told to."""
    gateway = world.gateway
    return Heart(gateway.database, gateway.clock, beat_s=3600, silent_s=SILENT_S, now_s=seconds)


async def hold_one(world, visitor, epoch_id, number=1):
    """Hold a credit as a process does that dies then."""
    call_id = f"call_left_{number}"
    order = ledger.HoldOrder(
        call_id, 1, epoch_id, PAYWALL, visitor.user_id, PROVIDER, TYPE, amount=1
    )
    await world.write(ledger.hold(order, world.gateway.clock.now_ms()))
    assert await world.balance(visitor) == 20 - number


async def test_a_sweep_that_failed_is_repeated(world):
    """The dead are found silent once only, and that is written before they are swept."""
    visitor, seconds = await world.sign_in(), FakeSeconds()
    dead, other = heart(world, seconds), heart(world, seconds)
    await dead.begin()
    await other.begin()
    await hold_one(world, visitor, dead.epoch_id)
    for _ in range(4):
        await other.beat()
        seconds.now_s += 5
    url = world.gateway.settings.database_url.reveal()
    async with connected(url) as beside, beside.transaction():
        await beside.execute("select 1 from balances for update")
        sweeping = asyncio.create_task(other.beat())
        await wait_for_a_waiter(beside)
        await end_waiters(beside)
        with pytest.raises(StoreUnavailable):
            await sweeping
    assert await world.balance(visitor) == 19
    await other.beat()
    assert await world.balance(visitor) == 20


async def test_what_was_not_swept_is_swept_by_the_next_that_starts(world):
    """Whoever took the process for dead was stopped before it came to the calls."""
    visitor, seconds = await world.sign_in(), FakeSeconds()
    dead, next_one = heart(world, seconds), heart(world, seconds)
    await dead.begin()
    await hold_one(world, visitor, dead.epoch_id)
    await world.write(ledger.finish_epoch(dead.epoch_id, world.gateway.clock.now_ms()))
    await next_one.begin()
    await next_one.beat()
    assert await world.balance(visitor) == 20


# Stands for a way to the store on which a transaction gets no further in its time.
ONLY_FIVE = """
create function only_five() returns trigger language plpgsql as $$ begin
  if (select count(*) from journal where xmin = pg_current_xact_id()::xid) > 5 then
    raise exception 'the time is over';
  end if;
  return null;
end $$;
create trigger only_five after insert on journal for each row execute function only_five();
"""


async def test_a_sweep_that_is_too_much_at_once_is_done_in_smaller_parts(world):
    """The same number of calls would be tried in vain for ever."""
    visitor, seconds = await world.sign_in(), FakeSeconds()
    dead, other = heart(world, seconds), heart(world, seconds)
    await dead.begin()
    await other.begin()
    for number in range(1, 21):
        await hold_one(world, visitor, dead.epoch_id, number)
    await world.write(ledger.finish_epoch(dead.epoch_id, world.gateway.clock.now_ms()))
    async with connected(world.gateway.settings.database_url.reveal()) as beside:
        await beside.execute(ONLY_FIVE)
    failed = 0
    while await world.balance(visitor) < 20:
        try:
            await other.beat()
        except StoreUnavailable:
            failed += 1
            assert failed <= 5  # 100, 50, 25, 12 and 6 calls; 3 it takes
