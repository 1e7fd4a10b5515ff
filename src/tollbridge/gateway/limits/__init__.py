"""What is counted in the store against limits, and the refusal that every limit gives."""

from tollbridge.gateway.limits.counted import (
    AHEAD_MS,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Limit,
    count,
    left,
    wait_ms,
)
from tollbridge.gateway.limits.refusals import rate_limited

__all__ = [
    "AHEAD_MS",
    "DAY_MS",
    "HOUR_MS",
    "MINUTE_MS",
    "Limit",
    "count",
    "left",
    "rate_limited",
    "wait_ms",
]
