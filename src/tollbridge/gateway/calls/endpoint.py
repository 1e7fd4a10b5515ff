"""The call's ASGI endpoint: the carrier of `MeteredCall` on ASGI's receive and send.

Raw ASGI, since a framework's response object would stop watching for the page to leave.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tollbridge.gateway import ledger
from tollbridge.gateway.address import Addresses
from tollbridge.gateway.calls.admission import Admission, Admitted
from tollbridge.gateway.calls.answer import RawHeaders
from tollbridge.gateway.calls.body import take_body
from tollbridge.gateway.calls.call import MeteredCall
from tollbridge.gateway.calls.credit import Credit, Till
from tollbridge.gateway.calls.going import Going
from tollbridge.gateway.calls.intake import Intake, Memory, Receive
from tollbridge.gateway.calls.limits import CallLimits
from tollbridge.gateway.calls.quota import Hint, QuotaRefusal
from tollbridge.gateway.calls.repeats import Charged, Claims
from tollbridge.gateway.calls.replays import Answered, Replays
from tollbridge.gateway.calls.request import CallRequest, read_request
from tollbridge.gateway.connection import LOST
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.observing.record import RECORD, RequestRecord
from tollbridge.gateway.providers.headers import to_provider as headers_to_provider
from tollbridge.gateway.providers.http import Upstream
from tollbridge.wire import headers as names

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
    """`GET|POST /api/v1/api-gateway/{providerId}[/{path}]`, `POST …/api-gateway/{templateId}`."""

    admission: Admission
    addresses: Addresses
    limits: CallLimits
    claims: Claims
    replays: Replays
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
        record: RequestRecord = scope[RECORD]
        request = read_request(scope)
        admitted = await self.admission.admit(request)
        provider, user_id = admitted.provider, admitted.identity.user_id
        to_provider = admitted.to_provider
        record.paywall_id, record.user_id = request.paywall_id, user_id
        record.provider_id = request.called_id  # behind a template its provider stays unnamed
        cost = provider.cost_of(to_provider.method, to_provider.path)
        # An owner's server speaks for many users; its key is what it is trusted by.
        by_owner = not admitted.identity.session_id
        address = None if by_owner else self.addresses.subject_of(scope)
        slot = self.limits.enter(user_id, address, free=cost == 0)
        intake = Intake(receive, self.memory, self.till.limits, scope.get(LOST))
        try:
            headers = headers_to_provider(provider, to_provider.headers)
            record.lap("admit")
            taken = await take_body(request, provider, intake, admitted.template)
            record.lap("body")
            order = self._order(request, admitted, cost, taken.gathered)
            credit = Credit(self.till, order, provider.charge_on)
            answer = AsgiAnswer(send)
            try:
                if not await self._hold(credit, admitted, answer):
                    return
                record.lap("hold")
                going = Going(
                    request=to_provider,
                    provider=provider,
                    cost=cost,
                    headers=headers,
                    body=taken.body,
                    upstream=self.upstream,
                    limits=self.till.limits,
                    intake=intake,
                    answer=answer,
                    credit=credit,
                    record=record,
                    keep=self._keeper(order),
                    sealed=admitted.template is not None,
                )
                del taken  # the call lets go of it once it has gone out
                await MeteredCall(going).run()
            finally:
                if credit.call_id:
                    record.call_id, record.outcome = credit.call_id, credit.outcome
                    record.credits = credit.charged
        finally:
            intake.close()
            slot.leave()

    def _order(
        self, request: CallRequest, admitted: Admitted, cost: int, gathered: bytes | None
    ) -> ledger.HoldOrder:
        provider = admitted.provider
        order = ledger.HoldOrder(
            call_id=new_id("call"),
            attempt=1,
            epoch_id=self.till.heart.epoch_id,
            paywall_id=request.paywall_id,
            user_id=admitted.identity.user_id,
            provider_id=request.called_id,
            query_type=provider.query_type,
            amount=cost,
        )
        return self.claims.claim(order, request, gathered)

    def _keeper(self, order: ledger.HoldOrder) -> Callable[[Answered], None] | None:
        return None if order.key_hash is None else partial(self.replays.keep, order.key_hash)

    async def _hold(self, credit: Credit, admitted: Admitted, answer: AsgiAnswer) -> bool:
        """Hold the credit; False where the call was a repeat and has its answer already."""
        try:
            refused = await credit.hold()
        except Refusal as running:
            if running.code != "call_in_progress":
                raise
            # Where its answer is here it is over: only its end is still on its way to the store.
            await self._replay(credit.order, running, answer)
            return False
        if refused is None:
            return True
        order = credit.order
        if isinstance(refused, Charged):
            await self._replay(order, refused.refusal(), answer)
            return False
        raise QuotaRefusal(
            refused,
            paywall=admitted.paywall,
            query_type=order.query_type,
            cost=order.amount,
            call_id=order.call_id,
            hint=self.hint(order.paywall_id, order.user_id, order.query_type),
        )

    async def _replay(
        self, order: ledger.HoldOrder, otherwise: Refusal, answer: AsgiAnswer
    ) -> None:
        kept = None if order.key_hash is None else self.replays.find(order.key_hash)
        if kept is None:
            raise otherwise
        replayed = (names.IDEMPOTENT_REPLAYED.encode(), b"true")
        await answer.start(kept.status, [*kept.headers, replayed])
        if kept.body:
            await answer.send(kept.body)
        await answer.finish()
