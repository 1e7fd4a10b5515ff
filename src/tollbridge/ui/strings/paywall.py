"""What the upgrade dialog, its notice and the warnings before it say. Pure."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import Balance

CLOSE = "Close"
COPY = "Copy"
COPIED = "Copied"
COPY_BY_HAND = "Selected: copy it with your keyboard"
RETRY = "Try again"

BY_HAND_TITLE = "Your credits"
PROBLEM_TITLE = "No credits can be used here"
BALANCES = "What is left"
READING = "Reading your credits…"
KEPT = "Your message is kept."
KEPT_AND_SENT = "Your message is kept and is sent by itself as soon as there are credits."
NOTHING_COUNTED = (
    "This page counts no credits: its owner has switched that off, or no provider is set up. "
    "There is nothing here to top up."
)
SIGNED_OUT = "You are not signed in, so there are no credits of yours to show."

HINT = "Run this where the gateway runs; the credits show here by themselves:"
ASK = "Ask whoever runs this page for more. They show here by themselves."

VOUCHER = "Voucher code"
REDEEM = "Redeem"
REDEEMING = "Redeeming…"

SENDING = "Sending your message…"
OVER = "There are credits again."

# Why a voucher brought nothing, by the error's code.
VOUCHER_CAUSES = {
    "voucher_invalid": "This code is not good, or not any more. Check it letter by letter.",
    "rate_limited": "Too many codes were wrong.",
    "network_error": "The gateway cannot be reached. Your code stays here; check your connection.",
    "invalid_token": "Your session has ended. Load the page again; your code works on.",
}
VOUCHER_EMPTY = "Type or paste the code first."
VOUCHER_REPEATED = "You have redeemed this code before; it gives its credits once."
VOUCHER_OTHERWISE = "The code could not be redeemed."


def quota_title(query_type: str, granted: int, left: int = 0) -> str:
    """Return the sentence that says what ran out.

    Args:
        query_type: The type, "" where unknown.
        granted: Of how many credits, 0 where unknown.
        left: How many are left all the same, where a call costs more than that.
    """
    of_type = f" of {query_type}" if query_type else ""
    if left > 0:
        return f"{_credits(left)}{of_type} left: too few for this."
    if granted > 1:
        return f"You have used all {granted} credits{of_type}."
    if granted == 1:
        return f"You have used your only credit{of_type}."
    return f"You have no credits{of_type} left."


def held_text(held: int) -> str:
    """Return a sentence about credits in calls that still run, or "" for none."""
    if held < 1:
        return ""
    if held == 1:
        return "One of them is held by an answer that still runs; it comes back if that fails."
    return f"{held} of them are held by answers that still run; they come back if those fail."


def added_text(added: int, query_type: str) -> str:
    """Return what was added; 0 where credits that were held, or an unknown number, came back."""
    return f"{_credits(added)} of {query_type} added." if added > 0 else OVER


def wait_text(wait_s: int) -> str:
    """Return for how long to wait, as a clock that runs down shows it: "Try again in 1:05"."""
    seconds = wait_s % 60
    return f"Try again in {wait_s // 60}:{'0' if seconds < 10 else ''}{seconds}"


def low_text(balance: "Balance") -> str:
    """Return the warning before the last credit."""
    if balance.count == 1:
        return f"Your last credit of {balance.type}: 1 of {balance.granted} left."
    return f"Your credits of {balance.type} run low: {balance.count} of {balance.granted} left."


def _credits(number: int) -> str:
    return "1 credit" if number == 1 else f"{number} credits"
