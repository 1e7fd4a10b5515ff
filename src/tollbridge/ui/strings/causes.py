"""What went wrong, in a sentence for each cause. Pure."""

CUT_OFF = "The connection broke before the answer was whole."
OFFLINE = "You are offline. Your message is kept; send it when you are back."
CONTENT_REFUSED = "The provider refused to answer this."

# By code: those of the contract that a page can meet, then the SDK's and our own.
CAUSES = {
    "not-enough-queries": "You have no credits left for this.",
    "provider-disabled": "This provider is switched off, or the paywall counts no credits.",
    "invalid_token": "Your session has ended. Trying again starts a new one.",
    "telegram_disabled": "This paywall does not let anyone in from Telegram.",
    "init_data_invalid": "Telegram's sign-in is not meant for this app. Open it from its bot.",
    "init_data_expired": "This app was opened too long ago. Open it again to go on.",
    "init_data_used": "This app was signed in from somewhere else. Open it again to go on.",
    "anonymous_disabled": "This paywall does not let anyone in without signing in.",
    "sign_in_required": "This provider is not open to anonymous visitors.",
    "origin_not_allowed": "This page's address is not on the paywall's list of origins.",
    "path_not_allowed": "The provider does not allow this path.",
    "model_not_allowed": "The provider does not allow this model.",
    "paywall_not_found": "The gateway does not know this paywall.",
    "paywall_mismatch": "The session belongs to another paywall.",
    "provider_not_found": "The gateway does not know this provider.",
    "call_in_progress": "The gateway still works on this message, perhaps for another tab.",
    "call_already_charged": "This message was answered and charged before, and the answer is lost.",
    "body_too_large": "The message is too long for this provider.",
    "idempotency_mismatch": "The conversation has changed since this message was kept.",
    "internal_error": "The gateway met an error of its own.",
    "templates_only": "This provider is called through templates only.",
    "template_not_found": "The gateway does not know this template.",
    "template_variable": "The message does not fit, or is too long.",
    "provider_failed": "The provider could not answer this.",
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
    "not_json": "The answer is not a stream that this page can read.",
    "content_refused": CONTENT_REFUSED,
    "page_left": "The page was left before the answer was whole.",
}


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
    if status == 413:
        return "The message is too long for the provider."
    if status >= 500:
        return f"The provider failed (status {status})."
    return f"The provider refused the message (status {status})."


def too_long_text(chars_max: int) -> str:
    """Return why a question to a template was refused for its length."""
    return f"Your question is too long: it may have {chars_max} characters."
