"""What a run begins with: a paywall, its providers, an owner's key; and the users' grants."""

import asyncio
import time
from random import Random

from tollbridge.gateway import ledger
from tollbridge.gateway.clock import SystemClock
from tollbridge.gateway.database import Database, Script, StoreUnavailable
from tollbridge.gateway.owner.keys import create_key, new_key
from tollbridge.gateway.owner.providers import add_provider
from tollbridge.gateway.paywalls import Paywall, create_paywall
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.torture.history import Given, History
from tollbridge.gateway.torture.plan import COSTS

PAYWALL = "pw_torture"
TYPE = "standard"

# Credits of one grant; small ones make holds span several.
_GRANT_MIN, _GRANT_MAX = 1, 40
# The hot user makes half of the calls, so he gets so many of the grants.
_HOT = 0.5
# So many grants expire, within so many seconds, partly unused.
_EXPIRING = 0.3
_EXPIRY_S = 20.0
# How often users get more while it runs: often enough to live from hand to mouth.
_FEED_S = 0.2
# What is granted before the first call.
_AT_START = 0.3


async def furnish(database: Database, url: str, modes: tuple[str, ...]) -> Secret:
    """Make a paywall and a provider for each mode and cost; return an owner's key."""
    key = new_key()
    now = SystemClock().now_ms()

    def make() -> Script[None]:
        yield from create_paywall(Paywall(PAYWALL, query_types={TYPE: 0}), now)
        yield from create_key(PAYWALL, key, now)
        for mode in modes:
            for cost in COSTS:
                made = make_provider(
                    provider_id(mode, cost),
                    paywall_id=PAYWALL,
                    preset="http",
                    base_url=url,
                    query_type=TYPE,
                    cost=cost,
                    charge_on=mode,
                    allow=("POST v1/*",),
                    allow_private=True,
                )
                yield from add_provider(made, None, now)

    await database.write(make())
    return key


def provider_id(mode: str, cost: int) -> str:
    """Return the id of the provider with a mode and a cost."""
    return f"prov_{mode}_{cost}"


class Feeder:
    """Grants a known number of credits, some at the start, the rest bit by bit."""

    def __init__(
        self,
        database: Database,
        history: History,
        users: list[str],
        *,
        credits: int,
        chance: Random,
    ) -> None:
        """Grant `credits` in all, to users that `chance` chooses."""
        self._database = database
        self._history = history
        self._users = users
        self._chance = chance
        self._total = credits
        self._left = credits

    async def feed_first(self) -> None:
        """Grant what is granted before the first call."""
        while self._left > self._total * (1 - _AT_START):
            await self._grant()

    async def feed_on(self, seconds: float) -> None:
        """Grant the rest, spread over so many seconds; ends when all is granted."""
        rest, began = self._left, time.monotonic()
        while self._left:
            await asyncio.sleep(_FEED_S)
            passed = min(1.0, (time.monotonic() - began) / seconds)
            while self._left > rest * (1 - passed):
                await self._grant()

    async def _grant(self) -> None:
        chance = self._chance
        user = self._users[0 if chance.random() < _HOT else chance.randrange(1, len(self._users))]
        amount = min(self._left, chance.randrange(_GRANT_MIN, _GRANT_MAX + 1))
        expires = chance.random() < _EXPIRING
        expires_at = time.time() + 1 + chance.random() * _EXPIRY_S if expires else None
        category = chance.choice(("paid", "promotional"))
        self._left -= amount
        await self._give(Given(user, amount, expires_at), category)

    async def _give(self, given: Given, category: str) -> None:
        order = ledger.GrantOrder(
            user_id=given.user_id,
            query_type=TYPE,
            amount=given.amount,
            source_key=f"torture:{len(self._history.given)}",
            category=category,
            expires_at=None if given.expires_at is None else int(given.expires_at * 1000),
        )
        self._history.given.append(given)
        while True:
            try:
                await self._database.write(ledger.grant(order, SystemClock().now_ms()))
                return
            except StoreUnavailable:  # the same source key again grants nothing more
                await asyncio.sleep(_FEED_S)
