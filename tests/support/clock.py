"""Clocks that a test sets."""

START_MS = 1_800_000_000_000


class FakeClock:
    """Stands still until it is told to move."""

    def __init__(self, now_ms: int = START_MS) -> None:
        """Begin at that moment."""
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        return self._now_ms

    def move(self, *, ms: int = 0, seconds: int = 0, days: int = 0) -> None:
        """Go on, or back where it is negative."""
        self._now_ms += ms + 1000 * seconds + 86_400_000 * days


class FakeSeconds:
    """A monotonic clock: seconds since nothing in particular."""

    def __init__(self, now_s: float = 0.0) -> None:
        """Begin at that moment."""
        self.now_s = now_s

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now_s
