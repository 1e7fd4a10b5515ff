"""What the conversation and the composer say. Pure."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.ui.failure import Failure
    from tollbridge.ui.transcript import Facts, Version

SEND = "Send"
RETRY = "Try again"
SEND_NOW = "Send now"
SIGN_IN_AND_SEND = "Sign in again and send"
COPY = "Copy"
COPIED = "Copied"
COPY_BY_HAND = "Selected: copy it with your keyboard"

SIGN_IN_FIRST = "sign in first"

YOU = "You"
ASSISTANT = "Answer"

# Marks under a turn, by its state; states that need no words are not here.
MARKS = {
    "waiting": "Waits for the answer above",
    "stopped": "Stopped",
    "broken": "Interrupted",
    "not_sent": "Not sent",
}
CUT_SHORT = "Cut at the length limit"
SLOW = "Still waiting for the first word. You can stop it."

# What the hidden status line says, once per event, to people who listen to the page.
READY = "Ready."
GENERATING = "Generating an answer."
COMPLETE = "Answer complete."
STOPPED = "Answer stopped."
CLEARED = "The conversation is cleared."
DELETED = "The message and its answer are deleted."
RESTORED = "It is back."
BACK_ONLINE = "You are online again."
RETRY_READY = "You can try again now."

NO_CHARGE = "No credit was taken."
CODE = "Code"
REQUEST = "Request"


def mark_text(version: "Version") -> str:
    """Return what stands under a turn about how it ended, or "" where nothing needs saying."""
    if version.state == "streaming":
        return SLOW if version.slow else ""
    if version.state == "done" and version.facts.cut_short:
        return CUT_SHORT
    return MARKS.get(version.state, "")


def retry_text(version: "Version") -> str:
    """Return what the button says that sends a turn again."""
    if version.state == "not_sent":
        return SEND_NOW
    if version.failure is not None and version.failure.code == "invalid_token":
        return SIGN_IN_AND_SEND
    return RETRY


def cause_line(failure: "Failure") -> str:
    """Return what went wrong, and what it cost where that is sure."""
    if failure.charged is None:
        return failure.cause
    cost = NO_CHARGE if failure.charged == 0 else f"{credits_text(failure.charged)} charged."
    return f"{failure.cause} {cost}"


def code_line(failure: "Failure") -> str:
    """Return the line for whoever reads the gateway's log."""
    line = f"{CODE} {failure.code}"
    return f"{line} · {REQUEST} {failure.request_id}" if failure.request_id else line


def wait_text(seconds: int) -> str:
    """Return for how long to wait before trying again."""
    return f"You can try again in {seconds} s."


def pause_text(seconds: int) -> str:
    """Return for how long to wait where nothing counts down."""
    return f"Wait {seconds} s before you try again."


def info_line(facts: "Facts") -> str:
    """Return what is known about how an answer came; "" before its end."""
    if facts.total_ms is None:
        return ""
    parts = [facts.model]
    if facts.first_ms is not None:
        parts.append(f"first word {seconds_text(facts.first_ms)}")
    parts.append(f"total {seconds_text(facts.total_ms)}")
    parts.append(tokens_text(facts.tokens_in, facts.tokens_out))
    parts.append("" if facts.credits is None else credits_text(facts.credits))
    parts.append(f"{REQUEST} {facts.request_id}" if facts.request_id else "")
    return " · ".join([part for part in parts if part])


def seconds_text(milliseconds: int) -> str:
    """Return a duration as a person would say it."""
    return f"{milliseconds / 1000:.2f} s" if milliseconds < 10_000 else f"{milliseconds // 1000} s"


def tokens_text(tokens_in: "int | None", tokens_out: "int | None") -> str:
    """Return how many tokens went in and came out, as far as the provider told."""
    if tokens_in is None and tokens_out is None:
        return ""
    if tokens_in is None:
        return f"{tokens_out} tokens out"
    if tokens_out is None:
        return f"{tokens_in} tokens in"
    return f"{tokens_in} tokens in, {tokens_out} out"


def credits_text(amount: int) -> str:
    """Return an amount of credits."""
    return "1 credit" if amount == 1 else f"{amount} credits"


def spent_text(amount: int) -> str:
    """Return what the conversation has cost so far."""
    return f"{credits_text(amount)} in this conversation"


def variant_text(shown: int, count: int) -> str:
    """Return which of an answer's versions is shown; `shown` counts from 0."""
    return f"{shown + 1} / {count}"
