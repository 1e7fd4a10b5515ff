"""What was read a moment ago: a bounded map whose entries are worth nothing after two seconds."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# The command line and other processes change rows; what they change acts within this time.
LIFETIME_MS = 2_000
# Entries kept; the oldest goes first. Bounds memory where the keys are a caller's to choose.
ENTRIES_MAX = 10_000


class Recent(Generic[K, V]):
    """Remembers values for `LIFETIME_MS`; for the event loop's thread only."""

    def __init__(self, *, entries_max: int = ENTRIES_MAX) -> None:
        """Start with nothing remembered."""
        self._entries: dict[K, tuple[int, V]] = {}
        self._entries_max = entries_max

    def get(self, key: K, *, now_ms: int) -> V | None:
        """Return what was read lately under `key`, or None."""
        entry = self._entries.get(key)
        # A clock that was set back makes an entry look newer than now: it is not trusted either.
        if entry is None or not 0 <= now_ms - entry[0] < LIFETIME_MS:
            return None
        return entry[1]

    def put(self, key: K, value: V, *, read_at_ms: int) -> None:
        """Remember `value`, read at that moment: give the time before the read began."""
        self._entries.pop(key, None)
        if len(self._entries) >= self._entries_max:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (read_at_ms, value)

    def forget(self, key: K) -> None:
        """Forget `key`, so that the next look reads again."""
        self._entries.pop(key, None)
