"""A page on an origin of its own, and the real gateway on another: what Python there can read.

SPA-M5: every error status is readable cross-origin, or the SDK would see "Failed to fetch".
"""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.figures import TOKEN, requests_counted
from tests.support.interpreters import Interpreter, interpreter_host
from tests.support.scripted_provider import Answer, Never, Request
from tests.support.world import PAYWALL, PROVIDER, TYPE, UNCOUNTED, Visitor, World, open_world
from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.observing.observer import PREFLIGHT
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.paywalls.queries import store_paywall
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import Limits
from tollbridge.wire.headers import ERROR_SOURCE, EXPOSED, RETRY_AFTER

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What no answer but an error carries; the tests of refusals read them.
OF_ERRORS = [ERROR_SOURCE, RETRY_AFTER]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page_origin() -> AsyncIterator[str]:
    """Serve the page that the paywall will list."""
    async with interpreter_host() as origin:
        yield origin


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["pyodide", "micropython"])
async def python(
    request: pytest.FixtureRequest, chromium: Browser, page_origin: str
) -> AsyncIterator[Interpreter]:
    """Start each interpreter once, in a tab of the page's origin."""
    context = await chromium.new_context()
    interpreter = Interpreter(await context.new_page())
    await interpreter.start(f"{page_origin}/page", request.param)
    yield interpreter
    assert interpreter.errors == []
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway on another origin than the page's, with one free call a minute for each user."""
    limits = Limits(**{**UNCOUNTED, "user_free_per_minute": 1})
    async with open_world(tmp_path, limits=limits, metrics_token=Secret(TOKEN)) as opened:
        opened.provider.always(_answer)
        yield opened


def _answer(request: Request) -> Answer:
    """What the provider does, by the path that it is asked for."""
    if request.target == "/v1/silent":
        return Answer(before=[Never()])
    if request.target == "/v1/stream":
        return Answer.sse(b"one")
    if request.target == "/v1/moved":
        return Answer(307, [("location", "/elsewhere")], framing="length")
    asked = request.target.rpartition("/")[2]
    if asked.isdigit():
        waits = (("retry-after", "7"), ("x-request-id", "theirs"))
        return Answer.json({"error": {"message": "No."}}, status=int(asked), headers=waits)
    return Answer.json({"ok": True}, headers=(("x-request-id", "theirs"),))


async def furnish(world: World) -> None:
    """Add what refuses in each of the ways there are."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
    await world.add_paywall("pw_other")
    await world.add_provider("prov_small", max_body_bytes=10)
    await world.add_provider("prov_off", enabled=False)
    await world.add_provider("prov_named", anonymous_allowed=False)
    await world.add_provider("prov_llm", preset="openai-chat", models=("m",))
    await world.add_provider("prov_free", cost=0)
    await world.add_provider("prov_closed", base_url=closed)
    await world.add_provider("prov_slow", first_byte_timeout_s=1)
    await world.add_provider("prov_empty", query_type="advanced")
    await world.add_provider("prov_spoilt")
    await world.write(_spoil("prov_spoilt"))


def _spoil(provider_id: str) -> Script[None]:
    # Something that nobody wrote: reading it is a fault of ours.
    yield Statement(
        "update providers set allow = 'nonsense' where provider_id = $1", (provider_id,)
    )


def call(provider_id: str = PROVIDER, path: str = "v1/things", **more: Any) -> dict[str, Any]:
    """Return what is asked for, as `in_page.refusals` takes it."""
    return {"call": {"provider_id": provider_id, "path": path, **more}}


def refused_calls(foreign: Visitor) -> list[tuple[int, str, dict[str, Any]]]:
    """Return status, code and question of each refusal that a page can come by."""
    chat = {"model": "m", "messages": []}
    keyed = {"headers": {"Idempotency-Key": "streamed"}}
    other_content = {"headers": {"Idempotency-Key": "plain"}, "body": {"n": 2}}
    text = {"body": "x", "headers": {"content-type": "text/plain"}}
    return [
        (400, "paywall_mismatch", {**call(), "token": foreign.token}),
        (400, "invalid_request", call(headers={"X-Much": "x" * 20_000})),
        (401, "invalid_token", {**call(), "token": "nonsense"}),
        (402, "not_enough_queries", call("prov_empty")),
        (403, "path_not_allowed", call(path="v2")),
        (403, "provider-disabled", call("prov_off")),
        (403, "sign_in_required", call("prov_named")),
        (403, "model_not_allowed", call("prov_llm", "v1/chat/completions", body={"model": "x"})),
        (404, "provider_not_found", call("prov_none")),
        (405, "method_not_allowed", call("prov_llm", "v1/chat/completions", method="GET")),
        (409, "call_already_charged", call(path="v1/stream", **keyed)),
        (413, "body_too_large", call("prov_small", body={"text": "x" * 100})),
        (415, "unsupported_body", call("prov_llm", "v1/chat/completions", **text)),
        (
            422,
            "body_rule",
            call("prov_llm", "v1/chat/completions", body={**chat, "service_tier": "priority"}),
        ),
        (422, "idempotency_mismatch", call(**other_content)),
        (429, "rate_limited", call("prov_free")),
        (500, "internal_error", call("prov_spoilt")),
        (502, "provider_unreachable", call("prov_closed")),
        (502, "provider_rejected", call(path="v1/401")),
        (502, "provider_redirect", call(path="v1/moved")),
        (504, "provider_timeout", call("prov_slow", "v1/silent")),
    ]


async def test_every_refusal_of_ours_can_be_read(python: Interpreter, world: World) -> None:
    """SPA-M5: status, code, request id and, where there is one, the time to wait."""
    await furnish(world)
    visitor, foreign = await world.sign_in(), await world.sign_in("pw_other")
    once = [
        call(path="v1/stream", headers={"Idempotency-Key": "streamed"}),
        call(headers={"Idempotency-Key": "plain"}, body={"n": 1}),
        call("prov_free"),
    ]
    asked = {"origin": world.url, "token": visitor.token}
    assert await python.run("refusals", asks=once, **asked) == [None, None, None]
    expected = refused_calls(foreign)
    read = await python.run("refusals", asks=[ask for _, _, ask in expected], **asked)
    told = [told and told[1:3] for told in read]
    assert told == [[status, code] for status, code, _ in expected]
    for kind, status, _, request_id, retry_after_s in read:
        assert request_id.startswith("req_")
        assert kind != "NetworkError"
        assert (retry_after_s is not None) == (status == 429)
    assert await world.verify() == []


async def test_a_store_that_fails_can_be_read_of(python: Interpreter, world: World) -> None:
    """SPA-M5: 503 with the time to wait, from an endpoint and from a call alike."""
    visitor = await world.sign_in()
    asked = {"origin": world.url, "token": visitor.token}
    assert await python.run("refusals", asks=[call()], **asked) == [None]
    await world.gateway.database.close()
    ((kind, *told),) = await python.run("refusals", asks=[call()], **asked)
    assert kind == "PaywallError"
    assert (told[0], told[1], told[3]) == (503, "ledger_unavailable", 1)
    assert told[2].startswith("req_")
    code, status, _ = await python.run("balances_or_refusal", **asked)
    assert (code, status) == ("ledger_unavailable", 503)


async def test_every_refusal_of_a_provider_can_be_read(python: Interpreter, world: World) -> None:
    """SPA-M5: the provider's own words, told apart from ours, with its time to wait."""
    visitor = await world.sign_in()
    statuses = [400, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503, 504, 529]
    asks = [call(path=f"v1/{status}") for status in statuses]
    read = await python.run("refusals", origin=world.url, token=visitor.token, asks=asks)
    assert [told[:2] for told in read] == [["ProviderError", status] for status in statuses]
    for _, _, _, request_id, retry_after_s in read:
        assert request_id.startswith("req_")
        assert retry_after_s == 7


async def test_every_header_of_ours_can_be_read(python: Interpreter, world: World) -> None:
    """What a call cost, what is left, how long each phase took, and the ids to ask with."""
    visitor = await world.sign_in()
    asked = {"origin": world.url, "token": visitor.token, "names": list(EXPOSED)}
    read = dict(zip(EXPOSED, await python.run("answered_with", **asked), strict=True))
    assert [name for name, value in read.items() if not value] == OF_ERRORS
    assert (read["x-credits-charged"], read["x-credits-remaining"]) == ("1", "19")
    assert read["x-query-type"] == TYPE
    assert read["idempotent-replayed"] == "true"
    assert read["x-provider-request-id"] == "theirs"
    assert "dur=" in read["server-timing"]


async def test_one_preflight_is_enough_for_many_calls(python: Interpreter, world: World) -> None:
    """The browser keeps its answer for the address; a stream of calls costs no second asking."""
    visitor = await world.sign_in()
    before = await requests_counted(world, PREFLIGHT)
    asked = {"origin": world.url, "token": visitor.token}
    assert await python.run("many_calls", count=5, **asked) == 5
    assert await requests_counted(world, PREFLIGHT) == before + 1
    assert await world.balance(visitor) == 15


async def test_a_paywalls_list_of_origins_is_kept(
    python: Interpreter, world: World, page_origin: str, chromium: Browser
) -> None:
    """A listed page calls; another one is refused, in words that its Python can read."""
    listed = Paywall(PAYWALL, origins=(page_origin,), query_types={TYPE: 20})
    await world.write(store_paywall(listed))
    visitor = await world.sign_in()
    asked = {"origin": world.url, "token": visitor.token}
    assert await python.run("refusals", asks=[call()], **asked) == [None]
    async with interpreter_host() as elsewhere:
        context = await chromium.new_context()
        foreign = Interpreter(await context.new_page())
        await foreign.start(f"{elsewhere}/page", "micropython")
        ((_, status, code, request_id, _),) = await foreign.run("refusals", asks=[call()], **asked)
        assert (status, code) == (403, "origin_not_allowed")
        assert request_id.startswith("req_")
        code, status, _ = await foreign.run("balances_or_refusal", **asked)
        assert (code, status) == ("origin_not_allowed", 403)
        await foreign.page.goto(f"{elsewhere}/sandbox")  # a page without an origin: `null`
        await foreign.start(f"{elsewhere}/sandbox", "micropython")
        code, status, _ = await foreign.run("balances_or_refusal", **asked)
        assert (code, status) == ("origin_not_allowed", 403)
        assert foreign.errors == []
        await context.close()
    assert await world.balance(visitor) == 19
