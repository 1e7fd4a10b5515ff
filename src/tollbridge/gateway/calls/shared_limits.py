"""Call limits over several processes: each tells the others what it counts, once a second.

A process counts its own calls exactly, in memory, and no call waits for the store because of it.
What it knows of the others is as old as the last exchange. While the store is away it goes on with
what it knew. Nothing is added up in the store: a row says what one process counts of one subject,
and writing it again changes nothing, so a commit that may or may not have happened and a process
that was stopped for long do no harm.

Ages of calls are counted by the clock of the database server, so that the clocks of machines need
not agree.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from typing import NamedTuple

from tollbridge.gateway.calls import shared_queries as queries
from tollbridge.gateway.calls.counters import MINUTE_S
from tollbridge.gateway.calls.groups import Group, Told
from tollbridge.gateway.calls.limits import CallLimits
from tollbridge.gateway.calls.shared_queries import Ages, Row, ToldRow
from tollbridge.gateway.database import Database, Script, StoreUnavailable
from tollbridge.gateway.identity.limits import hide_address
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.sealing import Sealer
from tollbridge.gateway.settings import Limits
from tollbridge.gateway.store import Store

log = logging.getLogger(__name__)

# Others learn of a call after two exchanges, one that writes and one that reads. With this, both
# may fail once, and news is still younger than the five seconds that limits may lag.
EXCHANGE_S = 1.0
# Calls of a process that has said nothing for so long do not run any more: with one that fails
# between two of its exchanges it has spoken, and with one that fails between two of ours we know
# within those five seconds.
ALIVE_MS = 3_000
# A clock that was read so slowly is not used.
SURE_S = 1.0
# Nobody reads a row for longer than a minute after it was true.
KEPT_MS = 90_000
# How long running calls of others are believed in while nothing is heard of them.
BELIEVED_S = MINUTE_S
# Addresses whose HMAC is remembered: far more than call within a minute.
HIDDEN_MAX = 65_536


class Heard(NamedTuple):
    """What an exchange brought, by the names that this process knows.

    Attributes:
        offset_s: How far the shared clock is ahead of ours.
    """

    users: dict[str, Told]
    addresses: dict[str, Told]
    offset_s: float


class SharedLimits:
    """One process's part in the exchange; for the event loop's thread only.

    Attributes:
        process_id: Whose rows are its own.
    """

    def __init__(
        self,
        limits: CallLimits,
        database: Database,
        address_key: bytes,
        *,
        read_clock: Callable[[], Script[int]] = queries.read_clock,
    ) -> None:
        """Prepare it; nothing is written yet.

        Args:
            limits: What this process counts; made to be shared.
            database: Where processes meet.
            address_key: Under which addresses are stored as HMACs; the same in all processes.
            read_clock: A script that reads the clock that all processes share.
        """
        self._limits = limits
        self._database = database
        self._hide = lru_cache(HIDDEN_MAX)(partial(_hidden, address_key))
        self._read_clock = read_clock
        self._offset_s = -math.inf
        self._heard_s = limits.seconds()
        self._tidied_s = limits.seconds()
        self.process_id = new_id("process")

    async def exchange(self) -> None:
        """Write what has changed here since the last time, and read what the others count.

        Raises:
            StoreUnavailable: The store did not take it. The same is written the next time, and what
                was heard before counts on, though running calls for no longer than a minute.
        """
        users, addresses = self._limits.users, self._limits.addresses
        changed = users.changed, addresses.changed
        users.changed, addresses.changed = set(), set()
        heard = None
        try:
            heard = await self._database.write(self._tell_and_listen(*changed))
        finally:
            if heard is None:
                users.changed |= changed[0]
                addresses.changed |= changed[1]
                self._lose_faith()
        if heard is not None:
            users.hear(heard.users)
            addresses.hear(heard.addresses)
            self._offset_s = heard.offset_s
            self._heard_s = self._limits.seconds()

    async def exchange_on(self) -> None:
        """Exchange each second until it is cancelled."""
        away = False
        while True:
            await asyncio.sleep(EXCHANGE_S)
            try:
                await self.exchange()
            except StoreUnavailable as error:
                if not away:
                    log.warning("call limits are this process's own for now: %s", error)
                away = True
            else:
                away = False

    def _tell_and_listen(
        self, changed_users: set[str], changed_addresses: set[str]
    ) -> Script[Heard | None]:
        limits = self._limits
        asked_s = limits.seconds()
        now_ms = yield from self._read_clock()
        now_s = limits.seconds()
        if now_s - asked_s > SURE_S:
            return None
        users, addresses = limits.users.active(now_s), limits.addresses.active(now_s)
        offset_s = now_ms / 1000 - now_s
        known = yield from queries.beat(self.process_id, now_ms)
        if not known or abs(offset_s - self._offset_s) > 2 * SURE_S:
            # The rows are gone, or tell wrong ages.
            changed_users, changed_addresses = changed_users | users, changed_addresses | addresses
        rows = [_row(limits.users, name, name, now_s) for name in changed_users]
        if limits.addresses.counts:
            for address in changed_addresses:
                rows.append(_row(limits.addresses, address, self._hide(address), now_s))
        if rows:
            yield from queries.write_rows(self.process_id, now_ms, rows)
        names = {self._hide(address): address for address in addresses}
        told = yield from queries.read_others(
            self.process_id, [*users, *names], now_ms, alive_ms=ALIVE_MS, kept_ms=KEPT_MS
        )
        if now_s - self._tidied_s >= MINUTE_S:
            yield from queries.delete_old(self.process_id, now_ms, kept_ms=KEPT_MS)
            self._tidied_s = now_s
        return Heard(
            _sum((row for row in told if row.row.subject not in names), now_s),
            {names[name]: each for name, each in _sum(told, now_s).items() if name in names},
            offset_s,
        )

    def _lose_faith(self) -> None:
        """Believe no longer that calls run elsewhere of which nothing was heard for long."""
        if self._limits.seconds() - self._heard_s >= BELIEVED_S:
            self._limits.users.hear({})
            self._limits.addresses.hear({})


@asynccontextmanager
async def open_call_limits(limits: Limits, store: Store) -> AsyncIterator[CallLimits]:
    """Open the call limits of a process: by itself, or with the others that share its store."""
    own = CallLimits(limits, shared=store.shared)
    if not store.shared:
        yield own
        return
    async with sharing(own, store.database, store.sealer):
        yield own


@asynccontextmanager
async def sharing(limits: CallLimits, database: Database, sealer: Sealer) -> AsyncIterator[None]:
    """Exchange until the block ends; what was counted last is told before it does.

    The calls of the last minute stay written: whoever takes this process's place counts on. They
    are deleted by others, once they are old.
    """
    shared = SharedLimits(limits, database, sealer.subkey("addresses"))
    exchanging = asyncio.create_task(shared.exchange_on())
    try:
        yield
    finally:
        exchanging.cancel()
        await asyncio.gather(exchanging, return_exceptions=True)
        try:
            await shared.exchange()
        except StoreUnavailable as error:
            log.warning("the store is unavailable (%s); call limits begin anew", error)


def _hidden(key: bytes, address: str) -> str:
    # The space keeps it apart from every user's id.
    return f"address {hide_address(key, address)}"


def _row(group: Group, name: str, subject: str, now_s: float) -> Row:
    counted = group.counted(name, now_s)
    return Row(
        subject, counted.running, _ages(counted.calls, now_s), _ages(counted.free_calls, now_s)
    )


def _ages(moments: Iterable[float], now_s: float) -> Ages:
    # Rounded up: a call is over up to a second early elsewhere, and keeps nobody out too long.
    ages = Counter(max(0, math.ceil(now_s - at)) for at in moments)
    return sorted(ages.items())


def _sum(rows: Iterable[ToldRow], now_s: float) -> dict[str, Told]:
    """Add up what several processes count of each subject."""
    found: dict[str, Told] = {}
    for row, age_ms in rows:
        told = found.setdefault(row.subject, Told())
        told.running += row.running
        told.calls += _portions(row.calls, age_ms, now_s)
        told.free_calls += _portions(row.free_calls, age_ms, now_s)
    return found


def _portions(ages: Ages, age_ms: int, now_s: float) -> list[tuple[float, int]]:
    youngest_s = now_s - age_ms / 1000
    return [
        (over_s, count) for age, count in ages if (over_s := youngest_s - age + MINUTE_S) > now_s
    ]
