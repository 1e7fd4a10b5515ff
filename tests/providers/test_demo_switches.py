"""The demo provider's switches: everything that can go wrong, and a Stop that is noticed."""

import asyncio
import json

import aiohttp
import pytest

from tests.providers.demo_client import CHAT, MESSAGES, Demo, text_of
from tollbridge.gateway.providers.demo import DemoProvider
from tollbridge.gateway.providers.demo_words import BIG_TEXT_BYTES, SWITCHES

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])
BOTH_WAYS = pytest.mark.parametrize("stream", [False, True])


@BOTH
@BOTH_WAYS
@pytest.mark.parametrize("status", [429, 500, 401])
async def test_refusals_have_the_apis_shape(
    demo: Demo, path: str, stream: bool, status: int
) -> None:
    """The switches that refuse do so with the status and the error that the API has."""
    async with await demo.open(path, f"demo-{status}", stream=stream) as answer:
        error = (await answer.json())["error"]
        assert answer.status == status
        assert ("retry-after" in answer.headers) is (status == 429)
    assert {"type", "message"} <= set(error)
    assert ("code" in error) is (path == CHAT)


@BOTH
async def test_unknown_models_and_bodies_are_told_in_the_apis_shape(demo: Demo, path: str) -> None:
    """A model that is no switch is 404, a body that is no object 400."""
    status, body = await demo.ask(path, "gpt-4o")
    assert status == 404
    assert "gpt-4o" in json.loads(body)["error"]["message"]
    async with demo._client.post(path, data=b"[1]") as answer:
        assert answer.status == 400


async def test_a_redirect(demo: Demo) -> None:
    """`demo-redirect` points elsewhere."""
    async with await demo.open(CHAT, "demo-redirect") as answer:
        assert (answer.status, answer.headers["location"]) == (307, "/v1/models")


@BOTH
@BOTH_WAYS
async def test_the_slow_one_is_late_and_then_as_usual(demo: Demo, path: str, stream: bool) -> None:
    """`demo-slow` sends nothing at first."""
    loop = asyncio.get_running_loop()
    asked_at = loop.time()
    status, body = await demo.ask(path, "demo-slow", stream=stream)
    assert loop.time() - asked_at >= 0.05
    assert status == 200
    assert "demo provider" in text_of(path, body, stream=stream)


@BOTH
@BOTH_WAYS
async def test_dropping_the_connection(demo: Demo, path: str, stream: bool) -> None:
    """`demo-drop` sends not even headers."""
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await demo.open(path, "demo-drop", stream=stream)
    assert demo.provider.requests[-1].state == "cut"


@BOTH
@BOTH_WAYS
@pytest.mark.parametrize("model", ["demo-cut-before", "demo-cut"])
async def test_breaking_off(demo: Demo, path: str, stream: bool, model: str) -> None:
    """Headers come with 200, then nothing or half of the body, then no end."""
    async with await demo.open(path, model, stream=stream) as answer:
        assert answer.status == 200
        received, error = await read_until_broken(answer)
    assert isinstance(error, aiohttp.ClientPayloadError)
    seen = demo.provider.requests[-1]
    assert seen.state == "cut"
    assert (seen.bytes_sent > 0) is (model == "demo-cut")
    if model == "demo-cut-before":
        assert received == b""


@BOTH
@BOTH_WAYS
async def test_odd_chunks(demo: Demo, path: str, stream: bool) -> None:
    """Chunks end inside of characters and of events, and together they are a proper answer."""
    chunks = []
    async with await demo.open(path, "demo-odd", stream=stream) as answer:
        async for chunk, _ in answer.content.iter_chunks():
            chunks.append(chunk)
    assert not all(_is_text(chunk) for chunk in chunks)
    said = text_of(path, b"".join(chunks), stream=stream)
    assert said.startswith("Grüße aus Zürich – 你好, мир! 🌉")


async def read_until_broken(answer: aiohttp.ClientResponse) -> tuple[bytes, Exception | None]:
    """Return what came, and what ended it."""
    received = b""
    try:
        async for chunk in answer.content.iter_any():
            received += chunk
    except aiohttp.ClientError as error:
        return received, error
    return received, None


def _is_text(chunk: bytes) -> bool:
    try:
        chunk.decode()
    except UnicodeDecodeError:
        return False
    return True


@BOTH
@BOTH_WAYS
async def test_two_megabytes(demo: Demo, path: str, stream: bool) -> None:
    """`demo-2mb` says two million bytes."""
    _, body = await demo.ask(path, "demo-2mb", stream=stream)
    assert len(text_of(path, body, stream=stream)) == BIG_TEXT_BYTES


@BOTH
@BOTH_WAYS
async def test_leaving_is_noticed(demo: Demo, path: str, stream: bool) -> None:
    """A client that stops reading an endless answer is seen on `/v1/requests` as having left."""
    answer = await demo.open(path, "demo-endless", stream=stream)
    await answer.content.readany()
    (seen,) = (await demo.get("/v1/requests"))["requests"]
    assert seen["state"] == "running"
    answer.close()
    while demo.provider.requests[-1].state == "running":
        await demo.get("/v1/requests")
    (seen,) = (await demo.get("/v1/requests"))["requests"]
    assert (seen["state"], seen["model"], seen["path"]) == ("client_left", "demo-endless", path)
    assert seen["bytes_sent"] > 0


async def test_leaving_before_the_first_byte_is_noticed() -> None:
    """A Stop while the provider still thinks arrives as well."""
    never = DemoProvider(slow_s=3600)
    async with aiohttp.ClientSession(await never.start()) as client:
        lasting = Demo(never, client)
        asking = asyncio.ensure_future(lasting.open(CHAT, "demo-slow"))
        while not never.requests:
            await lasting.get("/v1/requests")
        asking.cancel()
        while never.requests[-1].state == "running":
            await lasting.get("/v1/requests")
    assert never.requests[-1].state == "client_left"
    await never.stop()


async def test_requests_are_listed_without_prompts(demo: Demo) -> None:
    """What is listed says what became of a request, and nothing of what was said."""
    await demo.ask(CHAT, "demo", stream=True)
    listed = await demo.get("/v1/requests")
    (seen,) = listed["requests"]
    assert set(seen) == {"id", "model", "path", "state", "bytes_sent"}
    assert (seen["state"], seen["bytes_sent"] > 1000) == ("finished", True)
    assert "bridge" not in json.dumps(listed)


async def test_the_switches_are_listed(demo: Demo) -> None:
    """Every switch stands on `/v1/models` with a sentence."""
    listed = await demo.get("/v1/models")
    assert {model["id"]: model["description"] for model in listed["data"]} == SWITCHES
    assert all(text.endswith(".") for text in SWITCHES.values())


async def test_a_taken_port_is_an_error(demo: Demo) -> None:
    """A port in use is told by the system's own error, and nothing stays open."""
    port = int(str(demo._client._base_url).rstrip("/").rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        await DemoProvider(port=port).start()
