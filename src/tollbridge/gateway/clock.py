"""Time. Everything that needs it is handed one of these, so that tests can hand another."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """Return milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000


def rfc3339(at_ms: int | None) -> str | None:
    """Return a moment as RFC 3339 in UTC with milliseconds; None stays None."""
    if at_ms is None:
        return None
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"


def parse_rfc3339(text: str) -> int:
    """Read a moment in RFC 3339 (a zone is required) as milliseconds since 1970.

    Raises:
        ValueError: It is not such a moment.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the time {text!r} has no zone; write 2027-01-31T00:00:00Z")
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)
