"""A process that holds a user's credits as fast as it can: `racer.py PLACE NAME CALLERS`.

For each line that it reads, every caller holds one credit after the other until one is refused; it
answers with how many credits it got.
"""

import asyncio
import sys

from tests.ledger.people import hold, hold_order
from tests.support.stores import AnyDatabase, open_place
from tollbridge.gateway.ledger import Hold


async def race(database: AnyDatabase, name: str, callers: int) -> int:
    """Hold until nothing is left; return how many credits were held."""
    got = 0

    async def call(number: int) -> None:
        nonlocal got
        turn = 0
        while isinstance(await hold(database, hold_order(f"{name}_{number}_{turn}")), Hold):
            got += 1
            turn += 1

    await asyncio.gather(*map(call, range(callers)))
    return got


async def main(place: str, name: str, callers: str) -> None:
    """Race again and again."""
    database = await open_place(place)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(await race(database, f"{name}_{line.strip()}", int(callers)), flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
