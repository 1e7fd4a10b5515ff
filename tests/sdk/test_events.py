"""The events of an answer: each at once, every one, and a failure never looks like an end."""

import asyncio

from tests.support.everywhere.contract import (
    PROVIDER,
    Contract,
    end,
    send,
    until_left,
    wait_for,
)
from tests.support.everywhere.interpreter import load
from tests.support.everywhere.pages import Page
from tests.support.everywhere.testing import CPYTHON, cases, every, except_on, raises
from tollbridge.sdk import AbortController, AbortedError, ConfigError, NetworkError, PaywallError
from tollbridge.sdk import sse as sse_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.sdk import Response
    from tollbridge.sdk.sse import Events

BURST = 2_000
NO_PUMP = "the pump is JavaScript's, and this interpreter has none"


def one(number: int) -> bytes:
    """Return an event of about 100 bytes."""
    return f"data: {number} {'ü' * 45}\n\n".encode()


async def call(page: Page) -> "Response":
    """Call the provider that the test has scripted."""
    return await page.gateway.call(provider_id=PROVIDER)


async def take(events: "Events", got: list[str]) -> None:
    """Read to the end, and keep what came."""
    async for event in events:
        got.append(event.data)


async def test_each_event_arrives_before_the_next_is_sent(
    signed_in: Page, contract: Contract
) -> None:
    """Reading ahead holds nothing back: the provider waits for the page to have each one."""
    steps = []
    for number in "012":
        steps += [send(b"event: tick\nid: 5\n"), send(b"data: " + number.encode() + b"\n\n")]
        steps.append(wait_for(number))
    await contract.goes_on(*steps, end())
    got = []
    async for event in (await call(signed_in)).sse():
        got.append((event.event, event.id, event.data, event.retry))
        await contract.go_on(event.data)
    assert got == [("tick", "5", number, None) for number in "012"]


async def test_a_burst_arrives_whole_and_in_order(signed_in: Page, contract: Contract) -> None:
    """Thousands of events at once, more than is read ahead, lose nothing."""
    burst = b"".join([one(number) for number in range(BURST)])
    await contract.goes_on(send(burst, times=4), end())
    got: list[str] = []
    await take((await call(signed_in)).sse(), got)
    assert len(got) == 4 * BURST
    assert [int(data.split()[0]) for data in got] == list(range(BURST)) * 4


@except_on(CPYTHON, because=NO_PUMP)
async def test_without_the_pump_the_same_events_come(signed_in: Page, contract: Contract) -> None:
    """A page whose host gave no pump reads chunk by chunk."""
    fetch: Any = load("tollbridge.sdk.transport", "fetch")
    assert fetch.tollbridge_pump is not None
    await contract.goes_on(*[send(one(number)) for number in range(9)], end())
    pump, fetch.tollbridge_pump = fetch.tollbridge_pump, None
    try:
        events = await every((await call(signed_in)).sse())
    finally:
        fetch.tollbridge_pump = pump
    assert [event.data.split()[0] for event in events] == list("012345678")


async def test_an_unfinished_event_at_the_end_is_no_event(
    signed_in: Page, contract: Contract
) -> None:
    """As the standard says: what has no blank line never came; nor is an empty stream an error."""
    await contract.goes_on(end(b"data: a\n\ndata: half\n"))
    events = await every((await call(signed_in)).sse())
    assert [event.data for event in events] == ["a"]
    await contract.goes_on(end())
    assert await every((await call(signed_in)).sse()) == []


async def test_a_cut_answer_raises_after_what_had_come(signed_in: Page, contract: Contract) -> None:
    """A connection that breaks off is no end, and costs none of the events before it."""
    await contract.goes_on(send(one(0) + one(1) + b"data: ha"), wait_for("cut"))
    events = (await call(signed_in)).sse()
    got = [(await events.__anext__()).data[0]]
    await contract.go_on("cut")
    got.append((await events.__anext__()).data[0])
    for _ in range(2):
        with raises(NetworkError):
            await events.__anext__()
    assert got == ["0", "1"]


async def test_a_line_that_is_too_long_closes_the_answer(
    signed_in: Page, contract: Contract
) -> None:
    """What came before it is given, then the error, and the gateway is told to stop."""
    limit, sse_module.EVENT_BYTES_MAX = sse_module.EVENT_BYTES_MAX, 200
    try:
        await contract.goes_on(send(one(0) + b"data: " + b"x" * 300), until_left())
        events = (await call(signed_in)).sse()
        got: list[str] = []
        with raises(PaywallError) as caught:
            await take(events, got)
    finally:
        sse_module.EVENT_BYTES_MAX = limit
    assert (caught.value.code, len(got)) == ("line_too_long", 1)
    await contract.until_left()


@cases("how", ["with", "aclose", "response"])
async def test_leaving_early_reaches_the_gateway(
    signed_in: Page, contract: Contract, how: str
) -> None:
    """Whoever closes stops the provider; reading on raises, also what was read ahead."""
    await contract.goes_on(send(one(0) + one(1)), until_left(one(2)))
    response = await call(signed_in)
    events = response.sse()
    if how == "with":
        async with events:
            assert (await events.__anext__()).data[0] == "0"
    elif how == "aclose":
        await events.__anext__()
        await events.aclose()
    else:
        async with response:
            await events.__anext__()
        await events.aclose()
    await contract.until_left()
    with raises(AbortedError):
        await events.__anext__()


@cases("how", ["cancel", "signal", "abort"])
async def test_a_reading_that_waits_is_stopped(
    signed_in: Page, contract: Contract, how: str
) -> None:
    """A cancelled task, the signal and a Stop button end it at once, and the gateway hears it."""
    await contract.goes_on(send(one(0)), until_left())
    controller = AbortController()
    response = await signed_in.gateway.call(provider_id=PROVIDER, signal=controller.signal)
    events = response.sse()
    await events.__anext__()
    reading = asyncio.create_task(events.__anext__())
    await asyncio.sleep(0)  # it waits for the next chunk now
    if how == "cancel":
        reading.cancel()
    elif how == "signal":
        controller.abort()
    else:
        response.abort()
    with raises(asyncio.CancelledError if how == "cancel" else AbortedError):
        await reading
    await contract.until_left()
    with raises(AbortedError):
        await events.__anext__()


@cases("first", ["sse", "chunks", "whole"])
async def test_an_answer_is_read_in_one_way(
    signed_in: Page, contract: Contract, first: str
) -> None:
    """A second way is refused and says why."""
    await contract.goes_on(end(one(0)))
    response = await call(signed_in)
    if first == "sse":
        await every(response.sse())
    elif first == "chunks":
        await every(response)
    else:
        await response.bytes()
    with raises(ConfigError, says="`sse()`") as caught:
        response.sse()
    assert caught.value.code == "body_used"
    if first == "sse":
        with raises(ConfigError):
            await response.text()
