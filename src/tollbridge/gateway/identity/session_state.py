"""Whether a session lives, asked of the store at most once in two seconds."""

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database
from tollbridge.gateway.identity import queries
from tollbridge.gateway.recent import Recent

# Ended sessions remembered; beyond that the oldest is asked for again.
ENDED_MAX = 10_000


class SessionState:
    """Knows which sessions live; for the event loop's thread only.

    What ends in this process acts at once, what ends in another within two seconds.
    """

    def __init__(self, database: Database, clock: Clock, *, ended_max: int = ENDED_MAX) -> None:
        """Ask `database`; nothing is read yet."""
        self._database = database
        self._clock = clock
        self._alive: Recent[str, bool] = Recent()
        self._ended: dict[str, None] = {}
        self._ended_max = ended_max

    async def is_alive(self, session_id: str) -> bool:
        """Return whether the session was neither revoked nor has reached its end.

        Raises:
            StoreUnavailable: The store could not be read.
        """
        now_ms = self._clock.now_ms()
        if session_id not in self._ended and self._alive.get(session_id, now_ms=now_ms):
            return True
        if session_id in self._ended:
            return False
        if not await self._database.read(queries.session_is_alive(session_id, now_ms)):
            self.end(session_id)
        elif session_id not in self._ended:  # it may have ended while we were reading
            self._alive.put(session_id, True, read_at_ms=now_ms)
        return session_id not in self._ended

    def end(self, session_id: str) -> None:
        """Note that a session has ended. A session that ended never lives again."""
        self._alive.forget(session_id)
        if len(self._ended) >= self._ended_max:
            del self._ended[next(iter(self._ended))]
        self._ended[session_id] = None
