"""Whoever stops a call stops it at the gateway too, wherever it is just then."""

import asyncio

from tests.support.everywhere.contract import PROVIDER, Contract, send, until_left
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import AbortController, AbortedError, Response

# A provider that sends one chunk and then takes its time, and one that does not even begin.
STREAM = [send(b"a"), until_left()]
SILENCE = [until_left()]


async def test_an_aborted_signal_sends_nothing(signed_in: Page, contract: Contract) -> None:
    """A call that was stopped before it began never begins."""
    controller = AbortController()
    controller.abort()
    with raises(AbortedError) as caught:
        await signed_in.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    assert caught.value.code == "aborted"
    assert await contract.count("call") == 0


async def test_a_signal_stops_a_call_that_waits_for_headers(
    signed_in: Page, contract: Contract
) -> None:
    """While the provider thinks, the signal ends the call and the gateway hears of it."""
    await contract.answers("call", SILENCE)
    controller = AbortController()
    calling = asyncio.create_task(
        signed_in.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    )
    await contract.until("call")
    controller.abort()
    with raises(AbortedError):
        await calling
    await contract.until_left()


async def read_to_the_end(response: Response, first: asyncio.Event) -> None:
    """Read chunks, and say when the first one is here."""
    async for _ in response:
        first.set()


async def test_a_signal_stops_a_stream(signed_in: Page, contract: Contract) -> None:
    """A reading that waits for the next chunk raises, and the gateway hears of it."""
    await contract.goes_on(*STREAM)
    controller = AbortController()
    response = await signed_in.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    first = asyncio.Event()
    reading = asyncio.create_task(read_to_the_end(response, first))
    await first.wait()
    controller.abort()
    with raises(AbortedError):
        await reading
    await contract.until_left()
    with raises(AbortedError):
        await response.bytes()


async def test_a_signal_stops_an_answer_that_nobody_reads_yet(
    signed_in: Page, contract: Contract
) -> None:
    """Between `call` and the first reading the signal acts all the same."""
    await contract.goes_on(*STREAM)
    controller = AbortController()
    response = await signed_in.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    controller.abort()
    with raises(AbortedError):
        await response.bytes()
    await contract.until_left()


@cases("stop", ["abort", "aclose"])
async def test_an_answer_can_be_stopped_while_another_task_reads_it(
    signed_in: Page, contract: Contract, stop: str
) -> None:
    """A Stop button ends the reading that waits, and the gateway hears of it."""
    await contract.goes_on(*STREAM)
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    first = asyncio.Event()
    reading = asyncio.create_task(read_to_the_end(response, first))
    await first.wait()
    if stop == "abort":
        response.abort()
    else:
        await response.aclose()
    with raises(AbortedError):
        await reading
    await contract.until_left()


async def test_a_cancelled_task_stops_a_call_that_waits_for_headers(
    signed_in: Page, contract: Contract
) -> None:
    """A cancellation reaches the gateway and passes on as one."""
    await contract.answers("call", SILENCE)
    calling = asyncio.create_task(signed_in.gateway.call(provider_id=PROVIDER))
    await contract.until("call")
    calling.cancel()
    with raises(asyncio.CancelledError):
        await calling
    await contract.until_left()


async def test_a_cancelled_task_stops_a_stream(signed_in: Page, contract: Contract) -> None:
    """A task cancelled in the middle of a stream tells the gateway; reading on raises."""
    await contract.goes_on(*STREAM)
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    first = asyncio.Event()
    reading = asyncio.create_task(read_to_the_end(response, first))
    await first.wait()
    reading.cancel()
    with raises(asyncio.CancelledError):
        await reading
    await contract.until_left()
    with raises(AbortedError):
        await response.bytes()


@cases("how", ["bytes", "sse"])
async def test_a_cancelled_task_stops_every_way_of_reading(
    signed_in: Page, contract: Contract, how: str
) -> None:
    """Whoever reads, whole or by events, stops at the gateway what he does not wait for."""
    await contract.goes_on(*STREAM)
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    events = response.sse() if how == "sse" else None
    reading = asyncio.create_task(events.__anext__() if events else response.bytes())
    for _ in range(3):
        await asyncio.sleep(0)  # it reads by now
    reading.cancel()
    with raises(asyncio.CancelledError):
        await reading
    await contract.until_left()
    with raises(AbortedError):
        await (events.__anext__() if events else response.bytes())


async def test_a_cancelled_reading_of_balances_is_stopped(
    signed_in: Page, contract: Contract
) -> None:
    """With the last one who waits the request goes too; who asks afterwards gets another one."""
    await contract.answers("balances", SILENCE)
    readings = [asyncio.create_task(signed_in.billing.get_balances()) for _ in range(2)]
    await contract.until("balances")
    readings[0].cancel()
    with raises(asyncio.CancelledError):
        await readings[0]
    assert not readings[1].done()
    readings[1].cancel()
    with raises(asyncio.CancelledError):
        await readings[1]
    await contract.until_left(endpoint="balances")
    await contract.answers("balances")
    assert (await signed_in.billing.get_balances())[0].count == 20
    assert await contract.count("balances") == 2


async def test_a_deadline_of_the_callers_stops_the_call(
    signed_in: Page, contract: Contract
) -> None:
    """`asyncio.wait_for` around a call is all it takes; the SDK has no deadline of its own."""
    await contract.answers("call", SILENCE)
    for deadline_s in (0.1, 1, 10):  # until a busy machine gets as far as sending it
        with raises(asyncio.TimeoutError):
            await asyncio.wait_for(signed_in.gateway.call(provider_id=PROVIDER), deadline_s)
        if await contract.count("call"):
            break
    await contract.until_left()


async def test_one_signal_stops_many_calls(signed_in: Page, contract: Contract) -> None:
    """Every call with the signal ends, and a finished one is left alone."""
    await contract.goes_on(*STREAM)
    controller = AbortController()
    responses = []
    for _ in range(3):
        response = await signed_in.gateway.call(provider_id=PROVIDER, signal=controller.signal)
        responses.append(response)
    controller.abort()
    controller.abort()
    for response in responses:
        with raises(AbortedError):
            await response.bytes()


async def test_a_stopped_call_is_asked_about(signed_in: Page, contract: Contract) -> None:
    """What a stopped call cost only the gateway knows, so the balances are read anew."""
    await contract.goes_on(*STREAM)
    await signed_in.billing.get_balances()
    before = await contract.count("balances")
    response = await signed_in.gateway.call(provider_id=PROVIDER)
    response.abort()
    await contract.until("balances", before + 1)
    await signed_in.billing.get_balances(force=True)
    assert signed_in.shown == [20, 19]
