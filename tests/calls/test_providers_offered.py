"""What a page may choose among: its paywall's enabled providers, what they cost, nothing more."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.world import TYPE, Visitor, World, open_world
from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.paywalls.queries import store_paywall
from tollbridge.gateway.providers.queries import set_enabled
from tollbridge.gateway.secret import Secret
from tollbridge.wire import read_providers

KEY = "sk_live_not_for_pages"
CHAT: dict[str, Any] = {
    "preset": "openai-compatible",
    "base_url": "http://10.1.2.3:4567/hidden",
    "models": ("gpt-b", "gpt-a"),
    "key": Secret(KEY),
    "max_output_tokens": 777,
    "max_body_bytes": 888,
}


async def ask(world: World, visitor: Visitor) -> tuple[int, str]:
    """Ask which providers there are; return status and the answer's text."""
    url = f"{world.url}/api/v1/paywall/{visitor.paywall_id}/providers"
    async with world.client.get(url, headers=visitor.headers) as answer:
        return answer.status, await answer.text()


async def offered(world: World, visitor: Visitor) -> list[dict[str, Any]]:
    """Return the providers that the visitor's page is told of."""
    url = f"{world.url}/api/v1/paywall/{visitor.paywall_id}/providers"
    async with world.client.get(url, headers=visitor.headers) as answer:
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        body = await answer.json()
    assert set(body) == {"providers"}
    assert [one.to_json() for one in read_providers(body["providers"])] == body["providers"]
    found: list[dict[str, Any]] = body["providers"]
    return found


async def test_a_page_learns_what_it_may_call(world: World) -> None:
    """A preset's one path, the owner's models in the owner's order, the credits it takes."""
    await world.add_provider("prov_chat", **CHAT, cost=3, query_type="advanced")
    visitor = await world.sign_in()
    assert (await offered(world, visitor))[1] == {
        "id": "prov_chat",
        "preset": "openai-compatible",
        "path": "v1/chat/completions",
        "allow": ["POST v1/chat/completions"],
        "models": ["gpt-b", "gpt-a"],
        "query_type": "advanced",
        "cost": 3,
        "sign_in_required": False,
    }


@pytest.mark.parametrize(
    ("preset", "path"),
    [
        ("openai-chat", "v1/chat/completions"),
        ("openai-responses", "v1/responses"),
        ("openai-embeddings", "v1/embeddings"),
        ("anthropic-messages", "v1/messages"),
        ("http", ""),
    ],
)
async def test_every_preset_tells_the_path_of_a_call(world: World, preset: str, path: str) -> None:
    """What the owner named himself stands in `allow`, as he wrote it."""
    fields = {"models": ("m",)} if path else {"allow": ("POST v1/*", "GET /")}
    await world.add_provider("prov_one", preset=preset, **fields)
    visitor = await world.sign_in()
    told = (await offered(world, visitor))[1]
    assert (told["preset"], told["path"]) == (preset, path)
    assert told["allow"] == ([f"POST {path}"] if path else ["POST v1/*", "GET /"])


async def test_nothing_secret_is_told(world: World) -> None:
    """Neither where a provider is, nor its key, nor what bounds it."""
    await world.add_provider("prov_chat", **CHAT)
    visitor = await world.sign_in()
    status, text = await ask(world, visitor)
    assert status == 200
    assert "prov_chat" in text
    for hidden in (KEY, "10.1.2.3", "4567", "hidden", "777", "888", world.provider.url):
        assert hidden not in text


async def test_the_oldest_stands_first(world: World) -> None:
    """The order is that in which the owner added them, and stays so when one is replaced."""
    for provider_id in ("prov_z", "prov_a"):
        await world.add_provider(provider_id)
    await world.write(_backdate("prov_z", 2))
    await world.write(_backdate("prov_a", 3))
    await world.write(_backdate("prov_things", 1))
    await world.add_provider("prov_z", cost=5)
    visitor = await world.sign_in()
    told = await offered(world, visitor)
    assert [one["id"] for one in told] == ["prov_things", "prov_z", "prov_a"]
    assert [one["cost"] for one in told] == [1, 5, 1]


async def test_a_disabled_provider_is_absent(world: World) -> None:
    """And so is another paywall's."""
    await world.add_paywall("pw_other")
    await world.add_provider("prov_off", enabled=False)
    await world.add_provider("prov_theirs", paywall_id="pw_other")
    visitor, stranger = await world.sign_in(), await world.sign_in("pw_other")
    assert [one["id"] for one in await offered(world, visitor)] == ["prov_things"]
    assert [one["id"] for one in await offered(world, stranger)] == ["prov_theirs"]


async def test_where_nothing_can_be_called_there_is_nothing_to_choose(tmp_path: Path) -> None:
    """No provider at all, none that is on, or tokenization off: an empty list."""
    clock = FakeClock()
    async with open_world(tmp_path, clock=clock) as world:
        await world.add_paywall("pw_bare")
        assert await offered(world, await world.sign_in("pw_bare")) == []
        visitor = await world.sign_in()
        assert len(await offered(world, visitor)) == 1
        await world.write(store_paywall(Paywall("pw_test", tokenization=False)))
        clock.move(seconds=2)
        assert await offered(world, visitor) == []
        await world.write(store_paywall(Paywall("pw_test")))
        await world.write(set_enabled("prov_things", enabled=False))
        clock.move(seconds=2)
        assert await offered(world, visitor) == []


async def test_a_rule_of_costs_counts_where_the_path_is_known(world: World) -> None:
    """What is told is what a call of that path takes."""
    await world.add_provider("prov_chat", **CHAT, cost=1, cost_for=("POST v1/chat/completions=4",))
    visitor = await world.sign_in()
    assert (await offered(world, visitor))[1]["cost"] == 4


async def test_who_must_sign_in_is_told_so(world: World) -> None:
    """Rather than by the refusal of the first call."""
    await world.add_provider("prov_named", anonymous_allowed=False)
    visitor = await world.sign_in()
    told = {one["id"]: one["sign_in_required"] for one in await offered(world, visitor)}
    assert told == {"prov_things": False, "prov_named": True}


async def test_another_origin_is_refused_readably(world: World) -> None:
    """As at the balances: the paywall's list counts, and the refusal can be read."""
    listed = Paywall("pw_test", origins=("https://app.example",), query_types={TYPE: 20})
    await world.write(store_paywall(listed))
    visitor = await world.sign_in()
    url = f"{world.url}/api/v1/paywall/pw_test/providers"
    for origin, status in [("https://app.example", 200), ("https://evil.example", 403)]:
        headers = {**visitor.headers, "Origin": origin}
        async with world.client.get(url, headers=headers) as answer:
            assert answer.status == status
            assert answer.headers["Access-Control-Allow-Origin"] == origin


def _backdate(provider_id: str, created_at: int) -> Script[None]:
    yield Statement(
        "update providers set created_at = $2 where provider_id = $1", (provider_id, created_at)
    )
