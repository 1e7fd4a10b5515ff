"""The counter falls when an answer starts, and never jumps back."""

import asyncio

import pytest

from tests.sdk.conftest import Page
from tests.support.asgi_transport import AsgiTransport
from tests.support.contract_gateway import (
    PROVIDER,
    ContractGateway,
    Exchanged,
    cut,
    exact,
    type_only,
    untold,
)
from tollbridge.sdk import Balance, NetworkError, PaywallError
from tollbridge.wire import headers as names


@pytest.fixture
async def counting(signed_in: Page) -> Page:
    """Give a page that shows 20 of 20."""
    await signed_in.billing.get_balances()
    return signed_in


async def until_read(page: Page, contract: ContractGateway, readings: int) -> None:
    """Return once the gateway was asked that often and the page has the answer."""
    await contract.until("balances", readings)
    await page.billing.refresh_balances()


async def test_a_call_lowers_the_counter_before_its_body_came(
    counting: Page, contract: ContractGateway
) -> None:
    """When `call` returns the counter has fallen, and no second request was needed."""
    before = len(contract.requests_to("balances"))
    response = await counting.gateway.call(provider_id=PROVIDER)
    assert counting.shown == [20, 19]
    await response.bytes()
    assert len(contract.requests_to("balances")) == before


async def test_what_the_gateway_says_is_left_counts(
    counting: Page, contract: ContractGateway
) -> None:
    """Credits spent elsewhere meanwhile show at once: the answer says what is left."""
    contract.change("user_1", -5)
    await (await counting.gateway.call(provider_id=PROVIDER)).bytes()
    assert counting.shown == [20, 14]


async def test_answers_out_of_order_never_raise_the_counter(
    counting: Page, contract: ContractGateway
) -> None:
    """The answer of an earlier call that arrives later does not bring its older count back."""
    late = iter([exact(Balance("standard", 18, 3)), exact(Balance("standard", 19, 2))])
    contract.charge_headers = lambda row: next(late)
    await (await counting.gateway.call(provider_id=PROVIDER)).bytes()
    await (await counting.gateway.call(provider_id=PROVIDER)).bytes()
    assert counting.shown == [20, 18]


async def test_a_reading_that_was_overtaken_is_ignored(
    counting: Page, contract: ContractGateway
) -> None:
    """Balances asked for before a charge and answered after it do not undo the charge."""
    contract.held["balances"] = asyncio.Event()
    before = len(contract.requests_to("balances"))
    reading = asyncio.create_task(counting.billing.get_balances(force=True))
    await contract.until("balances", before + 1)
    await (await counting.gateway.call(provider_id=PROVIDER)).bytes()
    contract.held["balances"].set()
    assert (await reading)[0].count == 19
    assert counting.shown == [20, 19]


async def test_a_charge_before_the_first_reading_is_not_forgotten(
    signed_in: Page, contract: ContractGateway
) -> None:
    """An older first reading, answered after a charge, shows what the charge said."""
    contract.held["balances"] = asyncio.Event()
    reading = asyncio.create_task(signed_in.billing.get_balances())
    await contract.until("balances")
    await (await signed_in.gateway.call(provider_id=PROVIDER)).bytes()
    contract.held["balances"].set()
    await reading
    assert signed_in.shown == [19]


async def test_a_type_alone_costs_one(counting: Page, contract: ContractGateway) -> None:
    """A gateway that names only the type, as the published contract has it, lowers by one."""
    contract.charge_headers = type_only
    await (await counting.gateway.call(provider_id=PROVIDER)).bytes()
    await (await counting.gateway.call(provider_id=PROVIDER)).bytes()
    assert counting.shown == [20, 19, 18]


async def test_without_versions_a_late_reading_does_not_undo_a_charge(
    transport: AsgiTransport,
) -> None:
    """What was spent after the balances were asked for stays subtracted until the next reading."""
    contract = ContractGateway(versions=False)
    contract.charge_headers = type_only
    page = Page(AsgiTransport(contract))
    await page.auth.sign_in_anonymously()
    await page.billing.get_balances()
    contract.held["balances"] = asyncio.Event()
    before = len(contract.requests_to("balances"))
    reading = asyncio.create_task(page.billing.get_balances(force=True))
    await contract.until("balances", before + 1)
    await (await page.gateway.call(provider_id=PROVIDER)).bytes()
    contract.held["balances"].set()
    await reading
    assert page.shown == [20, 19]
    await page.billing.get_balances(force=True)
    assert page.shown == [20, 19]


async def test_without_a_type_the_balances_are_read_once(
    counting: Page, contract: ContractGateway
) -> None:
    """When only the gateway knows what a call cost, it is asked exactly once."""
    contract.charge_headers = untold
    before = len(contract.requests_to("balances"))
    await (await counting.gateway.call(provider_id=PROVIDER)).bytes()
    await counting.until_shown(20, 19)
    assert len(contract.requests_to("balances")) == before + 1


async def test_a_call_that_cost_nothing_asks_nobody(
    counting: Page, contract: ContractGateway
) -> None:
    """A charge of 0 neither lowers the counter nor reads the balances."""
    contract.charge_headers = lambda row: {names.CREDITS_CHARGED: "0"}
    before = len(contract.requests_to("balances"))
    await (await counting.gateway.call(provider_id=PROVIDER)).bytes()
    assert counting.shown == [20]
    assert len(contract.requests_to("balances")) == before


async def test_a_type_that_is_not_on_show_is_read(
    counting: Page, contract: ContractGateway
) -> None:
    """A charge on a type that the page does not know yet makes it read the whole list."""
    contract.balances["user_1"].append(Balance("advanced", 4, 7, 5))
    contract.charge_headers = lambda row: {
        names.QUERY_TYPE: "advanced",
        names.CREDITS_CHARGED: "1",
        names.CREDITS_REMAINING: "4",
        names.BALANCE_VERSION: "7",
    }
    before = len(contract.requests_to("balances"))
    await (await counting.gateway.call(provider_id=PROVIDER)).bytes()
    await until_read(counting, contract, before + 1)
    cached = counting.billing.get_cached_balances()
    assert cached is not None
    assert [row.type for row in cached] == ["standard", "advanced"]


async def test_an_answer_that_broke_off_is_asked_about(
    counting: Page, contract: ContractGateway
) -> None:
    """Whether a broken answer was given back only the gateway knows, so it is asked."""

    async def break_off(call: Exchanged) -> None:
        await call.send(b"some")
        contract.change("user_1", +1)  # a reversal
        await cut(call)

    contract.script = break_off
    before = len(contract.requests_to("balances"))
    response = await counting.gateway.call(provider_id=PROVIDER)
    with pytest.raises(NetworkError):
        await response.bytes()
    await until_read(counting, contract, before + 1)
    assert counting.shown == [20, 19, 20]


async def test_a_call_without_an_answer_is_asked_about(
    counting: Page, contract: ContractGateway
) -> None:
    """A call that was cut before its headers may have cost something."""
    contract.answers["call"] = cut
    before = len(contract.requests_to("balances"))
    with pytest.raises(NetworkError):
        await counting.gateway.call(provider_id=PROVIDER)
    await until_read(counting, contract, before + 1)


async def test_a_refused_call_costs_nothing_and_asks_nobody(
    counting: Page, contract: ContractGateway
) -> None:
    """A refusal is free, so the counter stays and nothing is read."""

    async def refuse(call: Exchanged) -> None:
        await call.refuse("provider_unreachable")

    contract.answers["call"] = refuse
    before = len(contract.requests_to("balances"))
    with pytest.raises(PaywallError):
        await counting.gateway.call(provider_id=PROVIDER)
    assert counting.shown == [20]
    assert len(contract.requests_to("balances")) == before


async def test_a_local_decrement_follows_the_contract(
    counting: Page, contract: ContractGateway
) -> None:
    """A known type falls by one and never below zero; an unknown type tells nobody."""
    counting.billing.decrement_balance_local("advanced")
    assert counting.shown == [20]
    for _ in range(25):
        counting.billing.decrement_balance_local("standard")
    assert counting.shown == list(range(20, -1, -1))


async def test_a_local_decrement_of_nothing_loaded_does_nothing(signed_in: Page) -> None:
    """Before the first reading there is nothing to lower."""
    signed_in.billing.decrement_balance_local("standard")
    assert signed_in.billing.get_cached_balances() is None


async def test_a_change_while_balances_are_read_reads_them_once_more(
    counting: Page, contract: ContractGateway
) -> None:
    """A reading that began before the change is followed by one more, not by many."""
    contract.held["balances"] = asyncio.Event()
    before = len(contract.requests_to("balances"))
    reading = asyncio.create_task(counting.billing.get_balances(force=True))
    await contract.until("balances", before + 1)
    contract.change("user_1", -3)
    counting.billing.decrement_balance_local()
    counting.billing.decrement_balance_local()
    contract.held["balances"].set()
    assert (await reading)[0].count == 17
    assert len(contract.requests_to("balances")) == before + 2
