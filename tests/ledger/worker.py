"""A process that works on calls until it is killed: `worker.py PLACE EPOCH`.

Each line that it prints is a promise: what it says has been committed.
"""

import asyncio
import os
import random
import sys

from tests.ledger.people import NOW, USERS, hold, hold_order, settle
from tests.support.stores import AnyDatabase, open_place
from tollbridge.gateway import ledger
from tollbridge.gateway.ledger import Ending, GrantOrder, Hold

TASKS = 64


def promise(*words: object) -> None:
    """Tell the world."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def work(database: AnyDatabase, epoch_id: str, name: str) -> None:
    """Hold, then settle, void or reverse, for ever; bring new credits when they run out."""
    chance = random.Random()
    user_id, number = chance.choice(USERS), 0
    while True:
        number += 1
        call_id = f"call_{name}_{number}"
        order = hold_order(call_id, chance.randrange(4), user_id=user_id, epoch_id=epoch_id)
        held = await hold(database, order)
        if not isinstance(held, Hold):
            gift = GrantOrder(user_id, "standard", chance.randrange(1, 9), f"gift_{call_id}")
            await database.write(ledger.grant(gift, NOW))
            promise("granted", gift.source_key)
            continue
        promise("held", call_id)
        if chance.random() < 0.3:
            await database.write(ledger.void(held, Ending("failed", None, NOW)))
            promise("voided", call_id)
            continue
        await settle(database, held)
        promise("settled", call_id)
        if chance.random() < 0.2:
            await database.write(ledger.reverse(held, Ending("broken", 200, NOW)))
            promise("reversed", call_id)
        else:
            ending = Ending("ok", 200, NOW)
            database.write_later(
                ledger.end(held, ending), shortcut=ledger.end_shortcut(held, ending)
            )


async def main(place: str, epoch_id: str) -> None:
    """Work until the end."""
    database = await open_place(place)
    await database.write(ledger.begin_epoch(epoch_id, NOW))
    async with asyncio.TaskGroup() as tasks:
        for number in range(TASKS):
            tasks.create_task(work(database, epoch_id, f"{epoch_id}_{number}"))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
