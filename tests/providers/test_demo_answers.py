"""The demo provider's answers: both APIs' shapes, and words that react to the last message."""

import json

import pytest

from tests.providers.demo_client import CHAT, MESSAGES, Demo, events_of, text_of
from tests.tidy.tree import ROOT

BOTH = pytest.mark.parametrize("path", [CHAT, MESSAGES])
BOTH_WAYS = pytest.mark.parametrize("stream", [False, True])


async def test_openai_answers(demo: Demo) -> None:
    """A plain chat completion has the API's fields and usage figures that add up."""
    status, body = await demo.ask(CHAT, "demo")
    answer = json.loads(body)
    assert status == 200
    assert (answer["object"], answer["model"]) == ("chat.completion", "demo")
    assert answer["id"].startswith("chatcmpl-")
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["choices"][0]["message"]["role"] == "assistant"
    usage = answer["usage"]
    assert usage["prompt_tokens"] == 4
    assert usage["total_tokens"] == 4 + usage["completion_tokens"] > 20


async def test_openai_streams(demo: Demo) -> None:
    """A stream begins with the role, ends with `stop` and `[DONE]`, and has no usage unasked."""
    _, body = await demo.ask(CHAT, "demo", stream=True)
    events = events_of(body)
    first, *_, last, done = events
    assert first[1]["choices"][0]["delta"]["role"] == "assistant"
    assert last[1]["choices"][0] == {
        "index": 0,
        "delta": {},
        "logprobs": None,
        "finish_reason": "stop",
    }
    assert done == ("[DONE]", {})
    assert {value["object"] for _, value in events[:-1]} == {"chat.completion.chunk"}
    assert not any("usage" in value for _, value in events)


async def test_openai_streams_usage_when_asked(demo: Demo) -> None:
    """`include_usage` adds one chunk without choices, and a null to the others."""
    options = {"include_usage": True}
    _, body = await demo.ask(CHAT, "demo", stream=True, stream_options=options)
    *chunks, usage, _ = [value for _, value in events_of(body)]
    assert usage["choices"] == []
    assert usage["usage"]["completion_tokens"] == len(chunks) - 2
    assert all(chunk["usage"] is None for chunk in chunks)


async def test_anthropic_answers(demo: Demo) -> None:
    """A plain message has the API's fields and usage figures."""
    status, body = await demo.ask(MESSAGES, "demo", max_tokens=1000)
    answer = json.loads(body)
    assert status == 200
    assert (answer["type"], answer["role"], answer["stop_reason"]) == (
        "message",
        "assistant",
        "end_turn",
    )
    assert answer["usage"]["input_tokens"] == 4
    assert answer["usage"]["output_tokens"] > 20


async def test_anthropic_streams(demo: Demo) -> None:
    """Events come by their names, in their order, each naming itself in its data too."""
    _, body = await demo.ask(MESSAGES, "demo", stream=True)
    events = events_of(body)
    names = [name for name, _ in events]
    deltas = names.count("content_block_delta")
    assert names == [
        "message_start",
        "content_block_start",
        "ping",
        *["content_block_delta"] * deltas,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert all(value["type"] == name for name, value in events)
    assert events[0][1]["message"]["usage"] == {"input_tokens": 4, "output_tokens": 1}
    assert events[-2][1]["usage"] == {"output_tokens": deltas}


@BOTH
async def test_a_stream_says_what_a_plain_answer_says(demo: Demo, path: str) -> None:
    """Both ways the words are the same, and they react to the last message."""
    _, plain = await demo.ask(path, "demo")
    _, streamed = await demo.ask(path, "demo", stream=True)
    said = text_of(path, plain, stream=False)
    assert said == text_of(path, streamed, stream=True)
    assert "Is it a bridge?" in said
    assert "demo provider" in said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("Hello there", "Hello to you too"),
        ("The sky  is\nblue.", "You wrote 4 words: “The sky is blue.”"),
        ("x" * 500, "x…"),
        ([{"type": "text", "text": "why"}, {"type": "image"}], "“why”"),
        ("", "no words"),
        (None, "no words"),
        (7, "no words"),
    ],
)
async def test_any_message_gets_an_answer(demo: Demo, content: object, says: str) -> None:
    """Whatever the content's form, there is a fitting answer."""
    _, body = await demo.ask(CHAT, "demo", messages=[{"role": "user", "content": content}])
    assert says in text_of(CHAT, body, stream=False)


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("What is a toll bridge?", "1. You come to the booth"),
        ("Show me a table, a list and some code", "```python"),
        ("How are my credits counted?", "| given back |"),
    ],
)
async def test_what_its_page_suggests_is_known_by_heart(
    demo: Demo, question: str, says: str
) -> None:
    """The page's suggestions are answered in Markdown, line by line also in a stream."""
    assert question in (ROOT / "index.html").read_text("utf-8")
    messages = [{"role": "user", "content": question}]
    _, body = await demo.ask(CHAT, "demo", messages=messages, stream=True)
    assert says in text_of(CHAT, body, stream=True)
    _, plain = await demo.ask(CHAT, "demo", messages=messages)
    assert text_of(CHAT, plain, stream=False) == text_of(CHAT, body, stream=True)


@pytest.mark.parametrize("messages", [None, "text", [], [1], [{"role": "assistant"}]])
async def test_odd_conversations_get_an_answer(demo: Demo, messages: object) -> None:
    """A demonstration does not fail for a missing message."""
    status, _ = await demo.ask(CHAT, "demo", messages=messages)
    assert status == 200


@BOTH
@BOTH_WAYS
async def test_an_output_limit_cuts_the_answer_short(demo: Demo, path: str, stream: bool) -> None:
    """`max_tokens` counts words here, and the reason is told in the API's own words."""
    _, body = await demo.ask(path, "demo", stream=stream, max_tokens=3)
    assert len(text_of(path, body, stream=stream).split()) == 3
    assert (b'"length"' if path == CHAT else b'"max_tokens"') in body
