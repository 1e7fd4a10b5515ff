"""The gateways of a run, each in its place: where one has ended, another life begins."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.settings import Settings
from tollbridge.gateway.torture import gateways
from tollbridge.gateway.torture.gateways import EARLY_LEAVES, GatewayProcess
from tollbridge.gateway.torture.history import History
from tollbridge.gateway.torture.people import Person
from tollbridge.gateway.torture.sending import Place

T = TypeVar("T")

# While the database is away no gateway starts; somebody may be restarting it.
_TRIES = 10
_PAUSE_S = 1.0

# Whether a process of that number limits early leaves, and to how many.
EarlyLeaves = Callable[[int], int | None]


def alternating(number: int) -> int | None:
    """Limit early leaves in every second of processes that follow each other."""
    return EARLY_LEAVES if number % 2 else None


def alike(seed: int) -> EarlyLeaves:
    """Limit early leaves, or not, in all processes, since they count them together."""
    return lambda number: alternating(seed)


class Fleet:
    """So many gateways on one store."""

    def __init__(
        self,
        settings: Settings,
        history: History,
        people: Sequence[Person],
        *,
        size: int,
        early_leaves: EarlyLeaves,
    ) -> None:
        """Prepare it; nothing runs yet."""
        self._settings = settings
        self._history = history
        self._people = people
        self._early_leaves = early_leaves
        self._living: list[GatewayProcess | None] = [None] * size
        # A file is there; a server may be away for a while.
        self._tries = _TRIES if settings.database_url is not None else 1

    @property
    def size(self) -> int:
        """How many gateways there are when all run."""
        return len(self._living)

    def places(self) -> list[Place]:
        """Return where calls may go."""
        return [Place(one.port, one.life.number) for one in self._living if one is not None]

    async def begin(self, number: int) -> GatewayProcess:
        """Start a gateway in the place of that number, and renew everybody's tokens there.

        Raises:
            StartError: It did not start, or would not renew.
        """
        lives = self._history.lives
        born = len(lives)

        async def start() -> GatewayProcess:
            return await gateways.start(
                self._settings,
                number=born,
                early_leaves=self._early_leaves(born),
                environment=os.environ,
            )

        made = await self._insist(start)
        self._living[number] = made
        lives.append(made.life)
        for person in self._people if born else ():
            await self._insist(partial(person.renew, made.port))
        return made

    async def kill(self, number: int) -> None:
        """Kill the gateway in that place; until another has begun there is none."""
        await self._at(number).kill()
        self._living[number] = None

    def leave_out(self, number: int) -> list[Place]:
        """Return where calls may go while the gateway in that place is about to be killed."""
        left_out = self._at(number).life.number
        return [place for place in self.places() if place.life != left_out]

    async def freeze(self, number: int, seconds: float) -> None:
        """Stop the gateway in that place where it stands for so long."""
        await self._at(number).freeze(seconds)

    async def stop(self) -> None:
        """Ask all to end, and wait until they have."""
        await asyncio.gather(*(one.stop() for one in self._living if one is not None))
        self._living = [None] * self.size

    async def end(self) -> None:
        """Have all ended, in whatever way."""
        await asyncio.gather(*(one.end() for one in self._living if one is not None))

    def look(self) -> None:
        """Note what they take of the machine."""
        for one in self._living:
            if one is not None:
                one.look()

    def _at(self, number: int) -> GatewayProcess:
        found = self._living[number]
        assert found is not None
        return found

    async def _insist(self, act: Callable[[], Awaitable[T]]) -> T:
        for number in range(1, self._tries + 1):
            try:
                return await act()
            except StartError:
                if number == self._tries:
                    raise
            await asyncio.sleep(_PAUSE_S)
        raise AssertionError("it was tried at least once")
