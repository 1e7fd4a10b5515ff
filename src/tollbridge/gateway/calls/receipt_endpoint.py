"""Receipts over HTTP: what became of one's own call."""

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.calls.receipts import find_call, receipt
from tollbridge.gateway.database import Database
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import IdentityEndpoints
from tollbridge.gateway.json_body import answer_json


class ReceiptEndpoint:
    """`GET /api/v1/paywall/{id}/calls/{callId}`."""

    def __init__(self, identity: IdentityEndpoints, database: Database) -> None:
        """Join the parts."""
        self._identity = identity
        self._database = database

    async def show(self, request: Request) -> Response:
        """Answer with the receipt of a call of one's own.

        Raises:
            Refusal: `call_not_found`, also for the call of another user or paywall.
        """
        paywall, identity = await self._identity.admit_user(request)
        call_id = request.path_params["call_id"]
        # Asked of the writer, behind whatever is queued: the end of a call that has just finished.
        call = await self._database.write(find_call(call_id))
        if call is None or (call["paywall_id"], call["user_id"]) != (
            paywall.paywall_id,
            identity.user_id,
        ):
            raise Refusal("call_not_found", f"You have no call {call_id!r}.")
        return answer_json(receipt(call))
