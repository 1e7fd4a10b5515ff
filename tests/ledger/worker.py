"""A process that works on calls until it is killed: `worker.py PLACE EPOCH`.

Each line that it prints is a promise: what it says has been committed.
"""

import asyncio
import contextlib
import os
import random
import sys
from itertools import count

from tests.ledger.people import NOW, USERS, hold, hold_order, settle
from tests.support.stores import AnyDatabase, open_place
from tollbridge.gateway import ledger
from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.ledger import Ending, GrantOrder, Hold, HoldOrder

TASKS = 64


def promise(*words: object) -> None:
    """Tell the world."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def work(database: AnyDatabase, epoch_id: str, name: str) -> None:
    """Work on one call after the other, for ever."""
    chance = random.Random()
    user_id = chance.choice(USERS)
    for number in count(1):
        cost = chance.randrange(4)
        order = hold_order(f"call_{name}_{number}", cost, user_id=user_id, epoch_id=epoch_id)
        with contextlib.suppress(StoreUnavailable):  # too many want a turn; nothing is promised
            await work_once(database, order, chance)


async def work_once(database: AnyDatabase, order: HoldOrder, chance: random.Random) -> None:
    """Hold, then settle, void or reverse; bring new credits when they run out."""
    call_id = order.call_id
    held = await hold(database, order)
    if not isinstance(held, Hold):
        gift = GrantOrder(order.user_id, "standard", chance.randrange(1, 9), f"gift_{call_id}")
        await database.write(ledger.grant(gift, NOW))
        promise("granted", gift.source_key)
        return
    promise("held", call_id)
    if chance.random() < 0.3:
        await database.write(ledger.void(held, Ending("failed", None, NOW)))
        promise("voided", call_id)
        return
    await settle(database, held)
    promise("settled", call_id)
    if chance.random() < 0.2:
        await database.write(ledger.reverse(held, Ending("broken", 200, NOW)))
        promise("reversed", call_id)
    else:
        ending = Ending("ok", 200, NOW)
        database.write_later(ledger.end(held, ending), shortcut=ledger.end_shortcut(held, ending))


async def main(place: str, epoch_id: str) -> None:
    """Work until the end."""
    database = await open_place(place)
    await database.write(ledger.begin_epoch(epoch_id, NOW))
    async with asyncio.TaskGroup() as tasks:
        for number in range(TASKS):
            tasks.create_task(work(database, epoch_id, f"{epoch_id}_{number}"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
