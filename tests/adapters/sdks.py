"""The two official SDKs, each asked in its own words, for tests that are about both."""

import json
from collections.abc import AsyncIterator
from typing import Any

import anthropic
import openai

from tests.support.scripted_provider import Answer
from tollbridge.adapters import anthropic_options, openai_options
from tollbridge.sdk import ApiGatewayClient

MESSAGES = [{"role": "user", "content": "Hello"}]
PROVIDER = "prov_things"


class OpenAI:
    """`openai`, which asks for chat completions."""

    error = openai.OpenAIError
    limited = openai.RateLimitError
    path = "/v1/chat/completions"
    # Around the events of a stream.
    start = ()
    end = b"[DONE]"

    def client(self, gateway: ApiGatewayClient, provider_id: str = PROVIDER) -> Any:
        """Make a client, as a page does."""
        return openai.AsyncOpenAI(**openai_options(gateway, provider_id))

    async def ask(self, client: Any, **more: Any) -> str:
        """Ask, and return the words of the whole answer."""
        answer = await client.chat.completions.create(model="demo", messages=MESSAGES, **more)
        words: str = answer.choices[0].message.content
        return words

    async def stream(self, client: Any) -> Any:
        """Ask for a stream."""
        return await client.chat.completions.create(model="demo", messages=MESSAGES, stream=True)

    async def words(self, stream: Any) -> AsyncIterator[str]:
        """The words of a stream, as they come."""
        async for chunk in stream:
            yield chunk.choices[0].delta.content

    def answer(self, words: str) -> Answer:
        """What the provider says to a plain question."""
        choice = {"index": 0, "message": {"role": "assistant", "content": words}}
        return Answer.json({"id": "1", "object": "chat.completion", "choices": [choice]})

    def event(self, words: str) -> bytes:
        """An event of a stream: its data, perhaps after its name."""
        choice = {"index": 0, "delta": {"content": words}}
        return json.dumps({"id": "1", "choices": [choice]}).encode()


class Anthropic:
    """`anthropic`, which asks for messages."""

    error = anthropic.AnthropicError
    limited = anthropic.RateLimitError
    path = "/v1/messages"
    start = (
        b'\nevent: message_start\ndata: {"type": "message_start", "message": '
        b'{"id": "msg_1", "type": "message", "role": "assistant", "model": "demo", "content": [], '
        b'"usage": {"input_tokens": 1, "output_tokens": 1}}}',
        b'\nevent: content_block_start\ndata: {"type": "content_block_start", "index": 0, '
        b'"content_block": {"type": "text", "text": ""}}',
    )
    end = b'\nevent: message_stop\ndata: {"type": "message_stop"}'

    def client(self, gateway: ApiGatewayClient) -> Any:
        """Make a client, as a page does."""
        return anthropic.AsyncAnthropic(**anthropic_options(gateway, PROVIDER))

    async def ask(self, client: Any, **more: Any) -> str:
        """Ask, and return the words of the whole answer."""
        answer = await client.messages.create(
            model="demo", max_tokens=99, messages=MESSAGES, **more
        )
        words: str = answer.content[0].text
        return words

    async def stream(self, client: Any) -> Any:
        """Ask for a stream."""
        return await client.messages.create(
            model="demo", max_tokens=99, messages=MESSAGES, stream=True
        )

    async def words(self, stream: Any) -> AsyncIterator[str]:
        """The words of a stream, as they come."""
        async for event in stream:
            if event.type == "content_block_delta":
                yield event.delta.text

    def answer(self, words: str) -> Answer:
        """What the provider says to a plain question."""
        return Answer.json(
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": "demo",
                "content": [{"type": "text", "text": words}],
                "usage": {"input_tokens": 1, "output_tokens": 1},
            }
        )

    def event(self, words: str) -> bytes:
        """An event of a stream: its data, perhaps after its name."""
        delta = {"type": "text_delta", "text": words}
        body = {"type": "content_block_delta", "index": 0, "delta": delta}
        return b"\nevent: content_block_delta\ndata: " + json.dumps(body).encode()


SDKS = [OpenAI(), Anthropic()]
