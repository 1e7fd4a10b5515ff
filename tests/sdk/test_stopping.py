"""Whoever stops a call stops it at the gateway too, wherever it is just then."""

import asyncio

import pytest

from tests.sdk.conftest import Page
from tests.support.contract_gateway import PROVIDER, ContractGateway, Exchanged
from tollbridge.sdk import AbortController, AbortedError, Response


async def wait_for_leave(call: Exchanged) -> None:
    """Send one chunk, then nothing, until the client is gone."""
    await call.send(b"a")
    await call.until_left()


async def say_nothing(call: Exchanged) -> None:
    """Do not even send headers."""
    await call.until_left()


@pytest.fixture
async def streaming(signed_in: Page, contract: ContractGateway) -> Page:
    """Give a page whose provider sends one chunk and then takes its time."""
    contract.script = wait_for_leave
    return signed_in


async def test_an_aborted_signal_sends_nothing(signed_in: Page, contract: ContractGateway) -> None:
    """A call that was stopped before it began never begins."""
    controller = AbortController()
    controller.abort()
    with pytest.raises(AbortedError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    assert caught.value.code == "aborted"
    assert contract.requests_to("call") == []


async def test_a_signal_stops_a_call_that_waits_for_headers(
    signed_in: Page, contract: ContractGateway
) -> None:
    """While the provider thinks, the signal ends the call and the gateway hears of it."""
    contract.answers["call"] = say_nothing
    controller = AbortController()
    calling = asyncio.create_task(
        signed_in.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    )
    call = await contract.until("call")
    controller.abort()
    with pytest.raises(AbortedError):
        await calling
    await call.left.wait()


async def read_to_the_end(response: Response, first: asyncio.Event) -> None:
    """Read chunks, and say when the first one is here."""
    async for _ in response:
        first.set()


async def test_a_signal_stops_a_stream(streaming: Page, contract: ContractGateway) -> None:
    """A reading that waits for the next chunk raises, and the gateway hears of it."""
    controller = AbortController()
    response = await streaming.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    first = asyncio.Event()
    reading = asyncio.create_task(read_to_the_end(response, first))
    await first.wait()
    controller.abort()
    with pytest.raises(AbortedError):
        await reading
    await contract.requests_to("call")[0].left.wait()
    with pytest.raises(AbortedError):
        await response.bytes()


async def test_a_signal_stops_an_answer_that_nobody_reads_yet(
    streaming: Page, contract: ContractGateway
) -> None:
    """Between `call` and the first reading the signal acts all the same."""
    controller = AbortController()
    response = await streaming.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    controller.abort()
    with pytest.raises(AbortedError):
        await response.bytes()
    await contract.requests_to("call")[0].left.wait()


@pytest.mark.parametrize("stop", ["abort", "aclose"])
async def test_an_answer_can_be_stopped_while_another_task_reads_it(
    streaming: Page, contract: ContractGateway, stop: str
) -> None:
    """A Stop button ends the reading that waits, and the gateway hears of it."""
    response = await streaming.gateway.call(provider_id=PROVIDER)
    first = asyncio.Event()
    reading = asyncio.create_task(read_to_the_end(response, first))
    await first.wait()
    if stop == "abort":
        response.abort()
    else:
        await response.aclose()
    with pytest.raises(AbortedError):
        await reading
    await contract.requests_to("call")[0].left.wait()


async def test_a_cancelled_task_stops_a_call_that_waits_for_headers(
    signed_in: Page, contract: ContractGateway
) -> None:
    """A cancellation reaches the gateway and passes on as one."""
    contract.answers["call"] = say_nothing
    calling = asyncio.create_task(signed_in.gateway.call(provider_id=PROVIDER))
    call = await contract.until("call")
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await call.left.wait()


async def test_a_cancelled_task_stops_a_stream(streaming: Page, contract: ContractGateway) -> None:
    """A task cancelled in the middle of a stream tells the gateway; reading on raises."""
    response = await streaming.gateway.call(provider_id=PROVIDER)
    first = asyncio.Event()
    reading = asyncio.create_task(read_to_the_end(response, first))
    await first.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await contract.requests_to("call")[0].left.wait()
    with pytest.raises(AbortedError):
        await response.bytes()


async def test_a_deadline_of_the_callers_stops_the_call(
    signed_in: Page, contract: ContractGateway
) -> None:
    """`asyncio.timeout` around a call is all it takes; the SDK has no deadline of its own."""
    contract.answers["call"] = say_nothing
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await signed_in.gateway.call(provider_id=PROVIDER)
    await contract.requests_to("call")[0].left.wait()


async def test_one_signal_stops_many_calls(streaming: Page, contract: ContractGateway) -> None:
    """Every call with the signal ends, and a finished one is left alone."""
    controller = AbortController()
    responses = [
        await streaming.gateway.call(provider_id=PROVIDER, signal=controller.signal)
        for _ in range(3)
    ]
    controller.abort()
    controller.abort()
    for response in responses:
        with pytest.raises(AbortedError):
            await response.bytes()


async def test_a_stopped_call_is_asked_about(streaming: Page, contract: ContractGateway) -> None:
    """What a stopped call cost only the gateway knows, so the balances are read anew."""
    await streaming.billing.get_balances()
    before = len(contract.requests_to("balances"))
    response = await streaming.gateway.call(provider_id=PROVIDER)
    response.abort()
    await contract.until("balances", before + 1)
    await streaming.billing.get_balances(force=True)
    assert streaming.shown == [20, 19]
