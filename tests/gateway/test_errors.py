"""One form for every error of ours, and nothing in it that is nobody's business."""

import json
import logging

from tests.support.scripted_provider import Answer
from tollbridge.gateway.database import Statement

FORM = {"error", "message", "details", "request_id"}


def spoil():
    """Write what nobody would: rules of a provider that are no list."""
    yield Statement("update providers set allow = 'secret nonsense'")


async def read(world, method, path, **options):
    """Ask; return the answer with its body, as far as every answer of ours has one form."""
    async with world.client.request(method, f"{world.url}{path}", **options) as answer:
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Error-Source"] == "gateway"
        body = await answer.json()
        assert set(body) == FORM
        assert body["request_id"] == answer.headers["X-Request-Id"]
        assert body["message"].endswith(".")
        return answer, body


async def test_paths_and_methods_that_are_not_there(world):
    """404 and 405 are JSON too, and a 405 says what is allowed."""
    for method, path in [
        ("GET", "/"),
        ("GET", "/index.html"),
        ("GET", "/api"),
        ("GET", "/api/v1/nothing"),
        ("POST", "/api/v1/paywall/pw_test/nothing"),
        ("GET", "/api/v1/paywall/pw_test/balances/"),
        ("GET", "/.env"),
    ]:
        answer, body = await read(world, method, path)
        assert (answer.status, body["error"]) == (404, "not_found"), path
    for method, path, allowed in [
        ("PUT", "/api/v1/paywall/pw_test/balances", {"GET", "HEAD", "POST"}),
        ("GET", "/api/v1/withdraw-tokens", {"POST"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("DELETE", "/api/v1/api-gateway/prov_things", {"GET", "POST"}),
    ]:
        answer, body = await read(world, method, path)
        assert (answer.status, body["error"]) == (405, "method_not_allowed"), path
        assert set(answer.headers["Allow"].split(", ")) == allowed


async def test_a_method_that_this_provider_does_not_allow(world):
    """The provider's own rules say which."""
    await world.add_provider("prov_read", allow=("GET v1/*",))
    visitor = await world.sign_in()
    path = "/api/v1/api-gateway/prov_read/v1/things"
    answer, body = await read(world, "POST", path, headers=visitor.headers, json={})
    assert (answer.status, body["error"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET"


async def test_what_nobody_expected_says_nothing(world, caplog):
    """A 500 names an id that is in the log, where the rest stands."""
    visitor = await world.sign_in()
    await world.write(spoil())
    path = "/api/v1/api-gateway/prov_things/v1/things"
    with caplog.at_level(logging.ERROR):
        answer, body = await read(world, "POST", path, headers=visitor.headers, json={})
    assert (answer.status, body["error"], body["details"]) == (500, "internal_error", None)
    assert "nonsense" not in json.dumps(body)
    (record,) = [one for one in caplog.records if body["request_id"] in one.getMessage()]
    assert record.exc_info is not None
    assert await world.balance(visitor) == 20


async def test_a_request_id_is_always_ours(world):
    """A client's own id does not stand in for it."""
    async with world.client.get(
        f"{world.url}/healthz", headers={"X-Request-Id": "req_mine"}
    ) as answer:
        assert answer.headers.getall("X-Request-Id") != ["req_mine"]
    visitor = await world.sign_in()
    world.provider.answers(Answer(200, [("x-request-id", "req_theirs")], framing="length"))
    async with world.call(visitor) as answer:
        (request_id,) = answer.headers.getall("X-Request-Id")
        assert request_id.startswith("req_01")
