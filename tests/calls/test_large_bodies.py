"""Large bodies are read beside the loop: whoever sends one does not keep the others waiting."""

import asyncio

import pytest

from tests.support.scripted_provider import Answer
from tests.support.world import PAYWALL, PROVIDER, TYPE
from tollbridge.gateway.calls.body import CHECKED_ON_LOOP_MAX, take_body
from tollbridge.gateway.calls.intake import Intake, Memory
from tollbridge.gateway.calls.request import read_request
from tollbridge.gateway.errors import PageLeft, Refusal
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.settings import Limits

PATH = "v1/chat/completions"


def brackets(size, model="m"):
    """Make a body of so many bytes that takes a parser long: nothing but lists."""
    head, tail = f'{{"model":"{model}","messages":['.encode(), b"[]]}"
    return (head + b"[]," * size)[: size - (size - len(head) - len(tail)) % 3 - len(tail)] + tail


def asked():
    """Ask for a chat completion."""
    typed = [(b"content-type", b"application/json")]
    path = f"/api/v1/api-gateway/{PROVIDER}/{PATH}".encode()
    query = f"paywall_id={PAYWALL}".encode()
    scope = {"method": "POST", "raw_path": path, "query_string": query, "headers": typed}
    return read_request(scope)


def model_provider():
    """Make a provider whose bodies are read."""
    return make_provider(
        PROVIDER,
        paywall_id=PAYWALL,
        preset="openai-chat",
        base_url="https://api.example",
        query_type=TYPE,
        models=("m",),
        max_output_tokens=10,
    )


class Page:
    """An ASGI `receive` that gives a body and then stays, or leaves."""

    def __init__(self, body, *, leaves=False):
        self._messages = [{"type": "http.request", "body": body}]
        self._messages += [{"type": "http.disconnect"}] if leaves else []

    async def __call__(self):
        """See ASGI."""
        if not self._messages:
            await asyncio.Event().wait()
        return self._messages.pop(0)


async def take(page):
    """Take a body as a call does."""
    intake = Intake(page, Memory(), Limits())
    try:
        return await take_body(asked(), model_provider(), intake)
    finally:
        intake.close()


async def turns_while(task):
    """Count how often the loop turns until a task has ended."""
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    return turns


async def test_the_loop_goes_on():
    """While a large body is read everything else has its turn; a small one is read at once."""
    large, small = brackets(1024 * 1024), brackets(CHECKED_ON_LOOP_MAX)
    assert len(small) <= CHECKED_ON_LOOP_MAX
    for body, is_beside in ((large, True), (small, False)):
        task = asyncio.create_task(take(Page(body)))
        assert (await turns_while(task) > 10) == is_beside
        assert (await task).gathered == body


async def test_what_is_refused_is_refused_there_too():
    """The rules are the same."""
    with pytest.raises(Refusal, match="does not allow the model"):
        await take(Page(brackets(100_000, model="other")))


async def test_nobody_reads_for_a_page_that_left():
    """Who sends and leaves at once does not keep those behind waiting."""
    first = asyncio.create_task(take(Page(brackets(1024 * 1024))))
    await asyncio.sleep(0)  # it is being read now
    with pytest.raises(PageLeft):
        await take(Page(brackets(1024 * 1024), leaves=True))
    assert (await first).gathered


async def test_a_large_body_goes_through(world):
    """Over HTTP, its output limit set."""
    llm = {"preset": "openai-chat", "models": ("m",), "max_output_tokens": 10}
    await world.add_provider("prov_llm", **llm)
    visitor = await world.sign_in()
    world.provider.answers(Answer.json({"ok": True}))
    message = {"role": "user", "content": "x" * 100_000}
    body = {"model": "m", "messages": [message]}
    async with world.call(visitor, PATH, provider_id="prov_llm", json=body) as answer:
        assert answer.status == 200
    request = await world.provider.next_request()
    assert request.json()["messages"] == [message]
    assert request.json()["max_completion_tokens"] == 10
