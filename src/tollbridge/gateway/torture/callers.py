"""Those who call: each makes one errand after the other, as its generator says.

How a caller behaves (`Errand.manner`): `read` reads to the end, `read-slowly` with rests;
`leave-before-head`, `leave-after-head` and `leave-after-byte` close the connection there;
`duplicate` sends the same call several times at once; `leave-and-repeat` leaves the first time and
then asks for the answer under the same key.
"""

import asyncio
import secrets
from collections.abc import Sequence
from itertools import count
from random import Random

from tollbridge.gateway.secret import Secret
from tollbridge.gateway.torture import plan
from tollbridge.gateway.torture.furnishing import provider_id
from tollbridge.gateway.torture.history import Call, History, Send
from tollbridge.gateway.torture.people import Person
from tollbridge.gateway.torture.plan import Errand
from tollbridge.gateway.torture.provider import Provider
from tollbridge.gateway.torture.sending import Manner, Place, send
from tollbridge.wire import headers as names

_LEAVES = {
    "leave-before-head": "head",
    "leave-after-head": "headed",
    "leave-after-byte": "byte",
    "leave-and-repeat": "byte",
}
# Between two tries of the same call; grows with each.
_PAUSE_S = 0.05
# After a 402: who goes on at once learns nothing new, and keeps the machine from better work.
_DRY_S = 0.3
# What may be sent again under its key: nobody knows what became of it, or it came to nothing.
_WORTH_ANOTHER_TRY = (None, 500, 502, 503, 504)


class Callers:
    """All callers, and where they find the gateway while there is one."""

    def __init__(
        self, history: History, provider: Provider, people: list[Person], api_key: Secret
    ) -> None:
        """Call for `people`, the hot one first; wait until there is a gateway to send to."""
        self._history = history
        self._provider = provider
        self._people = people
        self._api_key = api_key
        self._places: Sequence[Place] = ()
        self._turn = count()
        self._is_up = asyncio.Event()
        self._over = False

    def send_to(self, places: Sequence[Place]) -> None:
        """Have calls go to these gateways in turn from now on; without one everybody waits."""
        self._places = places
        self._is_up.set() if places else self._is_up.clear()

    def finish(self) -> None:
        """Have no new calls made; those under way go on to their fate."""
        self._over = True

    async def call_on(self, chance: Random, modes: tuple[str, ...]) -> None:
        """Be one caller until `finish`."""
        while not self._over:
            errand = plan.choose(chance, modes)
            dry = await self._run(errand)
            await asyncio.sleep(errand.rest_s + (_DRY_S if dry else 0.0))

    async def _run(self, errand: Errand) -> bool:
        """Make one call; returns whether its user had too few credits."""
        wish = Call(
            nonce=secrets.token_hex(8),
            user_id=self._people[errand.user].user_id,
            provider_id=provider_id(errand.mode, errand.cost),
            charge_on=errand.mode,
            cost=errand.cost,
            keyed=errand.keyed,
            deeds=errand.deeds,
        )
        self._history.calls.append(wish)
        self._provider.calls[wish.nonce] = wish
        if errand.manner == "duplicate":
            await asyncio.gather(*(self._pursue(wish, errand) for _ in range(errand.copies)))
        else:
            await self._pursue(wish, errand)
        return any(made.refused for made in wish.sends)

    async def _pursue(self, wish: Call, errand: Errand) -> None:
        """Send a call as often as it takes to know its fate."""
        for number in range(errand.tries):
            manner = _manner(errand, is_first=number == 0)
            made = await self._send(wish, errand, manner)
            if made is not None and not _asks_again(made, errand):
                return
            await asyncio.sleep(_PAUSE_S * (number + 1))

    async def _send(self, wish: Call, errand: Errand, manner: Manner) -> Send | None:
        await self._is_up.wait()
        if not self._places:
            return None
        place = self._places[next(self._turn) % len(self._places)]
        bearer = self._people[errand.user].bearer() if errand.as_page else None
        as_owner = (
            f"{names.API_KEY}: {self._api_key.reveal()}",
            f"{names.USER_ID}: {wish.user_id}",
        )
        made = await send(wish, place, (bearer,) if bearer else as_owner, manner)
        if made.code == "ledger_unavailable" and self._history.shared:
            # Which is no fault; but it may not go on, and nothing may be charged for it.
            self._history.away.append((made.started_at, made.ended_at))
        return made


def _manner(errand: Errand, *, is_first: bool) -> Manner:
    if not is_first:
        return Manner()
    return Manner(
        leave=_LEAVES.get(errand.manner, ""),
        after_s=errand.after_s,
        rudely=errand.rudely,
        slowly=errand.manner == "read-slowly",
    )


def _asks_again(made: Send, errand: Errand) -> bool:
    if not errand.keyed:
        return False
    if made.left:
        return errand.manner == "leave-and-repeat"
    if made.code == "call_in_progress":
        return True
    return not made.complete or made.status in _WORTH_ANOTHER_TRY
