"""Every text that the page shows from Python, in one place. Pure."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import Balance

SEND = "Send"
STARTING = "Starting…"
COPY = "Copy"
COPIED = "Copied"
COPY_BY_HAND = "Selected: copy it with your keyboard"
RETRY = "Try again"

YOU = "You"
ASSISTANT = "Answer"

# Marks under a turn, by its state; states that need no words are not here.
MARKS = {
    "stopped": "Stopped",
    "broken": "Interrupted",
    "not_sent": "Not sent",
}

# What the hidden status line says, once per event, to people who listen to the page.
READY = "Ready."
GENERATING = "Generating an answer."
COMPLETE = "Answer complete."
STOPPED = "Answer stopped."

COUNTER_WAITING = "Counting…"
COUNTER_UNKNOWN = "Credits unknown"
COUNTER_NONE = "No credits here"

QUOTA_HINT = "Run this where the gateway runs, and the counter below rises by itself:"
QUOTA_ASK = "Ask whoever runs this page for more. The counter rises by itself."
QUOTA_KEPT = "Your message is kept."
QUOTA_OVER = "There are credits again."

# Why a new account has no free credits, by the gateway's reason.
NO_TRIAL = {
    "address": "No free credits for this account: your network had used up its share of the day.",
    "paywall": "No free credits for this account: all of the day’s were given away.",
}
NO_TRIAL_OTHERWISE = "No free credits for this account."
NO_TRIAL_ASK = "Ask whoever runs this page for some."

CUT_OFF = "The connection broke before the answer was whole."
NO_CHARGE = "No credit was taken."
CODE = "Code"
REQUEST = "Request"

# What went wrong, by code. Codes of the contract that a page can meet, then the SDK's and our own.
CAUSES = {
    "not-enough-queries": "You have no credits left for this.",
    "provider-disabled": "This provider is switched off, or the paywall counts no credits.",
    "invalid_token": "Your session has ended. Trying again starts a new one.",
    "anonymous_disabled": "This paywall does not let anyone in without signing in.",
    "sign_in_required": "This provider is not open to anonymous visitors.",
    "origin_not_allowed": "This page's address is not on the paywall's list of origins.",
    "path_not_allowed": "The provider does not allow this path.",
    "model_not_allowed": "The provider does not allow this model.",
    "paywall_not_found": "The gateway does not know this paywall.",
    "paywall_mismatch": "The session belongs to another paywall.",
    "provider_not_found": "The gateway does not know this provider.",
    "body_too_large": "The message is too long for this provider.",
    "internal_error": "The gateway met an error of its own.",
    "provider_unreachable": "The provider cannot be reached.",
    "provider_rejected": "The provider refused the gateway's key.",
    "provider_redirect": "The provider answered with a redirect, which is never followed.",
    "provider_timeout": "The provider did not answer in time.",
    "ledger_unavailable": "The gateway cannot count credits just now.",
    "hold_lost": "The gateway lost the hold on your credit while it waited.",
    "busy": "The gateway is busy.",
    "network_error": "The gateway cannot be reached. Check your connection.",
    "ended_early": "The answer stopped without its end mark, so it may be cut short.",
    "line_too_long": "The answer has a line too long to read.",
    "not_json": "The answer is not a chat completion stream.",
}


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
        return _left(shown[0])
    return " · ".join([f"{balance.type}: {_left(balance)}" for balance in shown])


def worth_showing(balances: "list[Balance]") -> "list[Balance]":
    """Return the balances without types that the user never had, unless there are no others."""
    return [balance for balance in balances if balance.count or balance.granted] or balances


def _left(balance: "Balance") -> str:
    if balance.granted > 0:
        return f"{balance.count} of {balance.granted} left"
    return f"{balance.count} left"


def no_trial_text(reason: str) -> str:
    """Return what a visitor reads in place of the promise of free credits; "" where it holds."""
    if not reason:
        return ""
    return f"{NO_TRIAL.get(reason, NO_TRIAL_OTHERWISE)} {NO_TRIAL_ASK}"


def quota_title(query_type: str, granted: int) -> str:
    """Return the sentence that says what ran out; `granted` is 0 where unknown."""
    of_type = f" of {query_type}" if query_type else ""
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
        return "One more is held by an answer that still runs."
    return f"{held} more are held by answers that still run."


def cause_of(code: str, status: int, message: str) -> str:
    """Return what went wrong with the gateway or on the way to it, in a sentence.

    Args:
        code: The error's code.
        status: The HTTP status, 0 where no answer came.
        message: What the answer itself said, "" where it said nothing.
    """
    if code in CAUSES:
        return CAUSES[code]
    if status >= 400:
        return message or f"The gateway refused the message (status {status})."
    return message or "Something went wrong."


def provider_cause(status: int) -> str:
    """Return what went wrong with the provider; its codes are its own, so the status decides."""
    if status == 429:
        return "The provider has too many requests just now."
    if status >= 500:
        return f"The provider failed (status {status})."
    return f"The provider refused the message (status {status})."


def wait_text(retry_after_s: int) -> str:
    """Return for how long to wait before trying again."""
    return f"Wait {retry_after_s} s before you try again."
