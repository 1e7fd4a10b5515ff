"""What no log line may hold, found by its shape or because it is known, and masked. No I/O."""

import re
from collections.abc import Iterable

MASK = "***"

# A known secret that is shorter would mask ordinary words; none of ours or of a provider's is.
KNOWN_CHARS_MIN = 8
# Looked at of one text; what is shown of it is far shorter, so that no secret is cut in half.
LOOKED_AT_CHARS = 64 * 1024

# The name of a header or field stays; what it holds goes, up to the end of its quotes or line.
_NAMED = re.compile(
    r"""(?ix)
    \b((?:proxy-)?authorization|(?:set-)?cookie|x-(?:goog-)?api-key|api[-_]?key|idempotency-key
    |x-auth-token|(?:access|refresh|id|bot|metrics)[-_]?token|client[-_]?secret|master[-_]?key
    |init[-_]?data|reload[-_]?key|password)
    (['"]?\s*[:=,]\s*(?:b(?=['"]))?['"]?)
    [^'"\r\n,;&)\]}]+"""
)
_SCHEME = re.compile(r"\b((?i:bearer|basic|tma)\s+)[^\s'\",;)\]}]+")
_SHAPES = re.compile(
    r"""(?x)
    \beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?                                  # a JWT
    |\b(?:sk|rk|pk|rt|whsec|gsk|hf|xai|ghp|glpat)[-_][\w-]{6,}        # ours and well-known ones
    |\bAIza[\w-]{20,}
    |\bhash=[0-9a-fA-F]{64}                                          # of Telegram's launch data
    |\b(?i:[0-9A-HJKMNP-TV-Z]{4,5}(?:-[0-9A-HJKMNP-TV-Z]{4,5}){3,5})\b  # a voucher's code
    |\b(?=[A-Z]*\d)(?=\d*[A-Z])[0-9A-HJKMNP-TV-Z]{20}\b                # and without its hyphens
    |(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{32,}   # keys nobody told us of
    """
)


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` with everything masked that is a secret by its shape, or is one of `known`.

    What lies beyond the first 64 KiB is left out.
    """
    text = text[:LOOKED_AT_CHARS]
    for secret in known:
        if len(secret) >= KNOWN_CHARS_MIN and secret in text:
            text = text.replace(secret, MASK)
    text = _NAMED.sub(rf"\1\2{MASK}", text)
    text = _SCHEME.sub(rf"\1{MASK}", text)
    return _SHAPES.sub(MASK, text)
