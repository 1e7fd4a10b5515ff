"""A second opinion: credits as single coins that lie somewhere, counted instead of computed.

Written to be obviously right and unlike the engine: no sums, no gate, no journal. A coin is free,
in the hands of a call, or gone.
"""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

FREE, GONE = "free", "gone"


@dataclass(eq=False)
class Source:
    """Where coins come from and what happens to them together."""

    grant_id: str
    amount: int
    category: str
    priority: int
    expires_at: int | None
    created_at: int
    ended: bool = False


@dataclass(eq=False)
class Coin:
    """One credit; `place` is `FREE`, `GONE`, or the key of the call that has it."""

    source: Source
    place: Any = FREE


@dataclass
class Purse:
    """One user's coins of one query type."""

    sources: list[Source] = field(default_factory=list)
    coins: list[Coin] = field(default_factory=list)
    debt: int = 0
    now: int = 0

    def pass_time(self, now: int) -> None:
        """Let what has expired vanish."""
        self.now = now
        for coin in self.coins:
            if coin.place is FREE and self._has_expired(coin.source):
                coin.place = GONE
        for source in self.sources:
            source.ended = source.ended or self._has_expired(source)

    def put(self, source: Source) -> None:
        """Let a new source in."""
        self.sources.append(source)
        source.ended = self._has_expired(source)
        for _ in range(source.amount):
            coin = Coin(source, "on its way")
            self.coins.append(coin)
            self._arrive(coin)

    def available(self) -> int:
        """Count the free coins."""
        return len(self._free())

    def granted(self) -> int:
        """Add up the sources that live."""
        return sum(source.amount for source in self.sources if not source.ended)

    def held_by(self, key: Any) -> int:
        """Count the coins in the hands of a call."""
        return sum(coin.place == key for coin in self.coins)

    def left_of(self, grant_id: str) -> int:
        """Count the free coins of a source."""
        return sum(coin.source.grant_id == grant_id for coin in self._free())

    def hand_to(self, key: Any, count: int) -> list[tuple[str, int]] | None:
        """Hand coins to a call, the first in the order of use; None if there are too few."""
        free = self._free()
        if len(free) < count:
            return None
        taken = free[:count]
        for coin in taken:
            coin.place = key
        by_grant = groupby(taken, key=lambda coin: coin.source.grant_id)
        return [(grant_id, len(list(coins))) for grant_id, coins in by_grant]

    def take_back_from(self, key: Any) -> None:
        """Have a call return what it has, what would be used first before the rest."""
        for coin in sorted(self.coins, key=_order_of_use):
            if coin.place == key:
                self._arrive(coin)

    def claw_back(self, grant_id: str) -> None:
        """Take a source back whole, with other coins where its own are spent."""
        source = next(source for source in self.sources if source.grant_id == grant_id)
        if source.ended:
            return
        source.ended = True
        owed = source.amount
        own = [coin for coin in self._free() if coin.source is source]
        for coin in (own + [coin for coin in self._free() if coin.source is not source])[:owed]:
            coin.place = GONE
            owed -= 1
        self.debt += owed

    def _arrive(self, coin: Coin) -> None:
        coin.place = FREE
        if self._has_expired(coin.source):
            coin.place = GONE
        elif self.debt:
            self.debt -= 1
            coin.place = GONE

    def _has_expired(self, source: Source) -> bool:
        return source.expires_at is not None and source.expires_at <= self.now

    def _free(self) -> list[Coin]:
        return sorted((coin for coin in self.coins if coin.place is FREE), key=_order_of_use)


def _order_of_use(coin: Coin) -> tuple[Any, ...]:
    never = 10**18
    source = coin.source
    return (
        source.priority,
        never if source.expires_at is None else source.expires_at,
        ("promotional", "paid").index(source.category),
        source.created_at,
        source.grant_id,
    )
