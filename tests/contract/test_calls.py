"""What an unmodified client of the published contract relies on when it calls.

The numbers are those of the contract's list of checks; what only the client can do is tested with
the client.
"""

import asyncio

import aiohttp
import pytest

from tests.support.scripted_provider import Answer, Never, Wait
from tests.support.world import CALL
from tollbridge.wire.envelope import read_quota
from tollbridge.wire.paths import call


@pytest.mark.parametrize(
    ("path", "target"),
    [("", "/"), ("///v1/foo", "/v1/foo"), ("v1/foo?a=b", "/v1/foo?a=b"), ("v1/a b", "/v1/a%20b")],
)
async def test_1_addresses(world, path, target):
    """Without a path the provider's base URL is called; leading slashes are dropped."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    address = call("prov_things", path)
    address += ("&" if "?" in address else "?") + "paywall_id=pw_test"
    async with world.client.post(world.url + address, headers=visitor.headers) as answer:
        assert answer.status == 200
    assert (await world.provider.next_request()).target == target


@pytest.mark.parametrize("sent", ["both", "query", "header"])
async def test_2_the_paywall_in_either_place(world, sent):
    """The client sends `paywall_id` and `X-Paywall-Id`; either alone is accepted."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    headers = {"Authorization": f"Bearer {visitor.token}", "X-SDK-Version": "3.5.1"}
    if sent != "query":
        headers["X-Paywall-Id"] = "pw_test"
    address = f"{CALL}/v1/things" + ("?paywall_id=pw_test" if sent != "header" else "")
    async with world.client.post(world.url + address, headers=headers, json={}) as answer:
        assert answer.status == 200
    request = await world.provider.next_request()
    assert request.target == "/v1/things"
    assert request.header("x-paywall-id") is None
    assert request.header("x-sdk-version") is None


async def test_3_bodies(world):
    """An object has the JSON type, a form its own with a boundary, text whatever it was given."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    form = aiohttp.FormData({"a": "b"})
    form.add_field("file", b"bytes", filename="f")
    for body, typed in [
        ({"json": {"a": 1}}, "application/json"),
        ({"data": form}, "multipart/form-data; boundary="),
        ({"data": "text", "headers": {"Content-Type": "text/csv"}}, "text/csv"),
    ]:
        async with world.call(visitor, **body) as answer:
            assert answer.status == 200
        request = await world.provider.next_request()
        assert (request.header("content-type") or "").startswith(typed)


async def test_3_text_without_a_type(world):
    """A body to which the client gave no type gets none on the way."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with await world.raw_call(visitor, "Content-Length: 4", body=None) as connection:
        await connection.send("text")
        assert (await connection.read_answer()).status == 200
    request = await world.provider.next_request()
    assert (request.header("content-type"), request.body) == (None, b"text")


async def test_4_events_arrive_one_by_one(world):
    """The type is `text/event-stream`, no event waits for the next, and nothing is cut early."""
    visitor = await world.sign_in()
    first, second = asyncio.Event(), asyncio.Event()
    world.provider.answers(Answer.sse(Wait(first), b"one", Wait(second), b"[DONE]"))
    async with world.call(visitor, headers={"Accept": "text/event-stream"}) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        first.set()
        assert await answer.content.readany() == b"data: one\n\n"
        second.set()
        assert await answer.read() == b"data: [DONE]\n\n"


def test_4_a_first_byte_may_take_minutes():
    """The default limit is above the sixty seconds that the contract's client waits."""
    from tollbridge.gateway.settings import Limits

    assert (Limits().first_byte_s or 61) > 60
    assert (Limits().idle_s or 61) > 60


async def test_5_an_empty_balance(world):
    """402 `not-enough-queries`; the client reads the first row of the nested balances."""
    visitor = await world.sign_in()
    await world.drain(visitor, 0)
    async with world.call(visitor) as answer:
        body = await answer.json()
        assert answer.status == 402
        assert "application/json" in answer.headers["Content-Type"]
    assert body["error"] == "not-enough-queries"
    first = body["details"]["balances"][0]["balances"]
    assert {"type": "standard", "count": 0}.items() <= first[1].items()
    assert body["details"]["queryType"] == "standard"
    assert body["details"]["currentBalance"]["count"] == 0
    balances, query_type, current, held, hint = read_quota(body)
    assert [balance.type for balance in balances] == ["advanced", "standard"]
    assert (query_type, current and current.count, held, hint) == ("standard", 0, 0, "")


async def test_6_the_charged_type_can_be_read_across_origins(world):
    """`X-Query-Type` names it and is exposed, so that the charge hook of a page sees it."""
    await world.add_provider(query_type="advanced")
    visitor = await world.sign_in()
    await world.grant(visitor, 1, "advanced")
    world.provider.answers(Answer.json({}))
    async with world.call(visitor, headers={"Origin": "https://app.example"}) as answer:
        assert answer.headers["X-Query-Type"] == "advanced"
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"x-query-type", "x-request-id", "retry-after"} <= set(exposed)


async def test_7_its_absence_says_that_more_changed(world):
    """Where one credit is not what was charged the header is absent, and the client asks."""
    await world.add_provider(cost=2)
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    async with world.call(visitor) as answer:
        assert "X-Query-Type" not in answer.headers
    assert await world.balance(visitor) == 18


async def test_9_a_refreshed_token_is_another_one(world):
    """401 `invalid_token` for a dead token; the token of a refresh is accepted at once."""
    visitor = await world.sign_in()
    world.provider.always(Answer.json({}))
    bad = {"Authorization": "Bearer dead"}
    async with world.call(visitor, headers=bad) as answer:
        assert (answer.status, (await answer.json())["error"]) == (401, "invalid_token")
    path = f"{world.url}/api/v1/paywall/pw_test/auth/refresh"
    async with world.client.post(path, json={"refresh_token": visitor.refresh_token}) as answer:
        token = (await answer.json())["access_token"]
    async with world.call(visitor, headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 200
    assert await world.balance(visitor) == 19


@pytest.mark.parametrize("begun", [b"", b"begun"])
async def test_10_an_abort_reaches_the_provider(world, begun):
    """The provider's connection is closed, and the call is written down as `aborted`."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(chunks=[begun, Never()] if begun else [Never()]))
    answer = await world.call(visitor)
    if begun:
        assert await answer.content.readany() == begun
    answer.close()
    await (await world.provider.next_request()).left.wait()
    assert (await world.newest_receipt(visitor))["state"] == "aborted"


async def test_11_a_type_nobody_knows_is_not_made_up(world):
    """A provider's own `X-Query-Type` never reaches the client's counter."""
    visitor = await world.sign_in()
    world.provider.answers(Answer(200, [("x-query-type", "made-up")], framing="length"))
    async with world.call(visitor) as answer:
        assert answer.headers.getall("X-Query-Type") == ["standard"]
