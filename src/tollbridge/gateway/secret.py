"""A string that must not be seen."""

import hmac
import threading
import weakref

# Every secret that this process holds just now, so that logs can mask what slipped into a text.
_living: "weakref.WeakSet[Secret]" = weakref.WeakSet()
# A finaliser may log while its thread is in here.
_living_lock = threading.RLock()


class Secret:
    """Holds a secret and prints as `***`, so that no log, error or repr can show it."""

    __slots__ = ("__weakref__", "_value")

    def __init__(self, value: str) -> None:
        """Keep `value`."""
        self._value = value
        with _living_lock:
            _living.add(self)

    def reveal(self) -> str:
        """Return the secret itself; call it where it goes out, nowhere else."""
        return self._value

    def matches(self, other: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self._value.encode(), other.encode())

    def __repr__(self) -> str:
        """Show nothing."""
        return "***"

    __str__ = __repr__


def living_secrets() -> list[str]:
    """Return what every secret of this process holds, for the log's sink alone."""
    with _living_lock:
        secrets = list(_living)
    return [secret.reveal() for secret in secrets]
