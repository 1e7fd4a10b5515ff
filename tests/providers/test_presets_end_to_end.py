"""Each preset through the real gateway: what a page sends, and what the provider receives."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripted_provider import Answer
from tests.support.world import World, open_world
from tollbridge.gateway.secret import Secret

LIMIT = 50
MESSAGES = [{"role": "user", "content": "Grüße"}]


@pytest.fixture
async def small_world(tmp_path: Path) -> AsyncIterator[World]:
    """A world of one's own, whose provider answers everything."""
    async with open_world(tmp_path) as world:
        world.provider.always(Answer.json({"ok": True}))
        yield world


PRESETS = [
    (
        "openai-chat",
        "v1/chat/completions",
        {"messages": MESSAGES, "n": 3, "max_tokens": 99, "store": True},
        {"messages": MESSAGES, "n": 1, "max_tokens": LIMIT, "store": False},
        ("authorization", "Bearer sk-1"),
    ),
    (
        "openai-responses",
        "v1/responses",
        {"input": "Grüße", "stream": True},
        {"input": "Grüße", "stream": True, "store": False, "max_output_tokens": LIMIT},
        ("authorization", "Bearer sk-1"),
    ),
    (
        "openai-embeddings",
        "v1/embeddings",
        {"input": ["Grüße", "you"]},
        {"input": ["Grüße", "you"]},
        ("authorization", "Bearer sk-1"),
    ),
    (
        "openai-compatible",
        "v1/chat/completions",
        {"messages": MESSAGES, "max_completion_tokens": 7, "best_of": 4},
        {"messages": MESSAGES, "max_completion_tokens": 7, "best_of": 1, "max_tokens": 7},
        ("authorization", "Bearer sk-1"),
    ),
    (
        "anthropic-messages",
        "v1/messages",
        {"messages": MESSAGES, "max_tokens": 4096},
        {"messages": MESSAGES, "max_tokens": LIMIT},
        ("x-api-key", "sk-1"),
    ),
]


@pytest.mark.parametrize(("preset", "path", "sent", "received", "header"), PRESETS)
async def test_a_preset_sends_what_its_rules_make_of_a_body(
    small_world: World,
    preset: str,
    path: str,
    sent: dict[str, Any],
    received: dict[str, Any],
    header: tuple[str, str],
) -> None:
    """The body is rewritten, its length is right, and the key is where the API wants it."""
    world = small_world
    limit = {} if preset == "openai-embeddings" else {"max_output_tokens": LIMIT}
    await world.add_provider(
        "prov_llm", preset=preset, models=("m",), key=Secret("sk-1"), cost=2, **limit
    )
    visitor = await world.sign_in()
    body = {"model": "m", **sent}
    async with world.call(visitor, path, provider_id="prov_llm", json=body) as answer:
        assert answer.status == 200, await answer.text()
        assert await answer.json() == {"ok": True}
    request = await world.provider.next_request()
    await request.body_complete.wait()
    assert request.target == f"/{path}"
    assert request.json() == {"model": "m", **received}
    assert request.header("content-length") == str(len(request.body))
    assert request.header(header[0]) == header[1]
    assert await world.balance(visitor) == 18


@pytest.mark.parametrize(("preset", "path"), [row[:2] for row in PRESETS])
async def test_a_refused_body_costs_nothing_and_goes_nowhere(
    small_world: World, preset: str, path: str
) -> None:
    """422 with rule and field, before any credit is held."""
    world = small_world
    await world.add_provider("prov_llm", preset=preset, models=("m",))
    visitor = await world.sign_in()
    body = {"model": "m", "service_tier": "priority"}
    async with world.call(visitor, path, provider_id="prov_llm", json=body) as answer:
        assert answer.status == 422
        told = await answer.json()
    assert told["error"] == "body_rule"
    assert told["details"] == {"rule": "service_tier", "field": "service_tier"}
    assert world.provider.requests == []
    assert await world.balance(visitor) == 20
    async with world.call(visitor, "v1/models", provider_id="prov_llm", json=body) as answer:
        assert (answer.status, (await answer.json())["error"]) == (403, "path_not_allowed")


async def test_a_body_that_keeps_the_rules_arrives_byte_for_byte(small_world: World) -> None:
    """Blanks, escapes and the order of its members included."""
    world = small_world
    await world.add_provider("prov_llm", preset="anthropic-messages", models=("m",))
    visitor = await world.sign_in()
    body = b' {"max_tokens" : 1024,\n "x": 1.0e2, "model":"\\u006d", "s": "\\u00fc \xc3\xbc"} '
    typed = {"Content-Type": "application/json"}
    async with world.call(
        visitor, "v1/messages", provider_id="prov_llm", headers=typed, data=body
    ) as answer:
        assert answer.status == 200
    request = await world.provider.next_request()
    await request.body_complete.wait()
    assert request.body == body


@pytest.mark.parametrize(
    ("preset", "path", "header"),
    [
        ("openai-responses", "v1/responses", "OpenAI-Organization"),
        ("openai-embeddings", "v1/embeddings", "OpenAI-Project"),
        ("anthropic-messages", "v1/messages", "Anthropic-Workspace-Id"),
    ],
)
async def test_a_page_does_not_choose_which_part_of_the_account_pays(
    small_world: World, preset: str, path: str, header: str
) -> None:
    """Such a header stays here, and the API's other headers travel."""
    world = small_world
    await world.add_provider("prov_llm", preset=preset, models=("m",))
    visitor = await world.sign_in()
    headers = {header: "other", "X-Stainless-Lang": "python"}
    async with world.call(
        visitor, path, provider_id="prov_llm", headers=headers, json={"model": "m"}
    ) as answer:
        assert answer.status == 200
    request = await world.provider.next_request()
    assert request.header(header) is None
    assert request.header("x-stainless-lang") == "python"


async def test_a_path_costs_what_its_rule_says(small_world: World) -> None:
    """Free where it is 0, even with an empty balance; dearer where it is more."""
    world = small_world
    await world.add_provider(cost=2, cost_for=("GET v1/free/*=0", "POST v1/dear=15"))
    visitor = await world.sign_in()
    for method, path, left in (
        ("GET", "v1/free/a", 20),
        ("GET", "v1/other", 18),
        ("POST", "v1/dear", 3),
        ("GET", "v1/free/b", 3),
    ):
        async with world.call(visitor, path, method=method) as answer:
            assert answer.status == 200
            assert answer.headers["x-credits-remaining"] == str(left)
        assert await world.balance(visitor) == left
    async with world.call(visitor, "V1/Dear/") as answer:
        assert answer.status == 403  # what is allowed is spelled as the owner spells it
    async with world.call(visitor, "v1/dear/") as answer:
        assert answer.status == 402
        assert json.loads(await answer.text())["error"] == "not-enough-queries"
    assert len(world.provider.requests) == 4
    assert await world.verify() == []
