"""Row 11 of the table: something of ours fails in the middle of a call."""

import pytest

from tests.calls.carrier import Carrier, carry
from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer
from tests.support.world import open_world
from tollbridge.gateway.errors import BrokenOff
from tollbridge.gateway.settings import Limits


async def test_before_the_settle_the_credit_comes_back(world):
    """Here a header that no connection can carry; the provider is not even called."""
    visitor = await world.sign_in()
    with pytest.raises(ValueError, match="header"):
        await carry(world, visitor, Carrier(), headers=[("x-thing", "a\r\nb")])
    await check_outcome(world, visitor, "failed")
    assert world.provider.requests == []


async def test_after_the_settle_and_before_a_byte_it_is_reversed(world):
    """A carrier that cannot begin the answer costs the page nothing; the upstream is closed."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"x" * 65536] * 100))
    with pytest.raises(RuntimeError, match="start"):
        await carry(world, visitor, Carrier(fails_at="start"))
    await (await world.provider.next_request()).left.wait()
    await check_outcome(world, visitor, "failed", provider_status=200)


async def test_after_a_byte_it_stays_settled(world):
    """What was relayed, or tried to be, costs."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"begun"]))
    with pytest.raises(RuntimeError, match="send"):
        await carry(world, visitor, Carrier(fails_at="send"))
    await check_outcome(world, visitor, "broken", charged=1, provider_status=200)


async def test_at_the_end_it_stays_settled(world):
    """The provider's answer was whole, so the call is; only our end is missing."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"all of it"]))
    with pytest.raises(RuntimeError, match="finish"):
        await carry(world, visitor, Carrier(fails_at="finish"))
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


async def test_an_end_that_nobody_takes_is_given_up(tmp_path):
    """A page that stops reading just before the end holds us no longer than STREAM_S."""
    async with open_world(tmp_path, limits=Limits(stream_s=0.5)) as world:
        visitor = await world.sign_in()
        world.provider.answers(Answer(chunks=[b"all of it"]))
        carrier = Carrier(waits_at="finish")
        with pytest.raises(BrokenOff):
            await carry(world, visitor, carrier)
        assert (carrier.body, carrier.finished) == (b"all of it", False)
        await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


async def test_the_carrier_of_these_tests_works(world):
    """The same call over a carrier that does not fail comes to its proper end."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"all of it"]))
    carrier = Carrier()
    await carry(world, visitor, carrier)
    assert (carrier.status, carrier.body, carrier.finished) == (200, b"all of it", True)
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
