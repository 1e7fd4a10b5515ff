"""A page that sends a second request while the first is answered, and leaves: it is noticed."""

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Never

MORE = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("how", ["leave", "reset"])
async def test_while_the_provider_is_silent(world, how):
    """Nothing is written that could fail, so the connection itself has to be looked at."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[b"begun", Never()]))
    connection = await world.raw_call(visitor)
    await connection.read_head()
    assert await connection.read_chunk() == b"begun"
    await connection.send(MORE)
    async with world.client.get(f"{world.url}/healthz") as answer:
        assert answer.status == 200  # by now the second request has been read
    getattr(connection, how)()
    await (await world.provider.next_request()).left.wait()
    await check_outcome(world, visitor, "aborted", charged=1, provider_status=200)
