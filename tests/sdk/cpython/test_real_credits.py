"""Vouchers, and an owner's credits and debits, at the real gateway over a socket.

On CPython alone: the gateway runs there, and so does an owner's server.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.sdk_page import SdkPage
from tests.support.world import PAYWALL, TYPE, World, open_world
from tollbridge.gateway.commerce import VoucherOrder
from tollbridge.gateway.commerce.codes import new_code
from tollbridge.gateway.owner.vouchers import issue
from tollbridge.sdk import BillingClient, NetworkError, PaywallError
from tollbridge.sdk.transport import Request
from tollbridge.sdk.transport.http import HttpReply, HttpTransport


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Give a gateway."""
    async with open_world(tmp_path) as opened:
        yield opened


class LosesAnswers:
    """A connection that breaks once the gateway has answered, every other time."""

    def __init__(self) -> None:
        """Lose the first answer."""
        self.sent = 0
        self._transport = HttpTransport()

    async def __call__(self, request: Request) -> HttpReply:
        """Send a request, and perhaps lose its answer."""
        reply = await self._transport(request)
        self.sent += 1
        if self.sent % 2:
            while await reply.read() is not None:
                pass
            raise NetworkError("The answer was lost.")
        return reply

    async def aclose(self) -> None:
        """Give the connections back."""
        await self._transport.aclose()


async def test_a_voucher_gives_its_credits_once_and_wrong_ones_run_out(world: World) -> None:
    """The counter rises at once; a second time adds nothing; guessing is stopped."""
    page = SdkPage(world)
    await page.auth.sign_in_anonymously()
    await page.billing.get_balances()
    code = new_code()
    order = VoucherOrder(PAYWALL, TYPE, 5, 1, None)
    await world.write(issue(order, code, world.gateway.clock.now_ms()))
    for _ in range(2):
        left = await page.billing.redeem_voucher(code.reveal())
        assert (left.type, left.count, left.granted) == (TYPE, 25, 25)
    assert page.shown == [20, 25]
    codes = []
    while codes[-1:] != ["rate_limited"]:
        with pytest.raises(PaywallError) as caught:
            await page.billing.redeem_voucher("0000-0000-0000-0000-0000")
        codes.append(caught.value.code)
    assert set(codes[:-1]) == {"voucher_invalid"}
    assert caught.value.retry_after_s
    assert page.shown == [20, 25]
    await page.aclose()


async def test_an_owners_change_whose_answer_was_lost_happens_once(world: World) -> None:
    """Credits, debits and keys of the owner's own, each sent twice, each done once."""
    visitor = await world.sign_in()
    transport = LosesAnswers()
    billing = BillingClient(
        paywall_id=PAYWALL,
        api_origin=world.url,
        api_key=await world.add_key(),
        identity={"user_id": visitor.user_id},
        transport=transport,
    )
    assert (await billing.credit_tokens(type=TYPE, amount=5)).count == 25
    assert (await billing.credit_tokens(type=TYPE, amount=5)).count == 30
    assert (await billing.debit_tokens(type=TYPE, amount=3)).count == 27
    for _ in range(2):
        left = await billing.credit_tokens(type=TYPE, amount=1, idempotency_key="order-1")
        assert left.count == 28
    assert transport.sent == 10
    with pytest.raises(PaywallError) as caught:
        await billing.credit_tokens(type=TYPE, amount=2, idempotency_key="order-1")
    assert caught.value.code == "idempotency_mismatch"
    with pytest.raises(PaywallError) as caught:
        await billing.debit_tokens(type=TYPE, amount=100)
    assert (caught.value.code, caught.value.body["available"]) == ("insufficient", 28)
    assert await world.balance(visitor) == 28
    assert await world.verify() == []
    await transport.aclose()
