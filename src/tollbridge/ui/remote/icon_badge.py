"""What stands on an extension's icon: the credits that are left. Pure."""

from tollbridge.ui.strings.counter import counter_text, worth_showing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import Balance

# Four characters fit; "10k" says less than "9999" and is not wrong.
_WHOLE_MAX = 9999


def badge_text(balances: "list[Balance] | None") -> str:
    """Return the number, of several types the smallest; "" where none is known."""
    if not balances:
        return ""
    count = min([balance.count for balance in worth_showing(balances)])
    return str(count) if count <= _WHOLE_MAX else f"{min(count // 1000, 999)}k"


def title_text(balances: "list[Balance] | None") -> str:
    """Return what the icon says when a pointer rests on it, or a screen reader reads it."""
    return f"Tollbridge: {counter_text(balances)}" if balances else "Tollbridge"
