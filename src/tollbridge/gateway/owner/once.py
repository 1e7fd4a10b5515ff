"""Changes that are made once under a key, however often they are asked for."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tollbridge.gateway.database import Script, lock
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.owner import queries

KEY_CHARS_MAX = 255


def read_key(text: str | None) -> str | None:
    """Return an `Idempotency-Key` as it is; None stays None.

    Raises:
        Refusal: `invalid_request`: it is not 1 to 255 visible ASCII characters.
    """
    if text is None:
        return None
    if not 0 < len(text) <= KEY_CHARS_MAX or not all("!" <= char <= "~" for char in text):
        raise Refusal(
            "invalid_request",
            f"Idempotency-Key must be 1 to {KEY_CHARS_MAX} visible ASCII characters.",
        )
    return text


def find_first_answer(
    paywall_id: str, key: str, content: Mapping[str, Any]
) -> Script[dict[str, Any] | None]:
    """Return the answer that was given under `key` before, or None.

    Whoever asks first keeps the others waiting until its unit is over, with or without an answer.

    Raises:
        Refusal: `idempotency_mismatch`: the key was used for something else.
    """
    yield lock("owner's change", paywall_id, key)
    found = yield from queries.find_answer(paywall_id, key)
    if found is None:
        return None
    fingerprint, answer = found
    if fingerprint != _fingerprint(content):
        raise Refusal("idempotency_mismatch", "This key was used before for another change.")
    first: dict[str, Any] = json.loads(answer)
    return first


def keep_first_answer(
    paywall_id: str, key: str, content: Mapping[str, Any], answer: dict[str, Any], now: int
) -> Script[None]:
    """Keep the answer, in the same unit as the change: neither is there without the other."""
    yield from queries.insert_answer(
        paywall_id, key, _fingerprint(content), json.dumps(answer), now
    )


def _fingerprint(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
