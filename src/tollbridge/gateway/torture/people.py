"""The users: signed in as a page does it, their tokens renewed, their receipts asked for."""

import asyncio
import json
import time
from collections.abc import Iterable
from typing import Any

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.torture.furnishing import PAYWALL
from tollbridge.gateway.torture.history import Call, Receipt
from tollbridge.wire import headers as names
from tollbridge.wire.paths import paywall, quote

# Access tokens live for 15 minutes; an older one is not used for calls.
_TOKEN_S = 600.0
# Seconds for one of these requests; each is a look-up and a commit.
_PATIENCE_S = 30.0
# Receipts asked for at a time, and in all: enough to prove it, and over within seconds.
_ASKED_AT_ONCE = 16
_ASKED_MAX = 3000


class Person:
    """One user of the paywall.

    Attributes:
        user_id: As the gateway named it.
    """

    def __init__(self) -> None:
        """Prepare one who has not signed in."""
        self.user_id = ""
        self._access_token = ""
        self._refresh_token = ""
        self._renewed_s = 0.0

    async def sign_in(self, port: int) -> None:
        """Become a new anonymous user; there are no trial credits here.

        Raises:
            StartError: The gateway refused.
        """
        answer = await self._ask_for_tokens(port, "auth/anonymous/signin", {})
        self.user_id = answer["user"]["id"]

    async def renew(self, port: int) -> None:
        """Get fresh tokens.

        Raises:
            StartError: The gateway refused.
        """
        await self._ask_for_tokens(port, "auth/refresh", {"refresh_token": self._refresh_token})

    def bearer(self) -> str | None:
        """Return the header that says who calls, or None while the token may be too old."""
        if time.monotonic() - self._renewed_s > _TOKEN_S:
            return None
        return f"{names.AUTHORIZATION}: Bearer {self._access_token}"

    async def ask_for_receipt(self, port: int, call: Call) -> None:
        """Ask what became of a call by its key, and of the same by its id; note it there.

        Raises:
            StartError: The gateway refused.
        """
        found = await self._get(port, f"calls?key={quote(call.key)}")
        receipts = found["calls"]
        if receipts:
            call.receipt = _receipt(receipts[0])
            by_id = await self._get(port, f"calls/{call.receipt.call_id}")
            call.same_by_id = _receipt(by_id) == call.receipt
        call.asked = True

    async def _get(self, port: int, rest: str) -> Any:
        return await _ask(port, f"GET {paywall(PAYWALL, '')}{rest}", self.bearer() or "x-none: 1")

    async def _ask_for_tokens(self, port: int, rest: str, body: dict[str, Any]) -> Any:
        line = f"POST {paywall(PAYWALL, rest)}"
        answer = await _ask(port, line, "Content-Type: application/json", json.dumps(body))
        self._access_token = answer["access_token"]
        self._refresh_token = answer["refresh_token"]
        self._renewed_s = time.monotonic()
        return answer


async def ask_for_receipts(port: int, people: Iterable[Person], calls: Iterable[Call]) -> None:
    """Ask for the receipts of keyed calls: first of those whose id nobody learned.

    Raises:
        StartError: The gateway refused to tell.
    """
    by_id = {person.user_id: person for person in people}
    keyed = sorted((c for c in calls if c.keyed and c.sends), key=lambda c: bool(c.call_ids()))
    turn = asyncio.Semaphore(_ASKED_AT_ONCE)

    async def ask(call: Call) -> None:
        async with turn:
            await by_id[call.user_id].ask_for_receipt(port, call)

    await asyncio.gather(*(ask(call) for call in keyed[:_ASKED_MAX]))


def _receipt(found: dict[str, Any]) -> Receipt:
    return Receipt(found["call_id"], found["state"], found["credits_charged"])


async def _ask(port: int, line: str, header: str, body: str = "") -> Any:
    """Make one request of which only success will do, and return its JSON."""
    async with asyncio.timeout(_PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            head = (f"{line} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", header)
            length = f"Content-Length: {len(body)}"
            writer.write("\r\n".join((*head, length, "", body)).encode())
            answer = await reader.read()
        finally:
            writer.close()
    told, _, content = answer.partition(b"\r\n\r\n")
    status = told.split(b" ")[1:2]
    if status != [b"200"]:
        path = line.partition("?")[0]
        raise StartError(f"the gateway answered {b''.join(status).decode()} to {path}")
    return json.loads(content)
