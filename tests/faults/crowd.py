"""Callers who call one after the other while something is done to the gateways or the store.

Every second one calls under a key and repeats until he knows that he was served; the others ask
once. Who was served, and who was charged, is compared in the end.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Self

import aiohttp

from tests.support.process_world import CREDITS, ProcessWorld
from tests.support.world import PROVIDER, TYPE
from tollbridge.gateway import ledger
from tollbridge.gateway.clock import SystemClock
from tollbridge.gateway.database import Script, Statement

# Between two tries of one caller; without it nothing else comes to its turn.
REST_S = 0.1
# What may be sent again under its key: it came to nothing, or nobody knows what it came to.
UNKNOWN = (None, "ledger_unavailable", "call_in_progress", "hold_lost")

Told = tuple[int | None, str | None]
SERVED: Told = (200, None)
UNAVAILABLE: Told = (503, "ledger_unavailable")


class Crowd:
    """Callers of one visitor; use it as a context manager, which ends when each knows his fate.

    Attributes:
        told: How often what was told: status and code of ours, (200, None) a whole answer, (None,
            None) where the answer or its end did not come.
        served: The call ids of all whole answers.
        charged_before: Those of calls of which it was told that they are charged, without their
            answer.
    """

    def __init__(
        self, world: ProcessWorld, callers: int, urls: Callable[[], Sequence[str]] | None = None
    ) -> None:
        """Call at what `urls` returns in turn; at the world's gateway where it is None."""
        self._world = world
        self._callers = callers
        self._urls = urls or (lambda: [world.gateway.url])
        self._over = asyncio.Event()
        self._news = asyncio.Condition()
        self._turn = count()
        self.told: Counter[Told] = Counter()
        self.served: list[str] = []
        self.charged_before: set[str] = set()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._call_on(n)) for n in range(self._callers)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        await asyncio.gather(*self._tasks)

    async def more(self, told: Told, times: int) -> None:
        """Wait until this was told so many times more."""
        enough = self.told[told] + times
        async with self._news:
            await self._news.wait_for(lambda: self.told[told] >= enough)

    async def _call_on(self, number: int) -> None:
        for turn in count():
            if self._over.is_set():
                return
            key = f"caller-{number}-{turn}" if number % 2 else None
            while not self._knows(await self._call(key)) and key is not None:
                await self._rest()
            await self._rest()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), REST_S)

    async def _call(self, key: str | None) -> Told:
        told = await self._ask(key)
        async with self._news:
            self.told[told] += 1
            self._news.notify_all()
        return told

    def _knows(self, told: Told) -> bool:
        return told == SERVED or told[1] not in UNKNOWN

    async def _ask(self, key: str | None) -> Told:
        urls = self._urls()
        url = urls[next(self._turn) % len(urls)]
        headers = self._world.visitor.headers | ({"Idempotency-Key": key} if key else {})
        try:
            async with self._world.client.post(
                f"{url}/api/v1/api-gateway/{PROVIDER}/v1/things",
                headers=headers,
                json={"say": "hello"},
                timeout=aiohttp.ClientTimeout(total=None),
            ) as answer:
                body = await answer.read()
                call_id = answer.headers.get("X-Call-Id", "")
                if answer.status == 200:
                    self.served.append(call_id)
                    return SERVED
                code = (await answer.json())["error"]
                if code == "ledger_unavailable":
                    assert int(answer.headers["Retry-After"]) >= 1
                if code == "call_already_charged":
                    self.charged_before.add(call_id)
                assert body
                return answer.status, code
        except aiohttp.ClientError:
            return None, None


async def check_books(world: ProcessWorld, crowd: Crowd, *, unseen: bool = False) -> None:
    """Wait until nothing runs, then compare what is charged with what was served.

    `unseen`: a gateway died or was cut off from its callers, so that a call may be charged whose
    answer never came; its outcome says so.
    """
    attempts = await _all_ended(world)
    assert await world.look(ledger.verify()) == []
    charged = Counter(call_id for call_id, state, *_ in attempts if state == "settled")
    assert set(charged.values()) <= {1}, "nobody is charged twice"
    assert len(crowd.served) == len(set(crowd.served)), "each answer is another call's"
    assert set(crowd.served) <= set(charged), "whoever was served is charged"
    beyond = set(charged) - set(crowd.served)
    outcomes = {call_id: outcome for call_id, state, outcome, _ in attempts if state == "settled"}
    if unseen:
        assert {outcomes[call_id] for call_id in beyond} <= {"lost", "aborted", "ok", "broken"}
        assert len(beyond) <= crowd.told[None, None]
    else:
        assert beyond == set(), {call_id: outcomes[call_id] for call_id in beyond}
    assert crowd.charged_before <= set(charged)
    # Nothing came to the provider that was not held before.
    assert len(world.provider.requests) <= sum(amount > 0 for *_, amount in attempts)
    now = SystemClock().now_ms()
    [row] = await world.look(ledger.balances(world.visitor.user_id, now))
    assert (row.query_type, row.available) == (TYPE, CREDITS - len(charged))


async def _all_ended(world: ProcessWorld) -> list[tuple[Any, ...]]:
    """Return call id, state, outcome and amount of all attempts once none runs."""
    while True:
        attempts: list[tuple[Any, ...]] = await world.look(_attempts())
        if not any(state == "held" or outcome == "running" for _, state, outcome, _ in attempts):
            return attempts


def _attempts() -> Script[list[tuple[Any, ...]]]:
    return (yield Statement("select call_id, state, outcome, amount from calls"))
