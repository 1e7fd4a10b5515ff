"""A body that is announced and does not come: nobody waits for it for ever."""

import asyncio
import tracemalloc

import pytest
from starlette.requests import Request

from tests.support.world import open_world
from tollbridge.gateway.calls.intake import Intake, Memory
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.json_body import read_json
from tollbridge.gateway.settings import Limits

SHORT = 0.1  # seconds


async def test_a_body_of_a_call(tmp_path):
    """The limit UPLOAD_IDLE_S is a 408, nothing is sent or held, and the next call is served."""
    async with open_world(tmp_path, limits=Limits(upload_idle_s=SHORT)) as world:
        visitor = await world.sign_in()
        async with await world.raw_call(
            visitor, "Content-Type: application/json", "Content-Length: 10", body=None
        ) as connection:
            await connection.send("{")
            answer = await connection.read_answer()
        assert (answer.status, answer.json()["error"]) == (408, "upload_timeout")
        assert world.provider.requests == []
        assert await world.balance(visitor) == 20


async def test_a_body_of_our_own_endpoints():
    """They are open to everybody, so they wait no longer."""

    async def receive():
        if drips:
            return {"type": "http.request", "body": drips.pop(), "more_body": True}
        return await asyncio.Event().wait()

    drips = [b'{"a"', b": 1"]
    with pytest.raises(Refusal) as refused:
        await read_json(Request({"type": "http", "method": "POST"}, receive), patience_s=SHORT)
    assert (refused.value.status, refused.value.code) == (408, "upload_timeout")
    assert not drips


async def test_a_body_that_drips_takes_the_memory_of_its_bytes():
    """Two bytes at a time are no reason to keep each of them in an object of its own."""
    drips = iter([b"ab"] * 20_000)

    async def receive():
        await asyncio.sleep(0)  # a turn of the loop, as between two packets
        drip = next(drips, None)
        return {"type": "http.request", "body": drip or b"", "more_body": drip is not None}

    intake = Intake(receive, Memory(), Limits(upload_s=None))
    tracemalloc.start()
    try:
        assert await intake.gather(1_000_000, None) == b"ab" * 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        intake.close()
    assert peak < 500_000
