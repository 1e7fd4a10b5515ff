"""How often something of one kind may be written down: a caller must not fill the disk. No I/O."""

import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Kind = TypeVar("Kind", bound=Hashable)

WINDOW_S = 60
# Kinds told apart within a minute. They are the program's own, so that more are a mistake; what
# comes beyond shares the counter of the last one.
KINDS_MAX = 1_000


class Sampler(Generic[Kind]):
    """Lets the first `most` of each kind through in a minute, and counts the others."""

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin a minute; `clock` counts seconds."""
        self._most = most
        self._clock = clock
        self._ends = clock() + WINDOW_S
        self._seen: dict[Kind, int] = {}

    def take(self, kind: Kind) -> bool:
        """Tell whether one of this kind may be written down now."""
        seen = self._seen
        if kind not in seen and len(seen) >= KINDS_MAX:
            kind = next(reversed(seen))
        seen[kind] = count = seen.get(kind, 0) + 1
        return count <= self._most

    def close_minute(self, *, now: bool = False) -> dict[Kind, int]:
        """Return how many of each kind were left out, once the minute is over, and begin another.

        Before its end nothing is returned, and nothing changes, unless `now`.
        """
        at = self._clock()
        if at < self._ends and not now:
            return {}
        self._ends = at + WINDOW_S
        seen, self._seen = self._seen, {}
        return {kind: count - self._most for kind, count in seen.items() if count > self._most}
