"""The templates as calls see them."""

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database
from tollbridge.gateway.recent import Recent
from tollbridge.gateway.templates import queries
from tollbridge.gateway.templates.template import Template


class Templates:
    """Finds templates, each read at most once in two seconds.

    A template that is not there is not remembered, so a new one can be used at once.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        """Look in `database`; nothing is read yet."""
        self._database = database
        self._clock = clock
        self._recent: Recent[str, Template] = Recent()

    async def find(self, template_id: str) -> Template | None:
        """Return the template, or None; a change by another process is seen within two seconds.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        now_ms = self._clock.now_ms()
        known = self._recent.get(template_id, now_ms=now_ms)
        if known is not None:
            return known
        stored = await self._database.read(queries.find_template(template_id))
        if stored is None:
            return None
        self._recent.put(template_id, stored.template, read_at_ms=now_ms)
        return stored.template
