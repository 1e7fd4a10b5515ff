"""A balance: what is left of one query type."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Balance:
    """Credits left of one query type.

    Attributes:
        type: The query type, a slug such as `standard`.
        count: Whole credits left, never below zero.
        version: Rises with every change of this user's row of this type; 0 where unknown.
        granted: Sum of the live grants, for "20 of 20 left"; 0 where unknown.
    """

    __slots__ = ("count", "granted", "type", "version")

    def __init__(self, type: str, count: int, version: int = 0, granted: int = 0) -> None:
        """Make a balance; see the class for the fields."""
        self.type = type
        self.count = count
        self.version = version
        self.granted = granted

    def to_json(self) -> "dict[str, Any]":
        """Return the item of a `balances` list."""
        return {
            "type": self.type,
            "count": self.count,
            "version": self.version,
            "granted": self.granted,
        }

    @classmethod
    def from_json(cls, value: object) -> "Balance":
        """Read an item of a `balances` list; unknown fields are accepted.

        Raises:
            ValueError: `value` is no object, has no type, or its count is no whole number.
        """
        if not isinstance(value, dict) or not isinstance(value.get("type"), str):
            raise ValueError(f"not a balance: {value!r}")
        numbers = [value.get("count"), value.get("version", 0), value.get("granted", 0)]
        for number in numbers:
            if isinstance(number, bool) or not isinstance(number, int):
                raise ValueError(f"not a balance: {value!r}")
        return cls(value["type"], numbers[0], numbers[1], numbers[2])

    def __eq__(self, other: object) -> bool:
        """Compare all four fields."""
        return isinstance(other, Balance) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        """Hash by the fields that `__eq__` compares."""
        return hash((self.type, self.count, self.version, self.granted))

    def __repr__(self) -> str:
        """Show type and count, as a person would say them."""
        return f"<Balance {self.type}: {self.count} of {self.granted}, version {self.version}>"


def read_balances(value: object) -> list[Balance]:
    """Read a flat `balances` list.

    Raises:
        ValueError: `value` is no list of balances.
    """
    if not isinstance(value, list):
        raise ValueError(f"not a list of balances: {value!r}")
    return [Balance.from_json(item) for item in value]


def find_balance(balances: list[Balance], query_type: str) -> "Balance | None":
    """Return the balance of `query_type`, or None where the user has none."""
    for balance in balances:
        if balance.type == query_type:
            return balance
    return None
