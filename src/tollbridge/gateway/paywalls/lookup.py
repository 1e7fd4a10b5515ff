"""The paywalls as requests see them."""

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database
from tollbridge.gateway.paywalls import queries
from tollbridge.gateway.paywalls.paywall import Paywall
from tollbridge.gateway.recent import Recent


class Paywalls:
    """Finds paywalls, each read at most once in two seconds.

    A paywall that is not there is not remembered, so a new one can be used at once.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        """Look in `database`; nothing is read yet."""
        self._database = database
        self._clock = clock
        self._recent: Recent[str, Paywall] = Recent()

    async def find(self, paywall_id: str) -> Paywall | None:
        """Return the paywall, or None; a change by another process is seen within two seconds.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        now_ms = self._clock.now_ms()
        known = self._recent.get(paywall_id, now_ms=now_ms)
        if known is not None:
            return known
        found = await self._database.read(queries.find_paywall(paywall_id))
        if found is not None:
            self._recent.put(paywall_id, found, read_at_ms=now_ms)
        return found

    async def need(self, paywall_id: str) -> Paywall:
        """Return a paywall that must be there.

        Raises:
            Refusal: `paywall_not_found`.
            StoreUnavailable: The store could not be read.
        """
        found = await self.find(paywall_id)
        if found is None:
            raise queries.no_paywall(paywall_id)
        return found
