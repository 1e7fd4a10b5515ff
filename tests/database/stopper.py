"""A process that is stopped in the middle of a unit: `stopper.py URL`."""

import asyncio
import os
import signal
import sys

from tests.database.postgres_doors import SHARED, open_hurried
from tollbridge.gateway.database import Script, Statement, StoreUnavailable

IDLE = "1s"  # in place of five; more than it rests between two statements itself


def stop_inside() -> Script[None]:
    """Take the row, and stop."""
    yield Statement("update meta set value = 'mine' where name = $1", (SHARED,))
    print("inside", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    yield Statement("select 1")


async def main(url: str) -> None:
    """Say what became of it."""
    database = await open_hurried(url, idle_in_transaction_session_timeout=IDLE)
    try:
        await database.write(stop_inside())
    except StoreUnavailable:
        print("refused", flush=True)
    else:
        print("committed", flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
