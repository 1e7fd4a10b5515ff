"""The main path: furnish, let everybody loose, kill and freeze, then look what is left."""

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from random import Random

from tollbridge.gateway.clock import SystemClock
from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.database import Database, StoreUnavailable
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.settings import Settings
from tollbridge.gateway.torture.callers import Callers
from tollbridge.gateway.torture.fleet import Fleet, alike, alternating
from tollbridge.gateway.torture.furnishing import Feeder, furnish
from tollbridge.gateway.torture.history import History, Stored
from tollbridge.gateway.torture.judging import examine
from tollbridge.gateway.torture.options import Options, check
from tollbridge.gateway.torture.outages import noting_outages
from tollbridge.gateway.torture.people import Person, ask_for_receipts
from tollbridge.gateway.torture.plan import USERS, errands_of
from tollbridge.gateway.torture.provider import Provider
from tollbridge.gateway.torture.queries import count_open_calls, is_used, read_stored
from tollbridge.gateway.torture.report import Report

# What is told while it runs: a line of the seconds so far and what has happened.
Tell = Callable[[str], None]

# How long a gateway is frozen: shorter than any limit it keeps.
_FREEZE_S = 1.0
# How often progress is told, and the machine looked at.
_TELL_S = 0.5
# Provider and callers live in this process: where it stands still, the gateway waits for them.
_TICK_S = 0.1
_LATE_S = 0.6
# Calls of the killed are swept by whoever lives, within seconds; and how often that is looked at.
_SWEPT_S = 60.0
_LOOK_S = 0.1


def say_nothing(line: str) -> None:
    """Tell no progress."""


async def torture(options: Options, tell: Tell = say_nothing) -> Report:
    """Run gateways under torture and prove that their credits came out right.

    Everything is in a new temporary folder, which is kept if anything differs or fails; on
    PostgreSQL it is in the database, which stays as it is.

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
        self._began = time.monotonic()
        self._kills = 0
        self._people = [Person() for _ in range(USERS)]
        self.history = History(
            together=options.gateways > 1, shared=options.database_url is not None
        )
        self.settings = Settings(data_dir=folder / "var", database_url=options.database_url)
        self._fleet = Fleet(
            self.settings,
            self.history,
            self._people,
            size=options.gateways,
            early_leaves=alike(options.seed) if self.history.together else alternating,
        )

    async def torment(self) -> None:
        """Have everybody call, kill and freeze; then start once more, and end.

        Raises:
            StartError: A gateway did not start; none is left running.
        """
        database = await open_database(self.settings, make=True)
        is_shared = self.history.shared
        try:
            if is_shared and await database.read(is_used()):
                raise StartError("the database is in use; give torture an empty one of its own")
            async with AsyncExitStack() as stack:
                if is_shared:
                    await stack.enter_async_context(noting_outages(database, self.history))
                provider = await stack.enter_async_context(Provider(self.history))
                await self._furnish_and_run(database, provider)
            last = await self._fleet.begin(0)  # which sweeps what the one before it left
            if is_shared:
                await _until_swept(database)
            await ask_for_receipts(last.port, self._people, self.history.calls)
            await self._fleet.stop()
        except BaseExceptionGroup as group:  # of the tasks that ran beside each other
            raise group.exceptions[0] from None
        finally:
            await self._fleet.end()
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
                "gateways": self._fleet.size,
                "kills": self._kills,
                "refused_by_store": sum(
                    send.code == "ledger_unavailable"
                    for call in history.calls
                    for send in call.sends
                ),
                "credits_granted": sum(given.amount for given in history.given),
                "credits_charged": sum(row.charged for row in stored.rows),
                "memory_mb_max": max((life.memory_mb for life in history.lives), default=0),
                "open_files_max": max((life.files for life in history.lives), default=0),
            },
            states=dict(sorted(Counter(row.state for row in stored.rows).items())),
        )

    async def _furnish_and_run(self, database: Database, provider: Provider) -> None:
        api_key = await furnish(database, provider.url, self._options.modes)
        first = await self._fleet.begin(0)
        for person in self._people:
            await person.sign_in(first.port)
        for number in range(1, self._fleet.size):
            await self._fleet.begin(number)
        feeder = Feeder(
            database,
            self.history,
            self.users(),
            credits=self._options.credits,
            chance=Random(f"{self._options.seed}/grants"),
        )
        await feeder.feed_first()
        callers = Callers(self.history, provider, self._people, api_key)
        callers.send_to(self._fleet.places())
        await self._let_loose(callers, feeder)

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
        await self._fleet.stop()

    async def _torment(self, callers: Callers) -> None:
        """Kill gateways as often as asked for, at random moments, and freeze one once."""
        options, chance, fleet = self._options, self._chance, self._fleet
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
                await fleet.freeze(chance.randrange(fleet.size), _FREEZE_S)
            if number == options.kills:
                break
            await wait_until(moment)
            chosen = chance.randrange(fleet.size)
            callers.send_to(fleet.leave_out(chosen))
            await fleet.kill(chosen)
            self._kills += 1
            await fleet.begin(chosen)
            callers.send_to(fleet.places())
        await wait_until(options.seconds)

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
            self._fleet.look()
            self._tell(
                f"{time.monotonic() - self._began:.0f} s: {len(self.history.calls)} calls,"
                f" killed {self._kills} of {self._options.kills} times"
            )


async def _until_swept(database: Database) -> None:
    """Wait until others have closed the calls of the killed; if they do not, a check says so."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_SWEPT_S):
            while await _has_open_calls(database):  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(_LOOK_S)


async def _has_open_calls(database: Database) -> bool:
    try:
        return await database.read(count_open_calls()) > 0
    except StoreUnavailable:
        return True
