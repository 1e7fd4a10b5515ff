"""A process that wants a user's credits in every way at once: `contender.py PLACE NAME CALLERS`.

It does a round for each line that it reads until `end`, and answers with a line of JSON: the
credits that it was told are charged, and what went wrong. Its callers want one credit or three at a
time, by scripts and by shortcuts; some of their workers are taken for dead meanwhile.
"""

import asyncio
import json
import logging
import random
import sys
from typing import Any

from tests.ledger.people import NOW, give, hold_order, hold_shortcut
from tests.support.stores import AnyDatabase, open_place
from tollbridge.gateway import ledger
from tollbridge.gateway.database import PostgresDatabase, StoreUnavailable
from tollbridge.gateway.ledger import Ending, Hold, HoldLost, NotEnough

LIVE, DEAD = "epoch_live", "epoch_dead"
END = "end"
CONNECTIONS = 2
GIFTS, GIFT = 2, 2
FAILED = Ending("failed", None, NOW)


class Complaints(logging.Handler):
    """Keeps what the store logs: where nobody disturbs it, that is nothing."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.texts.append(record.getMessage())


class Round:
    """What the callers of one round do, and what they were told."""

    def __init__(self, database: AnyDatabase, name: str) -> None:
        """Begin; `name` is unlike that of any other round and process."""
        self.charged = 0
        self.complaints: list[str] = []
        self._database = database
        self._name = name
        self._chance = random.Random(name)

    async def run(self, callers: int) -> None:
        """Let all callers loose, and bring more credits meanwhile."""
        await asyncio.gather(
            *(self._call(number, 3 if number % 2 else 1) for number in range(callers)),
            *(give(self._database, GIFT, f"{self._name}_{number}") for number in range(GIFTS)),
        )

    async def _call(self, number: int, cost: int) -> None:
        turn = 0
        while True:
            turn += 1
            epoch_id = self._chance.choice((LIVE, LIVE, DEAD))
            order = hold_order(f"{self._name}_{number}_{turn}", cost, epoch_id=epoch_id)
            answer = await self._write(ledger.hold(order, NOW), hold_shortcut(order))
            if not isinstance(answer, Hold):
                self._check_refusal(answer, cost)
                return
            try:
                await self._finish(answer)
            except HoldLost:
                if epoch_id == LIVE:
                    self.complaints.append("a living worker lost its hold")

    async def _finish(self, held: Hold) -> None:
        if self._chance.random() < 0.4:
            await self._database.write(ledger.void(held, FAILED))
        else:
            await self._write(ledger.charge(held, NOW), ledger.settle_shortcut(held))
            self.charged += held.order.amount

    async def _write(self, script: Any, shortcut: Any) -> Any:
        return await self._database.write(script, self._chance.choice((None, shortcut, shortcut)))

    def _check_refusal(self, answer: NotEnough, cost: int) -> None:
        left = next(row.available for row in answer.balances if row.query_type == "standard")
        if left >= cost:
            self.complaints.append(f"{cost} credits were refused beside {left}")


async def main(place: str, name: str, callers: str) -> None:
    """Contend again and again."""
    complaints = Complaints()
    logging.getLogger("tollbridge").addHandler(complaints)
    if place.startswith("postgresql://"):
        database: AnyDatabase = await PostgresDatabase.open(place, writing=CONNECTIONS)
    else:
        database = await open_place(place)
    print("ready", flush=True)
    while (line := (await asyncio.to_thread(sys.stdin.readline)).strip()) != END:
        one = Round(database, f"{name}_{line}")
        try:
            await one.run(int(callers))
        except StoreUnavailable as error:
            one.complaints.append(str(error))
        print(json.dumps([one.charged, one.complaints + complaints.texts]), flush=True)
    await database.close()
    print(END, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
