"""Row 4 of the table: the provider answers 2xx, and the call is settled before we answer."""

import asyncio

import pytest

from tests.calls.outcome import check_outcome
from tests.support.scripted_provider import Answer, Wait
from tollbridge.gateway.database import Statement


def state_of(call_id):
    """Read a call's state, asked of the store itself."""
    rows = yield Statement("select state, outcome from calls where call_id = $1", (call_id,))
    return rows[0]


async def test_it_is_settled_when_the_headers_are_here(world):
    """Who holds the headers can read that the credit is charged, on another connection."""
    visitor = await world.sign_in()
    go_on = asyncio.Event()
    world.provider.answers(Answer(chunks=[Wait(go_on), b"late"]))
    async with world.call(visitor) as answer:
        call_id = answer.headers["X-Call-Id"]
        assert await world.gateway.database.read(state_of(call_id)) == ("settled", "running")
        assert await world.balance(visitor) == 19
        running = await world.receipt(visitor, call_id)
        assert (running["state"], running["credits_charged"]) == ("running", 1)
        assert running["ended_at"] is None
        go_on.set()
        assert await answer.read() == b"late"
        assert (await world.receipt(visitor, call_id))["state"] == "ok"
    await check_outcome(world, visitor, "ok", charged=1, provider_status=200)


@pytest.mark.parametrize("status", [200, 201, 202, 203, 206, 226, 299])
async def test_every_2xx_is_success(world, status):
    """The provider's status passes, whichever 2xx it is."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(status, chunks=[b"x"], framing="length"))
    async with world.call(visitor) as answer:
        assert (answer.status, await answer.read()) == (status, b"x")
        assert "X-Error-Source" not in answer.headers
    await check_outcome(world, visitor, "ok", charged=1, provider_status=status)


@pytest.mark.parametrize(
    "scripted",
    [
        Answer(200, framing="length"),
        Answer(200, framing="chunked"),
        Answer(200, framing="close"),
        Answer(204, raw_head=b"HTTP/1.1 204 No Content\r\n\r\n", framing="none"),
        Answer(204, framing="length", length=5),
        Answer(205, framing="length"),
        Answer(205, framing="length", length=5),
        Answer(200, raw_head=b"HTTP/1.0 200 OK\r\n\r\n", framing="close"),
    ],
    ids=["length 0", "chunked", "close", "204", "204 with a length", "205", "205 with one", "1.0"],
)
async def test_an_answer_without_a_body_is_settled(world, scripted):
    """An announced empty body, or a body that turns out to be empty, is a whole answer."""
    visitor = await world.sign_in()
    world.provider.answers(scripted)
    async with await world.raw_call(visitor) as connection:
        answer = await connection.read_answer()
        assert (answer.body, answer.complete) == (b"", True)
        # The connection is whole: nobody waits for a body that was announced by mistake.
        assert (answer.header("content-length") or "0") == "0"
        await connection.request("GET /healthz HTTP/1.1")
        assert (await connection.read_answer()).status == 200
    await check_outcome(world, visitor, "ok", charged=1, provider_status=answer.status)


@pytest.mark.parametrize(("cost", "query_type"), [(0, None), (1, "standard"), (3, None)])
async def test_the_headers_say_what_it_cost(world, cost, query_type):
    """X-Query-Type stands only where one credit was charged; the version is the balance's."""
    await world.add_provider(cost=cost)
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with world.call(visitor) as answer:
        assert answer.headers["X-Credits-Charged"] == str(cost)
        assert answer.headers["X-Credits-Remaining"] == str(20 - cost)
        assert answer.headers.get("X-Query-Type") == query_type
        version = int(answer.headers["X-Balance-Version"])
    async with world.client.get(
        f"{world.url}/api/v1/paywall/pw_test/balances", headers=visitor.headers
    ) as answer:
        rows = {row["type"]: row for row in (await answer.json())["balances"]}
    assert rows["standard"] == {
        "type": "standard",
        "count": 20 - cost,
        "version": version,
        "granted": 20,
    }
    await check_outcome(world, visitor, "ok", charged=cost, provider_status=200)
