"""The counter falls when an answer starts, and never jumps back."""

import asyncio

from tests.support.everywhere.contract import (
    CUT,
    PROVIDER,
    Contract,
    change,
    refusal,
    send,
    wait_for,
)
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import raises
from tollbridge.sdk import Balance, NetworkError, PaywallError
from tollbridge.wire import headers as names


async def show_twenty(page: Page) -> None:
    """Have a page show 20 of 20."""
    await page.billing.get_balances()


def charged(row: Balance) -> dict[str, str]:
    """Return what our gateway says of a call that cost one credit."""
    return {
        names.QUERY_TYPE: row.type,
        names.CREDITS_CHARGED: "1",
        names.CREDITS_REMAINING: str(row.count),
        names.BALANCE_VERSION: str(row.version),
    }


async def until_read(page: Page, contract: Contract, readings: int) -> None:
    """Return once the gateway was asked that often and the page has the answer."""
    await contract.until("balances", readings)
    await page.billing.refresh_balances()


async def test_a_call_lowers_the_counter_before_its_body_came(
    signed_in: Page, contract: Contract
) -> None:
    """When `call` returns the counter has fallen, and no second request was needed."""
    await show_twenty(signed_in)
    before = await contract.count("balances")
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    assert signed_in.shown == [20, 19]
    await response.bytes()
    assert await contract.count("balances") == before


async def test_what_the_gateway_says_is_left_counts(signed_in: Page, contract: Contract) -> None:
    """Credits spent elsewhere meanwhile show at once: the answer says what is left."""
    await show_twenty(signed_in)
    await contract.change(-5)
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    assert signed_in.shown == [20, 14]


async def test_answers_out_of_order_never_raise_the_counter(
    signed_in: Page, contract: Contract
) -> None:
    """The answer of an earlier call that arrives later does not bring its older count back."""
    await show_twenty(signed_in)
    late = charged(Balance("standard", 19, 2))
    await contract.says_of_charges(charged(Balance("standard", 18, 3)), late)
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    assert signed_in.shown == [20, 18]


async def test_a_reading_that_was_overtaken_is_ignored(signed_in: Page, contract: Contract) -> None:
    """Balances asked for before a charge and answered after it do not undo the charge."""
    await show_twenty(signed_in)
    await contract.hold("balances")
    before = await contract.count("balances")
    reading = asyncio.create_task(signed_in.billing.get_balances(force=True))
    await contract.until("balances", before + 1)
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await contract.release("balances")
    assert (await reading)[0].count == 19
    assert signed_in.shown == [20, 19]


async def test_a_charge_before_the_first_reading_is_not_forgotten(
    signed_in: Page, contract: Contract
) -> None:
    """An older first reading, answered after a charge, shows what the charge said."""
    await contract.hold("balances")
    reading = asyncio.create_task(signed_in.billing.get_balances())
    await contract.until("balances")
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await contract.release("balances")
    await reading
    assert signed_in.shown == [19]


async def test_a_type_alone_costs_one(signed_in: Page, contract: Contract) -> None:
    """A gateway that names only the type, as the published contract has it, lowers by one."""
    await show_twenty(signed_in)
    await contract.says_of_charges("type_only")
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    assert signed_in.shown == [20, 19, 18]


async def test_without_versions_a_late_reading_does_not_undo_a_charge(
    page: Page, contract: Contract
) -> None:
    """What was spent after the balances were asked for stays subtracted until the next reading."""
    await contract.forgets_versions()
    await contract.says_of_charges("type_only")
    await page.auth.sign_in_anonymously()
    await page.billing.get_balances()
    await contract.hold("balances")
    before = await contract.count("balances")
    reading = asyncio.create_task(page.billing.get_balances(force=True))
    await contract.until("balances", before + 1)
    await (await page.gateway.call(provider_id=PROVIDER)).bytes()
    await contract.release("balances")
    await reading
    assert page.shown == [20, 19]
    await page.billing.get_balances(force=True)
    assert page.shown == [20, 19]


async def test_without_a_type_the_balances_are_read_once(
    signed_in: Page, contract: Contract
) -> None:
    """When only the gateway knows what a call cost, it is asked exactly once."""
    await show_twenty(signed_in)
    await contract.says_of_charges("untold")
    before = await contract.count("balances")
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await signed_in.until_shown(20, 19)
    assert await contract.count("balances") == before + 1


async def test_a_call_that_cost_nothing_asks_nobody(signed_in: Page, contract: Contract) -> None:
    """A charge of 0 neither lowers the counter nor reads the balances."""
    await show_twenty(signed_in)
    await contract.says_of_charges({names.CREDITS_CHARGED: "0"})
    before = await contract.count("balances")
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    assert signed_in.shown == [20]
    assert await contract.count("balances") == before


async def test_a_type_that_is_not_on_show_is_read(signed_in: Page, contract: Contract) -> None:
    """A charge on a type that the page does not know yet makes it read the whole list."""
    await show_twenty(signed_in)
    await contract.give("user_1", "advanced", 4, 7, 5)
    await contract.says_of_charges(charged(Balance("advanced", 4, 7, 5)))
    before = await contract.count("balances")
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    await until_read(signed_in, contract, before + 1)
    cached = signed_in.billing.get_cached_balances()
    assert cached is not None
    assert [row.type for row in cached] == ["standard", "advanced"]


async def test_an_answer_that_broke_off_is_asked_about(signed_in: Page, contract: Contract) -> None:
    """Whether a broken answer was given back only the gateway knows, so it is asked."""
    await show_twenty(signed_in)
    # A reversal, then the cut; a browser throws away what nobody has read when it comes.
    await contract.goes_on(send(b"some"), change(+1), wait_for("cut"))
    before = await contract.count("balances")
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    await contract.go_on("cut")
    with raises(NetworkError):
        await response.bytes()
    await until_read(signed_in, contract, before + 1)
    assert signed_in.shown == [20, 19, 20]


async def test_a_call_without_an_answer_is_asked_about(signed_in: Page, contract: Contract) -> None:
    """A call that was cut before its headers may have cost something."""
    await show_twenty(signed_in)
    await contract.answers("call", CUT)
    before = await contract.count("balances")
    with raises(NetworkError):
        await signed_in.gateway.call(provider_id=PROVIDER)
    await until_read(signed_in, contract, before + 1)


async def test_a_refused_call_costs_nothing_and_asks_nobody(
    signed_in: Page, contract: Contract
) -> None:
    """A refusal is free, so the counter stays and nothing is read."""
    await show_twenty(signed_in)
    await contract.answers("call", [refusal("provider_unreachable")])
    before = await contract.count("balances")
    with raises(PaywallError):
        await signed_in.gateway.call(provider_id=PROVIDER)
    assert signed_in.shown == [20]
    assert await contract.count("balances") == before


async def test_a_local_decrement_follows_the_contract(signed_in: Page, contract: Contract) -> None:
    """A known type falls by one and never below zero; an unknown type tells nobody."""
    await show_twenty(signed_in)
    signed_in.billing.decrement_balance_local("advanced")
    assert signed_in.shown == [20]
    for _ in range(25):
        signed_in.billing.decrement_balance_local("standard")
    assert signed_in.shown == list(range(20, -1, -1))


async def test_a_local_decrement_of_nothing_loaded_does_nothing(signed_in: Page) -> None:
    """Before the first reading there is nothing to lower."""
    signed_in.billing.decrement_balance_local("standard")
    assert signed_in.billing.get_cached_balances() is None


async def test_a_change_while_balances_are_read_reads_them_once_more(
    signed_in: Page, contract: Contract
) -> None:
    """A reading that began before the change is followed by one more, not by many."""
    await show_twenty(signed_in)
    await contract.hold("balances")
    before = await contract.count("balances")
    reading = asyncio.create_task(signed_in.billing.get_balances(force=True))
    await contract.until("balances", before + 1)
    await contract.change(-3)
    signed_in.billing.decrement_balance_local()
    signed_in.billing.decrement_balance_local()
    await contract.release("balances")
    assert (await reading)[0].count == 17
    assert await contract.count("balances") == before + 2
