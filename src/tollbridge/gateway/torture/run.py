"""The main path: furnish, let everybody loose, kill and freeze, then look what is left."""

import asyncio
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from tollbridge.gateway.clock import SystemClock
from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.settings import Settings
from tollbridge.gateway.torture import gateways
from tollbridge.gateway.torture.callers import Callers
from tollbridge.gateway.torture.furnishing import Feeder, furnish
from tollbridge.gateway.torture.gateways import EARLY_LEAVES, GatewayProcess
from tollbridge.gateway.torture.history import History, Stored
from tollbridge.gateway.torture.judging import examine
from tollbridge.gateway.torture.options import Options, check
from tollbridge.gateway.torture.people import Person, ask_for_receipts
from tollbridge.gateway.torture.plan import USERS, errands_of
from tollbridge.gateway.torture.provider import Provider
from tollbridge.gateway.torture.queries import read_stored
from tollbridge.gateway.torture.report import Report
from tollbridge.gateway.torture.sending import Place

# What is told while it runs: a line of the seconds so far and what has happened.
Tell = Callable[[str], None]

# How long a gateway is frozen: shorter than any limit it keeps.
_FREEZE_S = 1.0
# How often progress is told, and the machine looked at.
_TELL_S = 0.5
# Provider and callers live in this process: where it stands still, the gateway waits for them.
_TICK_S = 0.1
_LATE_S = 0.6


def say_nothing(line: str) -> None:
    """Tell no progress."""


async def torture(options: Options, tell: Tell = say_nothing) -> Report:
    """Run a gateway under torture and prove that its credits came out right.

    Everything is in a new temporary folder, which is kept if anything differs or fails.

    Raises:
        StartError: An option is out of its bounds, or a gateway did not start.
    """
    check(options)
    folder = Path(tempfile.mkdtemp(prefix="tollbridge-torture-"))
    run = Run(options, folder, tell)
    await run.torment()
    report = run.report(await run.read())
    if not report.ok:
        return replace(report, kept=folder)
    shutil.rmtree(folder)
    return report


async def read_store(settings: Settings, users: list[str]) -> Stored:
    """Read what a store says of the calls and credits of these users, who are all there are.

    Raises:
        StartError: There is no store.
    """
    database = await open_database(settings, make=False)
    try:
        return await database.write(read_stored(users, SystemClock().now_ms()))
    finally:
        await database.close()


class Run:
    """One run in a folder: `torment`, then `read`, then `report`.

    Attributes:
        history: What callers, provider and executioner know so far.
        settings: Where the store is.
    """

    def __init__(self, options: Options, folder: Path, tell: Tell = say_nothing) -> None:
        """Prepare it; `folder` is there, and empty."""
        self._options = options
        self._tell = tell
        self._chance = Random(f"{options.seed}/executioner")
        self._gateway: GatewayProcess | None = None
        self._began = time.monotonic()
        self._kills = 0
        self._people = [Person() for _ in range(USERS)]
        self.history = History()
        self.settings = Settings(data_dir=folder / "var")

    async def torment(self) -> None:
        """Have everybody call, kill and freeze; then start once more, and end.

        Raises:
            StartError: A gateway did not start; none is left running.
        """
        database = await open_database(self.settings, make=True)
        try:
            async with Provider(self.history) as provider:
                api_key = await furnish(database, provider.url, self._options.modes)
                first = await self._begin_life()
                for person in self._people:
                    await person.sign_in(first.port)
                feeder = Feeder(
                    database,
                    self.history,
                    self.users(),
                    credits=self._options.credits,
                    chance=Random(f"{self._options.seed}/grants"),
                )
                await feeder.feed_first()
                callers = Callers(self.history, provider, self._people, api_key)
                callers.send_to(_place(first))
                await self._let_loose(callers, feeder)
            last = await self._begin_life()  # which sweeps what the one before it left
            await ask_for_receipts(last.port, self._people, self.history.calls)
            await last.stop()
        except BaseExceptionGroup as group:  # of the tasks that ran beside each other
            raise group.exceptions[0] from None
        finally:
            if self._gateway is not None:
                await self._gateway.end()
            await database.close()

    async def read(self) -> Stored:
        """Read what the store says in the end."""
        return await read_store(self.settings, self.users())

    def users(self) -> list[str]:
        """Return the ids of all users."""
        return [person.user_id for person in self._people]

    def report(self, stored: Stored) -> Report:
        """Compare what the store says with what everybody saw."""
        history = self.history
        return Report(
            seed=self._options.seed,
            modes=self._options.modes,
            checks=examine(history, stored),
            counts={
                "seconds": round(time.monotonic() - self._began),
                "calls": len(history.calls),
                "requests": sum(len(call.sends) for call in history.calls),
                "provider_requests": sum(len(call.visits) for call in history.calls),
                "attempts": len(stored.rows),
                "kills": self._kills,
                "credits_granted": sum(given.amount for given in history.given),
                "credits_charged": sum(row.charged for row in stored.rows),
                "memory_mb_max": max((life.memory_mb for life in history.lives), default=0),
                "open_files_max": max((life.files for life in history.lives), default=0),
            },
            states=dict(sorted(Counter(row.state for row in stored.rows).items())),
        )

    async def _let_loose(self, callers: Callers, feeder: Feeder) -> None:
        """Have everybody call until the time is up and each knows the fate of his last call."""
        options = self._options
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._tell_on())
            feeding = group.create_task(feeder.feed_on(options.seconds))
            calling = [
                group.create_task(callers.call_on(errands_of(options.seed, number), options.modes))
                for number in range(options.callers)
            ]
            await self._torment(callers)
            callers.finish()
            await asyncio.gather(*calling, feeding)
            telling.cancel()
        await self._living().stop()

    async def _torment(self, callers: Callers) -> None:
        """Kill the gateway as often as asked for, at random moments, and freeze it once."""
        options, chance = self._options, self._chance
        share = options.seconds / (options.kills + 1)
        frozen_in = chance.randrange(options.kills + 1)
        began = time.monotonic()

        async def wait_until(moment: float) -> None:
            await asyncio.sleep(max(0.0, began + moment - time.monotonic()))

        for number in range(options.kills + 1):
            moment = share * (number + 0.6 + 0.4 * chance.random())
            before = share * (number + 0.5 * chance.random())
            if number == frozen_in:
                await wait_until(before)
                await self._living().freeze(_FREEZE_S)
            if number == options.kills:
                break
            await wait_until(moment)
            callers.send_to(None)
            await self._living().kill()
            self._kills += 1
            callers.send_to(_place(await self._begin_life()))
        await wait_until(options.seconds)

    async def _begin_life(self) -> GatewayProcess:
        """Start a gateway and renew everybody's tokens; every second one limits early leaves."""
        number = len(self.history.lives)
        self._gateway = await gateways.start(
            self.settings.data_dir,
            number=number,
            early_leaves=EARLY_LEAVES if number % 2 else None,
            environment=os.environ,
        )
        self.history.lives.append(self._gateway.life)
        for person in self._people if number else ():
            await person.renew(self._gateway.port)
        return self._gateway

    def _living(self) -> GatewayProcess:
        assert self._gateway is not None
        return self._gateway

    async def _tell_on(self) -> None:
        """Tell progress, look at the gateway, and note where this process itself stood still."""
        told = 0.0
        while True:
            began = time.time()
            await asyncio.sleep(_TICK_S)
            if time.time() - began > _LATE_S:
                self.history.late.append((began, time.time()))
            if began - told < _TELL_S:
                continue
            told = began
            if self._gateway is not None:
                self._gateway.look()
            self._tell(
                f"{time.monotonic() - self._began:.0f} s: {len(self.history.calls)} calls,"
                f" killed {self._kills} of {self._options.kills} times"
            )


def _place(gateway: GatewayProcess) -> Place:
    return Place(gateway.port, gateway.life.number)
