"""Where a call goes: path and query from the page's address to the provider's."""

import pytest

from tests.support.scripted_provider import Answer
from tests.support.world import CALL


async def target_of(world, visitor, address):
    """Call an address as it is; return what the provider saw."""
    world.provider.answers(Answer.json({}))
    line = f"GET {address} HTTP/1.1"
    async with await world.raw_call(visitor, line=line, body=None) as connection:
        answer = await connection.read_answer()
    assert answer.status == 200, answer.body
    return (await world.provider.next_request()).target


@pytest.mark.parametrize(
    ("address", "target"),
    [
        (f"{CALL}/v1/things", "/v1/things"),
        (f"{CALL}/v1/things?paywall_id=pw_test", "/v1/things"),
        (f"{CALL}/v1/things?paywall_id=pw_test&a=b", "/v1/things?a=b"),
        (f"{CALL}/v1/things?a=b&test_mode=1&c=%2F+d&a=", "/v1/things?a=b&c=%2F+d&a="),
        (f"{CALL}/v1/things?%70aywall_id=pw_test&test%5Fmode=0", "/v1/things"),
        (f"{CALL}/v1/things?paywall_id=pw_test&paywall_id=pw_test", "/v1/things"),
        (f"{CALL}/v1/things?xpaywall_id=1&paywall_id_=2", "/v1/things?xpaywall_id=1&paywall_id_=2"),
        (f"{CALL}/v1/th%C3%BCngs/a%20b;c=1", "/v1/th%C3%BCngs/a%20b;c=1"),
        (f"{CALL}/v1/~d/e:f/@g/!$&'()*+,=", "/v1/~d/e:f/@g/!$&'()*+,="),
        (f"{CALL}/v1/things/", "/v1/things/"),
        (CALL, "/"),
        (f"{CALL}/", "/"),
        (f"{CALL}?a=b&paywall_id=pw_test", "/?a=b"),
        (f"http://gateway.test{CALL}/v1/things?a=b", "/v1/things?a=b"),
        ("/api/v1/api-gateway/prov%5Fthings/v1/things", "/v1/things"),
    ],
)
async def test_path_and_query_travel_as_they_are(world, address, target):
    """Every byte but our own parameters stays as it was written."""
    visitor = await world.sign_in()
    assert await target_of(world, visitor, address) == target


async def test_a_base_with_a_path(world):
    """The page's path is appended to the provider's base, with one slash between."""
    await world.add_provider(
        base_url=f"{world.provider.url}/api/v7/", allow=("GET /", "GET users/*")
    )
    visitor = await world.sign_in()
    assert await target_of(world, visitor, CALL) == "/api/v7"
    assert await target_of(world, visitor, f"{CALL}/users/123/orders") == "/api/v7/users/123/orders"


@pytest.mark.parametrize("where", ["query", "header", "both"])
async def test_the_paywall_is_named_once_or_twice(world, where):
    """The published client sends its id in both places; either alone will do."""
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({}))
    headers = {"Authorization": visitor.headers["Authorization"]}
    if where != "query":
        headers["X-Paywall-Id"] = "pw_test"
    address = f"{world.url}{CALL}/v1/things" + ("" if where == "header" else "?paywall_id=pw_test")
    async with world.client.post(address, headers=headers, json={}) as answer:
        assert answer.status == 200
