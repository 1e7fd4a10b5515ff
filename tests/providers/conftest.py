"""What the tests of providers share: providers to call, and a way to them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import aiohttp
import pytest
import uvloop

from tests.providers.demo_client import Demo
from tests.support.scripted_provider import ScriptedProvider
from tollbridge.gateway.providers.demo import DemoProvider
from tollbridge.gateway.providers.http import Upstream
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.provider import Provider

MakeProvider = Callable[..., Provider]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run what concerns connections on both loops: uvloop serves, asyncio where that is missing."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name.startswith("test_upstream"):
        loops["uvloop"] = uvloop.new_event_loop
    return loops


@pytest.fixture
def new_provider() -> MakeProvider:
    """A maker of providers of which a test names only what matters to it."""

    def make(provider_id: str = "prov_test", **fields: object) -> Provider:
        preset = fields.setdefault("preset", "http")
        if preset == "http":
            fields.setdefault("allow", ("GET v1/*", "POST v1/*"))
            fields.setdefault("base_url", "https://api.example")
        else:
            fields.setdefault("models", ("gpt-test",))
        fields.setdefault("paywall_id", "pw_test")
        fields.setdefault("query_type", "standard")
        return make_provider(provider_id, **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedProvider]:
    """A scripted provider that listens."""
    async with ScriptedProvider() as provider:
        yield provider


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """A way to providers, as the gateway has it."""
    way = Upstream()
    await way.start()
    yield way
    await way.close()


@pytest.fixture
def provider(scripted: ScriptedProvider, new_provider: MakeProvider) -> Provider:
    """The scripted provider as the gateway knows it."""
    return new_provider(base_url=scripted.url, allow_private=True)


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    """A demo provider in a hurry."""
    provider = DemoProvider(word_pause_s=0.0, slow_s=0.05)
    url = await provider.start()
    async with aiohttp.ClientSession(url) as client:
        yield Demo(provider, client)
    await provider.stop()
