"""A process that holds a user's credits as fast as it can: `racer.py FILE NAME CALLERS COST…`.

Says `ready`, waits for a line, races, and prints how many credits it got. Every second racer also
brings ten credits of its own.
"""

import asyncio
import sys
from itertools import cycle
from pathlib import Path

from tests.ledger.people import NOW, give, hold_order
from tollbridge.gateway.database import SqliteDatabase
from tollbridge.gateway.ledger import Hold, hold

GIFTS = 10


async def race(database: SqliteDatabase, name: str, callers: int, costs: list[int]) -> int:
    """Hold until nothing is left that fits; return how many credits were held."""
    got = 0

    async def call(number: int, cost: int) -> None:
        nonlocal got
        attempt = 0
        while True:
            attempt += 1
            order = hold_order(f"call_{name}_{number}", cost, attempt=attempt)
            if not isinstance(await database.write(hold(order, NOW)), Hold):
                return
            got += cost

    await asyncio.gather(
        *(call(number, cost) for number, cost in zip(range(callers), cycle(costs), strict=False)),
        *(give(database, 1, f"gift_{name}_{number}") for number in range(GIFTS)),
    )
    return got


async def main(path: str, name: str, callers: str, *costs: str) -> None:
    """Race once."""
    database = SqliteDatabase(Path(path))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(await race(database, name, int(callers), [int(cost) for cost in costs]), flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
