"""Row 10 of the table: we cut the answer, which costs as if the provider had broken off there."""

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Never
from tests.support.world import open_world
from tollbridge.gateway.settings import Limits

SHORT = 0.5  # seconds, in which a busy machine relays what has come
POINTS = [([Never()], b"", 0), ([b"begun", Never()], b"begun", 1)]
AT = ["before the first byte", "after the first byte"]


async def cut_and_look(world, steps, body, charged):
    """Have an answer stop at some point; it must be cut on both sides."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=steps))
    async with await world.raw_call(visitor) as connection:
        answer = await connection.read_answer()
    assert (answer.status, answer.body, answer.complete) == (200, body, False)
    await (await world.provider.next_request()).left.wait()
    await check_outcome(world, visitor, "broken", charged=charged, provider_status=200)


@pytest.mark.parametrize(("steps", "body", "charged"), POINTS, ids=AT)
async def test_nothing_came_for_too_long(tmp_path, steps, body, charged):
    """The limit IDLE_S bounds each wait for the provider."""
    async with open_world(tmp_path, limits=Limits(idle_s=SHORT)) as world:
        await cut_and_look(world, steps, body, charged)


@pytest.mark.parametrize(("steps", "body", "charged"), POINTS, ids=AT)
async def test_it_took_too_long_in_all(tmp_path, steps, body, charged):
    """The limit STREAM_S bounds the whole answer."""
    async with open_world(tmp_path, limits=Limits(stream_s=SHORT)) as world:
        await cut_and_look(world, steps, body, charged)


async def test_a_page_that_stops_reading_is_cut_too(tmp_path):
    """A page that takes nothing more holds its connections no longer than STREAM_S."""
    async with open_world(tmp_path, limits=Limits(stream_s=0.5)) as world:
        visitor = await world.sign_in()
        world.provider.answers(Answer(chunks=[b"x" * 65536] * 1000))
        async with await world.raw_call(visitor) as connection:
            connection.stop_reading()
            await (await world.provider.next_request()).left.wait()
            connection.go_on_reading()
            assert not (await connection.read_answer()).complete
        await check_outcome(world, visitor, "broken", charged=1, provider_status=200)


async def test_a_page_that_stops_reading_pays_for_what_it_has(tmp_path):
    """Charged at the end, an answer costs too where it is the page that lets it have none.

    What was written is still the page's to read, and that may be all but the end.
    """
    async with open_world(tmp_path, limits=Limits(stream_s=0.5)) as world:
        await world.add_provider(charge_on="complete")
        visitor = await world.sign_in()
        world.provider.answers(Answer(chunks=[b"x" * 65536] * 1000))
        async with await world.raw_call(visitor) as connection:
            connection.stop_reading()
            await (await world.provider.next_request()).left.wait()
            connection.go_on_reading()
            assert not (await connection.read_answer()).complete
        await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)


@pytest.mark.parametrize(("steps", "body", "charged"), POINTS, ids=AT)
async def test_the_server_shuts_down(tmp_path, steps, body, charged):
    """After its grace the server cuts what runs, and writes what it costs before it is gone."""
    visitor = None
    async with open_world(tmp_path) as world:
        visitor = await world.sign_in()
        world.provider.answers(Answer(chunks=steps))
        async with await world.raw_call(visitor) as connection:
            head = await connection.read_head()
            if body:
                assert await connection.read_chunk() == body
            world.server.stop()
            answer = await connection.read_rest(head)
        assert (answer.body, answer.complete) == (b"", False)
        await (await world.provider.next_request()).left.wait()
    async with open_world(tmp_path) as world:
        assert (await world.newest_receipt(visitor))["state"] == "broken"
        assert await world.verify() == []


async def test_the_server_shuts_down_before_the_answer(tmp_path):
    """A page that still waits for the provider is told so, and gets its credit back."""
    async with open_world(tmp_path) as world:
        visitor = await world.sign_in()
        world.provider.answers(Answer(before=[Never()]))
        async with await world.raw_call(visitor, "Origin: https://app.example") as connection:
            request = await world.provider.next_request()
            world.server.stop()
            answer = await connection.read_answer()
        assert (answer.status, answer.json()["error"]) == (503, "busy")
        assert answer.header("retry-after") == "1"
        assert answer.header("access-control-allow-origin") == "https://app.example"
        await request.left.wait()
    async with open_world(tmp_path) as world:
        assert (await world.newest_receipt(visitor))["state"] == "failed"
        assert await world.verify() == []
