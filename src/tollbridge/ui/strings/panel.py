"""What the widget's panel says beside the conversation. Pure."""

SENDING = "Sending…"
NOT_NOW = "Not now"
ELSEWHERE = "Ask on a page of its own"
NOBODY = "Nobody is set up to answer here."


def left_text(count: int, *, free: bool) -> str:
    """Return how many questions are left; `free` where nobody can have paid for them."""
    kind = "free question" if free else "question"
    if count == 1:
        return f"1 {kind} left"
    return f"{count or 'No'} {kind}s left"


def used_text(granted: int, *, free: bool) -> str:
    """Return what ran out, of how many questions; 0 where that is not known."""
    kind = "free question" if free else "question"
    if granted > 1:
        return f"You have used all {granted} {kind}s."
    if granted == 1:
        return f"You have used your only {kind}."
    return f"You have no {kind}s left."
