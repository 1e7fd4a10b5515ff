"""A client that asks the demo provider, and readers of what it says."""

import json

import aiohttp

from tollbridge.gateway.providers.demo import DemoProvider

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


class Demo:
    """A demo provider with a client that asks it."""

    def __init__(self, provider: DemoProvider, client: aiohttp.ClientSession) -> None:
        """Join the two."""
        self.provider = provider
        self._client = client

    async def open(
        self, path: str, model: str, *, stream: bool = False, **fields: object
    ) -> aiohttp.ClientResponse:
        """Ask a question and return as soon as the headers are here."""
        messages = [{"role": "user", "content": "Is it a bridge?"}]
        body = {"model": model, "messages": messages, "stream": stream, **fields}
        return await self._client.post(path, json=body, allow_redirects=False)

    async def ask(self, path: str, model: str, **fields: object) -> tuple[int, bytes]:
        """Ask a question and return the status and the whole body."""
        async with await self.open(path, model, **fields) as answer:
            return answer.status, await answer.read()

    async def get(self, path: str) -> dict:
        """Read one of the lists."""
        async with self._client.get(path) as answer:
            assert answer.status == 200
            return await answer.json()


def events_of(body: bytes) -> list[tuple[str, dict]]:
    """Read a stream as (event name, data); `[DONE]` is the name of the last one at OpenAI."""
    found = []
    for frame in body.decode().removesuffix("\n\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in frame.split("\n"))
        if fields["data"] == "[DONE]":
            found.append(("[DONE]", {}))
        else:
            found.append((fields.get("event", ""), json.loads(fields["data"])))
    return found


def text_of(path: str, body: bytes, *, stream: bool) -> str:
    """Return what was said."""
    if not stream:
        value = json.loads(body)
        said = value["choices"][0]["message"] if path == CHAT else value["content"][0]
        return said["content" if path == CHAT else "text"]
    data = [value for _, value in events_of(body)]
    if path == CHAT:
        deltas = [c["delta"] for value in data for c in value.get("choices", ())]
        return "".join(delta.get("content", "") for delta in deltas)
    return "".join(v["delta"].get("text", "") for v in data if v["type"] == "content_block_delta")
