"""What the counter says, and what a new account reads about its free credits. Pure."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import Balance

COUNTER_WAITING = "Counting…"
COUNTER_UNKNOWN = "Credits unknown"
COUNTER_NONE = "No credits here"

# Why a new account has no free credits, by the gateway's reason.
NO_TRIAL = {
    "address": "No free credits for this account: your network had used up its share of the day.",
    "origin": "No free credits for this account: this site had given away its share of the day.",
    "paywall": "No free credits for this account: all of the day’s were given away.",
}
NO_TRIAL_OTHERWISE = "No free credits for this account."
NO_TRIAL_ASK = "Ask whoever runs this page for some."


def counter_text(balances: "list[Balance] | None") -> str:
    """Return what the counter shows: "20 of 20 left", by type where there are several.

    Args:
        balances: The user's balances; None while they were never read.
    """
    if balances is None:
        return COUNTER_WAITING
    if not balances:
        return COUNTER_NONE
    shown = worth_showing(balances)
    if len(shown) == 1:
        return left_text(shown[0])
    return " · ".join([f"{balance.type}: {left_text(balance)}" for balance in shown])


def worth_showing(balances: "list[Balance]") -> "list[Balance]":
    """Return the balances without types that the user never had, unless there are no others."""
    return [balance for balance in balances if balance.count or balance.granted] or balances


def left_text(balance: "Balance") -> str:
    """Return "12 of 50 left"; a number without the word may be read as what was used."""
    if balance.granted > 0:
        return f"{balance.count} of {balance.granted} left"
    return f"{balance.count} left"


def no_trial_text(reason: str) -> str:
    """Return what a visitor reads in place of the promise of free credits; "" where it holds."""
    if not reason:
        return ""
    return f"{NO_TRIAL.get(reason, NO_TRIAL_OTHERWISE)} {NO_TRIAL_ASK}"
