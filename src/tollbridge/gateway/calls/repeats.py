"""Repeats of a call under its `Idempotency-Key`: one charge, ever.

A key belongs to a user of a paywall. What the store keeps are HMACs under a key of the server: of
the page's key, and of what it asked for, since a prompt could be guessed from a plain hash.
"""

import hmac
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from tollbridge.gateway import ledger
from tollbridge.gateway.calls.charge import FAILURES_WINDOW_MS
from tollbridge.gateway.calls.receipts import find_call, receipt
from tollbridge.gateway.calls.request import CallRequest
from tollbridge.gateway.database import Script
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.limits import AHEAD_MS
from tollbridge.wire import headers as names


class Charged(NamedTuple):
    """The call was made under this key before, and its charge stands; with its receipt."""

    receipt: dict[str, Any]

    def refusal(self) -> Refusal:
        """Say so, where its answer is not remembered any more."""
        return Refusal(
            "call_already_charged",
            "This call was made and charged under the same key; its answer is not kept any more.",
            extra={"receipt": self.receipt},
            headers={names.CALL_ID: self.receipt["call_id"]},
        )


class Claims:
    """Turns a page's keys into what the store knows them by."""

    def __init__(self, secret: bytes) -> None:
        """Use `secret`, which stays the same over restarts."""
        self._secret = secret

    def key_hash(self, paywall_id: str, user_id: str, key: str) -> bytes:
        """Return what a key of a user is found by."""
        return self._digest("key", (paywall_id.encode(), user_id.encode(), key.encode()))

    def claim(
        self, order: ledger.HoldOrder, request: CallRequest, body: bytes | None
    ) -> ledger.HoldOrder:
        """Return the order with the page's key in it, if it sent one.

        Args:
            order: What is to be held.
            request: Method, address (provider or template, path, query) and media type are what
                a key stands for.
            body: As the page sent it where it was gathered, else None.
        """
        if request.idempotency_key is None:
            return order
        asked = (
            request.method.encode(),
            request.called_id.encode(),
            request.path.encode(),
            request.query,
            request.content_type.encode(),
            b"streamed" if body is None else b"gathered",
            body or b"",
        )
        return replace(
            order,
            key_hash=self.key_hash(order.paywall_id, order.user_id, request.idempotency_key),
            fingerprint=self._digest("call", asked),
        )

    def _digest(self, purpose: str, parts: Iterable[bytes]) -> bytes:
        # Each part with its length, so that nothing can move from one into the next.
        digest = hmac.new(self._secret, purpose.encode(), "sha256")
        for part in parts:
            digest.update(b"%d:" % len(part))
            digest.update(part)
        return digest.digest()


def find_repeated(order: ledger.HoldOrder) -> Script[ledger.HoldOrder | Charged]:
    """Look whether a call was made under its key before.

    Returns the order to hold: the same, or the next attempt of the call that came to nothing; or
    that its charge stands.

    Raises:
        Refusal: `idempotency_mismatch`: the key was used for something else; `call_in_progress`:
            the first attempt still runs. Nothing changed.
    """
    if order.key_hash is None:
        return order
    found = yield from ledger.find_attempt(order.key_hash)
    if found is None:
        return order
    if found.fingerprint != order.fingerprint:
        raise Refusal("idempotency_mismatch", "This key was used before for another call.")
    if not found.ended:
        raise Refusal(
            "call_in_progress",
            "The call that was made under this key still runs.",
            details={"call_id": found.call_id},
            headers={names.RETRY_AFTER: "1", names.CALL_ID: found.call_id},
        )
    if found.state == "settled":
        call = yield from find_call(found.call_id)
        assert call is not None
        return Charged(receipt(call))
    return replace(order, call_id=found.call_id, attempt=found.attempt + 1)


def refuse_after_failures(user_id: str, limit: int | None, now: int) -> Script[None]:
    """Refuse a user of whom more calls than `limit` were given back for their own doing lately.

    Raises:
        Refusal: `too_many_failures`.
    """
    if limit is None:
        return
    since = now - FAILURES_WINDOW_MS
    oldest = yield from ledger.blamed(user_id, since, now + AHEAD_MS, nth=limit + 1)
    if oldest is not None:
        wait_ms = min(oldest - since, FAILURES_WINDOW_MS)
        raise Refusal(
            "too_many_failures",
            f"More than {limit} of your calls failed or were left within ten minutes.",
            details={"limit": "USER_FAILURES"},
            headers={names.RETRY_AFTER: str(max(1, math.ceil(wait_ms / 1000)))},
        )
