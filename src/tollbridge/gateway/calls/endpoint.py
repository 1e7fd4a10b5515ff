"""The call's ASGI endpoint: the carrier of `MeteredCall` on ASGI's receive and send.

Raw ASGI, since a framework's response object would stop watching for the page to leave.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from tollbridge.gateway import ledger
from tollbridge.gateway.calls.admission import Admission, Admitted
from tollbridge.gateway.calls.call import MeteredCall, RawHeaders, take_body
from tollbridge.gateway.calls.credit import Credit, Till
from tollbridge.gateway.calls.intake import Intake, Memory, Receive
from tollbridge.gateway.calls.quota import Hint, QuotaRefusal
from tollbridge.gateway.calls.request import CallRequest, read_request
from tollbridge.gateway.connection import LOST
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.providers.headers import to_provider
from tollbridge.gateway.providers.http import Upstream

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class AsgiAnswer:
    """`call.Answer` over ASGI's send."""

    def __init__(self, send: Send) -> None:
        """Answer through `send`, which waits while the page does not keep up."""
        self._send = send

    async def start(self, status: int, headers: RawHeaders) -> None:
        """See `Answer.start`."""
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def send(self, chunk: bytes) -> None:
        """See `Answer.send`."""
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def finish(self) -> None:
        """See `Answer.finish`."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


@dataclass(frozen=True, slots=True)
class CallEndpoint:
    """`GET|POST /api/v1/api-gateway/{providerId}[/{path}]`."""

    admission: Admission
    till: Till
    upstream: Upstream
    memory: Memory
    hint: Hint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one call.

        Raises:
            Refusal: It was refused; the error boundary answers.
            PageLeft: The page has left.
            BrokenOff: The answer must not be finished.
        """
        request = read_request(scope)
        admitted = await self.admission.admit(request)
        headers = to_provider(admitted.provider, request.headers)
        intake = Intake(receive, self.memory, self.till.limits, scope.get(LOST))
        try:
            body = await take_body(request, admitted.provider, intake)
            credit = await self._hold(request, admitted)
            call = MeteredCall(
                request=request,
                provider=admitted.provider,
                headers=headers,
                upstream=self.upstream,
                limits=self.till.limits,
                intake=intake,
                answer=AsgiAnswer(send),
                credit=credit,
                body=body,
            )
            del body  # the call lets go of it once it has gone out
            await call.run()
        finally:
            intake.close()

    async def _hold(self, request: CallRequest, admitted: Admitted) -> Credit:
        provider = admitted.provider
        order = ledger.HoldOrder(
            call_id=new_id("call"),
            attempt=1,
            epoch_id=self.till.epoch_id,
            paywall_id=request.paywall_id,
            user_id=admitted.identity.user_id,
            provider_id=provider.provider_id,
            query_type=provider.query_type,
            amount=provider.cost,
        )
        credit = Credit(self.till, order)
        refused = await credit.hold()
        if refused is not None:
            raise QuotaRefusal(
                refused,
                paywall=admitted.paywall,
                query_type=order.query_type,
                cost=order.amount,
                call_id=order.call_id,
                hint=self.hint(order.paywall_id, order.user_id, order.query_type),
            )
        return credit
