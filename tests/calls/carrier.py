"""A carrier of a test's own, which can fail where a socket cannot be made to."""

import asyncio
from typing import Any

from tests.support.world import CALL, PROVIDER, Visitor, World
from tollbridge.gateway import ledger
from tollbridge.gateway.calls.answer import RawHeaders
from tollbridge.gateway.calls.call import MeteredCall
from tollbridge.gateway.calls.credit import Credit
from tollbridge.gateway.calls.going import Going
from tollbridge.gateway.calls.intake import Intake, Memory
from tollbridge.gateway.calls.request import read_request
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.observing.record import RequestRecord
from tollbridge.gateway.settings import Limits


class Carrier:
    """The page's side of a call, going out; `fails_at` names the step that fails or never ends."""

    def __init__(self, *, fails_at: str = "", waits_at: str = "") -> None:
        """Prepare it."""
        self._fails_at = fails_at
        self._waits_at = waits_at
        self.status = 0
        self.body = b""
        self.finished = False

    async def start(self, status: int, headers: RawHeaders) -> None:
        """See `call.Answer`."""
        await self._step("start")
        self.status = status

    async def send(self, chunk: bytes) -> None:
        """See `call.Answer`."""
        await self._step("send")
        self.body += chunk

    async def finish(self) -> None:
        """See `call.Answer`."""
        await self._step("finish")
        self.finished = True

    async def _step(self, name: str) -> None:
        if name == self._fails_at:
            raise RuntimeError(f"the carrier broke down at {name}")
        if name == self._waits_at:
            await asyncio.Event().wait()


async def carry(
    world: World, visitor: Visitor, carrier: Carrier, headers: list[tuple[str, str]] | None = None
) -> None:
    """Run a call of a visitor, admitted and held, over a carrier.

    Args:
        world: The gateway whose parts are used.
        visitor: Whose credit it is.
        carrier: What brings the answer to the page.
        headers: What goes to the provider, unfiltered.

    Raises:
        Exception: As `MeteredCall.run`.
    """
    scope = {"method": "GET", "raw_path": f"{CALL}/v1/things".encode()}
    scope |= {"query_string": b"paywall_id=pw_test", "headers": []}
    provider = await world.gateway.registry.find(PROVIDER)
    assert provider is not None
    order = ledger.HoldOrder(
        call_id=new_id("call"),
        attempt=1,
        epoch_id=world.gateway.till.heart.epoch_id,
        paywall_id=visitor.paywall_id,
        user_id=visitor.user_id,
        provider_id=provider.provider_id,
        query_type=provider.query_type,
        amount=provider.cost,
    )
    credit = Credit(world.gateway.till, order, provider.charge_on)
    assert await credit.hold() is None
    going = Going(
        request=read_request(scope),
        provider=provider,
        cost=provider.cost,
        headers=headers or [],
        body=None,
        upstream=world.gateway.upstream,
        limits=world.gateway.till.limits,
        intake=Intake(_stay, Memory(), Limits()),
        answer=carrier,
        credit=credit,
        record=RequestRecord("req_test", "GET", 0),
    )
    await MeteredCall(going).run()


async def _stay() -> dict[str, Any]:
    """An ASGI `receive` of a page that has sent everything and stays."""
    await asyncio.Event().wait()
    return {}
