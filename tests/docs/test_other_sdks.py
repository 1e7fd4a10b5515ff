"""What `docs/other-sdks.md` shows is run here as it stands, on CPython; pages run in Chromium."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.sdks import Anthropic, OpenAI
from tests.support.scripted_provider import Answer
from tests.support.sdk_page import SdkPage
from tests.support.world import World

TEXT = (Path(__file__).parents[2] / "docs" / "other-sdks.md").read_text("utf-8")


def shown(heading: str) -> dict[str, Any]:
    """Run the code below a heading, and return the names that it made."""
    section = TEXT.partition(f"\n## {heading}")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    scope: dict[str, Any] = {}
    exec(compile(code, "other-sdks.md", "exec"), scope)
    return scope


@pytest.fixture
async def page(world: World) -> AsyncIterator[SdkPage]:
    """Give a page of a visitor, with the providers that the text names."""
    await world.add_provider("prov_openai_chat", preset="openai-chat", models=("gpt-5-mini",))
    await world.add_provider(
        "prov_anthropic_messages", preset="anthropic-messages", models=("claude-haiku-4-5",)
    )
    made = SdkPage(world)
    await made.auth.sign_in_anonymously()
    await made.billing.get_balances()
    yield made
    await made.aclose()


@pytest.mark.parametrize("sdk", [OpenAI(), Anthropic()], ids=["openai", "anthropic"])
async def test_each_sdk_tells_as_it_comes(
    sdk: Any, page: SdkPage, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The words are printed, for one credit."""
    events = [sdk.event(word) for word in ("Once ", "upon")]
    world.provider.always(Answer.sse(*sdk.start, *events, sdk.end))
    await shown(type(sdk).__name__.lower())["tell"](page.gateway, "Tell me a story")
    assert capsys.readouterr().out == "Once upon"
    assert page.left() == 19


async def test_each_failure_is_told_apart(page: SdkPage, world: World) -> None:
    """The provider's refusal, the gateway's, and no credits."""
    sdk = OpenAI()
    ask = shown("What fails")["ask"]
    client = sdk.client(page.gateway, "prov_openai_chat")
    messages = [{"role": "user", "content": "Hello"}]
    world.provider.answers(Answer.json({"error": {"message": "no"}}, status=400))
    assert await ask(client, messages) == "refused: 400"
    stranger = sdk.client(page.gateway, "prov_gone")
    assert await ask(stranger, messages) == "failed: provider_not_found"
    world.provider.always(sdk.answer("yes"))
    for _ in range(20):
        await ask(client, messages)
    assert await ask(client, messages) == "no more standard"


async def test_synchronous_code_does_alike(page: SdkPage, world: World) -> None:
    """`requests` gives the words of a stream, `urllib` the whole answer."""
    sdk = OpenAI()
    world.provider.answers(Answer.sse(sdk.event("Once "), sdk.event("upon"), sdk.end))
    words = shown("requests")["words"](page.gateway, "Tell me a story")
    assert await asyncio.to_thread(list, words) == ["Once ", "upon"]
    world.provider.answers(sdk.answer("a time"))
    answer = shown("urllib")["answer"]
    assert await asyncio.to_thread(answer, page.gateway, "And then?") == "a time"
    assert page.left() == 18
