"""Credits that are to follow: one that does not come keeps no other back."""

import pytest

from tests.support.world import PAYWALL, PROVIDER, TYPE
from tollbridge.gateway import ledger
from tollbridge.gateway.calls.repairs import Repairs
from tollbridge.gateway.database import StoreUnavailable


@pytest.mark.parametrize("error", [StoreUnavailable, RuntimeError])
async def test_one_that_never_succeeds_keeps_nobody_from_his_credit(world, error):
    """Whether the store refuses it each time or we made a mistake; it stays due itself."""
    visitor = await world.sign_in()
    gateway = world.gateway
    epoch_id = gateway.till.heart.epoch_id
    order = ledger.HoldOrder(
        "call_lost", 1, epoch_id, PAYWALL, visitor.user_id, PROVIDER, TYPE, amount=1
    )
    await world.write(ledger.hold(order, gateway.clock.now_ms()))
    assert await world.balance(visitor) == 19
    orders = iter([order])

    def hopeless():
        for first in orders:
            return first
        raise error("never")

    repairs = Repairs(gateway.database, gateway.clock, pause_s=0)
    repairs.add(hopeless, "failed")
    repairs.add(lambda: order, "failed")
    while await world.balance(visitor) != 20:
        pass
    await repairs.close()
    assert repairs.due == 1
