"""A string that must not be seen."""

import hmac


class Secret:
    """Holds a secret and prints as `***`, so that no log, error or repr can show it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep `value`."""
        self._value = value

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
