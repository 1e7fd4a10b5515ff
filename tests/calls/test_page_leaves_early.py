"""Row 12 of the table: the page leaves before a settle and before any byte of the body."""

import asyncio

import pytest

from tests.calls.outcome import check_outcome
from tests.support.clock import FakeClock
from tests.support.scripted_provider import Answer, Never
from tests.support.world import open_world
from tollbridge.gateway.settings import Limits


async def leave(world, visitor, *, reset=False):
    """Make a call and leave while the provider thinks; it must notice."""
    world.provider.answers(Answer(before=[Never()]))
    connection = await world.raw_call(visitor)
    request = await world.provider.next_request()
    connection.reset() if reset else connection.leave()
    await request.left.wait()


@pytest.mark.parametrize("reset", [False, True])
async def test_it_is_given_back(world, reset):
    """The upstream is cancelled, the credit comes back, the receipt says `aborted`."""
    visitor = await world.sign_in()
    await leave(world, visitor, reset=reset)
    await check_outcome(world, visitor, "aborted")


async def test_the_sixth_is_settled(world):
    """Pressing Stop is free five times in ten minutes; whoever makes it a habit pays."""
    visitor = await world.sign_in()
    for _ in range(5):
        await leave(world, visitor)
        await check_outcome(world, visitor, "aborted", left=20)
    for left in (19, 18):
        await leave(world, visitor)
        await check_outcome(world, visitor, "aborted", charged=1, left=left)
    other = await world.sign_in()
    await leave(world, other)
    await check_outcome(world, other, "aborted", left=20)


async def test_leaving_many_at_once_is_no_way_around(world):
    """Of twenty calls that are left together five are given back."""
    visitor = await world.sign_in()
    world.provider.always(Answer(before=[Never()]))
    connections = [await world.raw_call(visitor) for _ in range(20)]
    requests = [await world.provider.next_request() for _ in connections]
    for connection in connections:
        connection.leave()
    for request in requests:
        await request.left.wait()
    while world.server.server_state.tasks:
        await asyncio.wait(world.server.server_state.tasks)
    assert await world.balance(visitor) == 5


async def test_calls_of_another_kind_do_not_count(world):
    """What a provider refused or broke off was not the page's doing."""
    visitor = await world.sign_in()
    for _ in range(6):
        world.provider.answers(Answer(500, framing="length"))
        async with world.call(visitor) as answer:
            assert answer.status == 500
        await world.provider.next_request()
    await leave(world, visitor)
    await check_outcome(world, visitor, "aborted")


async def test_free_calls_do_not_count(world):
    """Nothing is given back for a call that cost nothing; a page may stop polling as it likes."""
    await world.add_provider("prov_free", cost=0)
    visitor = await world.sign_in()
    line = "POST /api/v1/api-gateway/prov_free/v1/things HTTP/1.1"
    for _ in range(6):
        world.provider.answers(Answer(before=[Never()]))
        connection = await world.raw_call(visitor, line=line)
        request = await world.provider.next_request()
        connection.leave()
        await request.left.wait()
        await world.newest_receipt(visitor)
    await leave(world, visitor)
    await check_outcome(world, visitor, "aborted")


async def test_off_gives_back_every_one(tmp_path):
    """With the limit lifted none is charged."""
    async with open_world(tmp_path, limits=Limits(user_early_leaves=None)) as world:
        visitor = await world.sign_in()
        for _ in range(7):
            await leave(world, visitor)
            await check_outcome(world, visitor, "aborted")


async def test_the_window_moves_on(tmp_path):
    """An early leave is forgotten ten minutes later, to the millisecond."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock, limits=Limits(user_early_leaves=1)) as world:
        visitor = await world.sign_in()
        await leave(world, visitor)
        await check_outcome(world, visitor, "aborted", left=20)
        clock.move(ms=10 * 60 * 1000 - 1)
        await leave(world, visitor)
        await check_outcome(world, visitor, "aborted", charged=1, left=19)
        clock.move(ms=1)
        await leave(world, visitor)
        await check_outcome(world, visitor, "aborted", left=19)


async def test_leaving_behind_a_second_request_is_noticed(world):
    """A request that waits behind the running one on its connection hides nothing.

    Else leaving would look like a fault of ours, which is given back without a limit.
    """
    visitor = await world.sign_in()
    world.provider.answers(Answer(before=[Never()]))
    connection = await world.raw_call(visitor)
    await connection.request("GET /healthz HTTP/1.1")
    request = await world.provider.next_request()
    connection.reset()
    await request.left.wait()
    await check_outcome(world, visitor, "aborted")


@pytest.mark.parametrize("body", [b"", None])
async def test_leaving_after_an_empty_body_is_noticed(world, body):
    """Also where there was nothing to read from the page, whatever its body was called."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(before=[Never()]))
    empty = ["Content-Length: 0", "Content-Type: text/plain"] if body is None else []
    connection = await world.raw_call(visitor, *empty, body=body)
    request = await world.provider.next_request()
    connection.leave()
    await request.left.wait()
    await check_outcome(world, visitor, "aborted")


async def test_leaving_in_the_middle_of_an_upload(world):
    """An upload that is not finished is the page's to give up; the provider's half is cut."""
    visitor = await world.sign_in()
    world.provider.answers(Answer())
    announced = ["Content-Type: application/octet-stream", "Content-Length: 1000"]
    connection = await world.raw_call(visitor, *announced, body=None)
    await connection.send(b"x" * 500)
    request = await world.provider.next_request()
    connection.leave()
    await request.left.wait()
    assert not request.body_complete.is_set()
    await check_outcome(world, visitor, "aborted")


async def test_leaving_before_the_body_is_here_leaves_no_trace(world):
    """Nothing is held for a JSON body that never came."""
    visitor = await world.sign_in()
    line = "POST /api/v1/api-gateway/prov_things/v1/things HTTP/1.1"
    announced = ["Content-Type: application/json", "Content-Length: 1000"]
    connection = await world.raw_call(visitor, *announced, line=line, body=None)
    await connection.send(b"{")
    connection.leave()
    world.provider.answers(Answer())
    async with world.call(visitor) as answer:
        await answer.read()
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)
    assert len(world.provider.requests) == 1
