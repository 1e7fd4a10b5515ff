"""A voucher is redeemed once, and its credits show at once."""

import asyncio

from tests.support.everywhere.contract import (
    CUT,
    PAYWALL,
    Contract,
    json_answer,
    refusal,
    wait_for,
)
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import (
    Balance,
    BillingClient,
    ConfigError,
    NetworkError,
    PaywallError,
    SessionError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk.transport import Transport

# What the gateway says of a good code.
GIVEN: "dict[str, Any]" = {
    "type": "standard",
    "amount": 5,
    "balances": [{"type": "standard", "count": 25, "version": 2, "granted": 25}],
}


async def test_its_credits_show_at_once(signed_in: Page, contract: Contract) -> None:
    """The answer has every balance, so nobody is asked for them."""
    await signed_in.billing.get_balances()
    before = await contract.count("balances")
    await contract.answers("redeem", [json_answer(GIVEN)])
    left = await signed_in.billing.redeem_voucher(" TEN-FREE \n")
    assert left == Balance("standard", 25, 2, 25)
    assert signed_in.shown == [20, 25]
    (sent,) = await contract.requests_to("redeem")
    assert sent.method == "POST"
    assert sent.address == f"/api/v1/paywall/{PAYWALL}/vouchers/redeem"
    assert sent.body == b'{"code": "TEN-FREE"}'
    assert sent.headers["authorization"].startswith("Bearer ")
    assert await contract.count("balances") == before


async def test_a_lost_answer_is_asked_for_once_more(signed_in: Page, contract: Contract) -> None:
    """The gateway knows who had a voucher, so asking again is safe; twice lost is raised."""
    await contract.answers("redeem", CUT, [json_answer(GIVEN)])
    assert (await signed_in.billing.redeem_voucher("TEN")).count == 25
    await contract.answers("redeem", CUT)
    with raises(NetworkError):
        await signed_in.billing.redeem_voucher("TEN")


@cases(
    ("answer", "code", "retry_after_s"),
    [
        (refusal("voucher_invalid", "This code is not good."), "voucher_invalid", None),
        (
            json_answer(
                {"error": "rate_limited", "message": "Too many."}, 429, {"retry-after": "90"}
            ),
            "rate_limited",
            90,
        ),
    ],
)
async def test_a_refusal_says_why(
    signed_in: Page, contract: Contract, answer: list, code: str, retry_after_s: "int | None"
) -> None:
    """A code that is not good, and too many of them; the counter stays."""
    await signed_in.billing.get_balances()
    await contract.answers("redeem", [answer])
    with raises(PaywallError) as caught:
        await signed_in.billing.redeem_voucher("WRONG")
    assert (caught.value.code, caught.value.retry_after_s) == (code, retry_after_s)
    assert await contract.count("redeem") == 1
    assert signed_in.shown == [20]


async def test_it_wants_somebody_signed_in(page: Page, contract: Contract) -> None:
    """Signed out the gateway says so."""
    await contract.answers("redeem", [refusal("invalid_token")])
    with raises(SessionError):
        await page.billing.redeem_voucher("TEN")


@cases("code", ["", "  ", None, 5])
async def test_it_wants_a_code(signed_in: Page, contract: Contract, code: "Any") -> None:
    """Nothing is sent for nothing."""
    with raises(ConfigError) as caught:
        await signed_in.billing.redeem_voucher(code)
    assert caught.value.code == "invalid_argument"
    assert await contract.count("redeem") == 0


async def test_it_wants_auth(transport: "Transport", origin: str, contract: Contract) -> None:
    """A client without a session source has nobody to redeem it for."""
    billing = BillingClient(paywall_id=PAYWALL, api_origin=origin, transport=transport)
    with raises(ConfigError):
        await billing.redeem_voucher("TEN")
    assert await contract.count() == 0


async def test_an_answer_for_the_user_before_is_not_shown(
    signed_in: Page, contract: Contract
) -> None:
    """Who signs in while it is on its way does not get the other one's balance on screen."""
    await signed_in.billing.get_balances()
    await contract.answers("redeem", [wait_for("later"), json_answer(GIVEN)])
    redeeming = asyncio.create_task(signed_in.billing.redeem_voucher("TEN"))
    await contract.until("redeem")
    await signed_in.auth.sign_out(forget_anonymous=True)
    await signed_in.auth.sign_in_anonymously()
    await contract.go_on("later")
    assert (await redeeming).count == 25
    assert await signed_in.billing.get_balances() == [Balance("standard", 20, 1, 20)]
    assert 25 not in signed_in.shown
