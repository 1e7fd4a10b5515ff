"""`USER_FAILURES`: calls given back for the caller's own doing cost the owner something."""

import pytest

from tests.support.clock import FakeClock
from tests.support.scripted_provider import Answer, Cut, Never
from tests.support.world import UNCOUNTED, open_world
from tollbridge.gateway.settings import LIMITS, Limits


def limits(failures=LIMITS["USER_FAILURES"]):
    """Lift every limit but this one."""
    return Limits(**{**UNCOUNTED, "user_failures": failures, "user_early_leaves": None})


async def fail(world, visitor, times, status=400):
    """Have the provider refuse so many calls."""
    world.provider.answers(*[Answer.json({}, status=status)] * times)
    for _ in range(times):
        async with world.call(visitor) as answer:
            assert answer.status == status, await answer.text()


async def is_refused(world, visitor):
    """Make one more call; return whether it is refused for this, and when to come again."""
    world.provider.always(Answer.json({"ok": 1}))
    async with world.call(visitor) as answer:
        if answer.status == 200:
            return None
        body = await answer.json()
        assert (answer.status, body["error"]) == (429, "too_many_failures")
        assert body["details"] == {"limit": "USER_FAILURES"}
        return int(answer.headers["Retry-After"])


async def test_each_side_of_the_default(tmp_path):
    """After thirty the next call goes; after thirty-one it does not, for ten minutes."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock, limits=limits()) as world:
        visitor, other = await world.sign_in(), await world.sign_in()
        await fail(world, visitor, LIMITS["USER_FAILURES"])
        assert await is_refused(world, visitor) is None
        clock.move(ms=60_000)
        await fail(world, visitor, 1)
        requests = len(world.provider.requests)
        # The first thirty are a minute older: when they fall out, there is room again.
        assert await is_refused(world, visitor) == 540
        assert len(world.provider.requests) == requests
        assert await is_refused(world, other) is None
        clock.move(ms=540_000)
        assert await is_refused(world, visitor) is None
        assert await world.balance(visitor) == 18


@pytest.mark.parametrize("status", [400, 404, 405, 409, 413, 415, 422])
async def test_what_counts(tmp_path, status):
    """A provider's refusal of what was asked for."""
    async with open_world(tmp_path, limits=limits(2)) as world:
        visitor = await world.sign_in()
        await fail(world, visitor, 3, status)
        assert await is_refused(world, visitor) == 600


async def test_leaving_early_counts(tmp_path):
    """The provider has begun to work for nobody."""
    async with open_world(tmp_path, limits=limits(1)) as world:
        visitor = await world.sign_in()
        for _ in range(2):
            world.provider.answers(Answer(before=[Never()]))
            connection = await world.raw_call(visitor)
            request = await world.provider.next_request()
            connection.leave()
            await request.left.wait()
            await world.newest_receipt(visitor)
        assert await is_refused(world, visitor) == 600


async def test_an_upload_that_grows_too_large_counts(tmp_path):
    """It was sent on as far as it came."""
    async with open_world(tmp_path, limits=limits(1)) as world:
        visitor = await world.sign_in()

        async def parts():
            for _ in range(33):
                yield b"x" * 1024 * 1024

        for _ in range(2):
            world.provider.answers(Answer.json({}))
            typed = {"Content-Type": "application/octet-stream"}
            async with world.call(visitor, data=parts(), headers=typed) as answer:
                assert answer.status == 413
        assert await is_refused(world, visitor) == 600


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 503])
async def test_what_does_not_count(tmp_path, status):
    """The provider's own trouble, the owner's key, a rate limit: nothing the caller did."""
    async with open_world(tmp_path, limits=limits(1)) as world:
        visitor = await world.sign_in()
        world.provider.answers(*[Answer.json({}, status=status)] * 3, *[Answer(before=[Cut()])] * 3)
        for _ in range(6):
            async with world.call(visitor) as answer:
                assert answer.status >= 400
        assert await is_refused(world, visitor) is None


async def test_it_can_be_lifted(tmp_path):
    """`off` counts nothing."""
    async with open_world(tmp_path, limits=limits(None)) as world:
        visitor = await world.sign_in()
        await fail(world, visitor, 40)
        assert await is_refused(world, visitor) is None


async def test_setting_the_clock_right_locks_nobody_out(tmp_path):
    """What a clock that was an hour ahead counted does not count until that hour has come."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock, limits=limits(1)) as world:
        visitor = await world.sign_in()
        await fail(world, visitor, 2)
        assert await is_refused(world, visitor) == 600
        clock.move(seconds=-3600)
        assert await is_refused(world, visitor) is None
