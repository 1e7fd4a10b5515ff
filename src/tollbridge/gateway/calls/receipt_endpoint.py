"""Receipts over HTTP: what became of one's own calls."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.calls.receipts import find_call, find_call_by_key, receipt
from tollbridge.gateway.calls.repeats import Claims
from tollbridge.gateway.database import Database
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import IdentityEndpoints
from tollbridge.gateway.json_body import answer_json
from tollbridge.gateway.owner.once import read_key


class ReceiptEndpoint:
    """`GET /api/v1/paywall/{id}/calls/{callId}` and `GET /api/v1/paywall/{id}/calls?key=`."""

    def __init__(self, identity: IdentityEndpoints, database: Database, claims: Claims) -> None:
        """Join the parts."""
        self._identity = identity
        self._database = database
        self._claims = claims

    async def show(self, request: Request) -> Response:
        """Answer with the receipt of a call of one's own.

        Raises:
            Refusal: `call_not_found`, also for the call of another user or paywall.
        """
        paywall, identity = await self._identity.admit_user(request)
        call_id = request.path_params["call_id"]
        # Asked of the writer, behind whatever is queued: the end of a call that has just finished.
        call = await self._database.write(find_call(call_id))
        if not _is_theirs(call, paywall.paywall_id, identity.user_id):
            raise Refusal("call_not_found", f"You have no call {call_id!r}.")
        assert call is not None
        return answer_json(receipt(call))

    async def find(self, request: Request) -> Response:
        """Answer with the receipt of the call that was made under a key: a list of one or none.

        Raises:
            Refusal: `invalid_request`: there is no key, or it cannot be one.
        """
        paywall, identity = await self._identity.admit_user(request)
        key = read_key(request.query_params.get("key"))
        if key is None:
            raise Refusal("invalid_request", "Name the key of the call: ?key=…")
        key_hash = self._claims.key_hash(paywall.paywall_id, identity.user_id, key)
        call = await self._database.write(find_call_by_key(key_hash))
        return answer_json({"calls": [] if call is None else [receipt(call)]})


def _is_theirs(call: dict[str, Any] | None, paywall_id: str, user_id: str) -> bool:
    return call is not None and (call["paywall_id"], call["user_id"]) == (paywall_id, user_id)
