"""The refusal of what came too often, made in one place."""

import math

from tollbridge.gateway.errors import Refusal
from tollbridge.wire.headers import RETRY_AFTER


def rate_limited(limit: str, message: str, *, wait_s: float) -> Refusal:
    """Return the refusal of what came too often.

    Args:
        limit: The limit's name, as in `TOLLBRIDGE_LIMIT_<NAME>`; the body names it.
        message: A sentence for a person.
        wait_s: Seconds until one more is allowed; `Retry-After` says them in whole seconds,
            rounded up, at least 1.
    """
    return Refusal(
        "rate_limited",
        message,
        details={"limit": limit},
        headers={RETRY_AFTER: str(max(1, math.ceil(wait_s)))},
    )
