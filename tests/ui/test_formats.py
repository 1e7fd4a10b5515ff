"""What three kinds of providers send is read as words, numbers and an end; how each is asked."""

import json
from typing import Any

import pytest

from tollbridge.ui.chat_stream import AnswerReader, ChatReader, StreamFault
from tollbridge.ui.formats import CHAT, COUNTED_CHAT, MESSAGES, OUTPUT, format_of
from tollbridge.ui.message_stream import MessageReader
from tollbridge.ui.output_stream import OutputReader
from tollbridge.wire import Provider


def chunk(content: str | None = None, finish: str | None = None, **fields: Any) -> str:
    """One event of a chat completion."""
    delta = {} if content is None else {"content": content}
    return json.dumps({"choices": [{"delta": delta, "finish_reason": finish}], **fields})


def typed(kind: str, **fields: Any) -> str:
    """One event of the other two formats."""
    return json.dumps({"type": kind, **fields})


def text(words: str) -> str:
    """A piece of an Anthropic message."""
    return typed("content_block_delta", delta={"type": "text_delta", "text": words})


def stopped(reason: str) -> list[str]:
    """The end of an Anthropic message."""
    usage = {"output_tokens": 7}
    return [
        typed("message_delta", delta={"stop_reason": reason}, usage=usage),
        typed("message_stop"),
    ]


def output(words: str) -> str:
    """A piece of a response."""
    return typed("response.output_text.delta", delta=words)


def completed(kind: str = "response.completed", **fields: Any) -> str:
    """The end of a response."""
    return typed(kind, response={"usage": {"input_tokens": 4, "output_tokens": 7}, **fields})


def read(reader: AnswerReader, *events: str) -> str:
    """Everything that a reader makes of these events."""
    return "".join([reader.read(event) for event in events])


USAGE = {"prompt_tokens": 4, "completion_tokens": 7}
WHOLE = {
    "chat": (
        ChatReader,
        [chunk("Brücke "), chunk("橋 🌉"), chunk(None, "stop"), chunk(usage=USAGE), "[DONE]"],
    ),
    "messages": (
        MessageReader,
        [
            typed("message_start", message={"usage": {"input_tokens": 4, "output_tokens": 1}}),
            typed("content_block_start", content_block={"type": "text", "text": ""}),
            typed("ping"),
            typed("content_block_delta", delta={"type": "thinking_delta", "thinking": "hm"}),
            text("Brücke "),
            text("橋 🌉"),
            *stopped("end_turn"),
        ],
    ),
    "responses": (
        OutputReader,
        [
            typed("response.created", response={}),
            typed("response.reasoning_text.delta", delta="hm"),
            output("Brücke "),
            output("橋 🌉"),
            completed(),
        ],
    ),
}


@pytest.mark.parametrize(("make", "events"), WHOLE.values(), ids=WHOLE)
def test_a_whole_answer_has_words_numbers_and_an_end(
    make: type[AnswerReader], events: list[str]
) -> None:
    """UX-M10: tokens are known where the provider tells them."""
    reader = make()
    assert read(reader, *events) == "Brücke 橋 🌉"
    reader.finish()
    assert (reader.tokens_in, reader.tokens_out) == (4, 7)
    assert not reader.cut_short


@pytest.mark.parametrize(("make", "events"), WHOLE.values(), ids=WHOLE)
def test_silence_is_no_end(make: type[AnswerReader], events: list[str]) -> None:
    """An answer cut short never looks whole, however politely the connection was closed."""
    reader = make()
    read(reader, *[event for event in events if "rücke" in event])
    with pytest.raises(StreamFault) as caught:
        reader.finish()
    assert caught.value.code == "ended_early"


LONG = {
    "chat": (ChatReader, [chunk("x"), chunk(None, "length")]),
    "messages": (MessageReader, [text("x"), *stopped("max_tokens")]),
    "responses": (
        OutputReader,
        [
            output("x"),
            completed("response.incomplete", incomplete_details={"reason": "max_output_tokens"}),
        ],
    ),
}


@pytest.mark.parametrize(("make", "events"), LONG.values(), ids=LONG)
def test_an_answer_at_its_limit_says_so(make: type[AnswerReader], events: list[str]) -> None:
    """It is whole as far as it was paid for, and still not the whole of it."""
    reader = make()
    assert read(reader, *events) == "x"
    reader.finish()
    assert reader.cut_short


REFUSALS = {
    "chat, by its end": (ChatReader, [chunk("x"), chunk(None, "content_filter")]),
    "chat, by its words": (
        ChatReader,
        [json.dumps({"choices": [{"delta": {"refusal": "I"}}]}), chunk(None, "stop")],
    ),
    "messages": (MessageReader, stopped("refusal")),
    "responses, by its end": (
        OutputReader,
        [completed("response.incomplete", incomplete_details={"reason": "content_filter"})],
    ),
    "responses, by its words": (
        OutputReader,
        [typed("response.refusal.delta", delta="I"), completed()],
    ),
}


@pytest.mark.parametrize(("make", "events"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_told_from_an_answer(make: type[AnswerReader], events: list[str]) -> None:
    """UX-M7: content refused has a text of its own."""
    reader = make()
    read(reader, *events)
    with pytest.raises(StreamFault) as caught:
        reader.finish()
    assert caught.value.code == "content_refused"


ERRORS = {
    "chat": (ChatReader, '{"error": {"message": "overloaded"}}', "overloaded"),
    "chat, in a word": (ChatReader, '{"error": "no"}', "no"),
    "chat, without one": (ChatReader, '{"error": {"type": "x"}}', "The provider gave no reason."),
    "messages": (MessageReader, typed("error", error={"message": "overloaded"}), "overloaded"),
    "responses": (OutputReader, typed("error", message="overloaded"), "overloaded"),
    "a response that failed": (
        OutputReader,
        typed("response.failed", response={"error": {"message": "overloaded"}}),
        "overloaded",
    ),
}


@pytest.mark.parametrize(("make", "event", "message"), ERRORS.values(), ids=ERRORS)
def test_an_error_in_the_stream_is_raised(
    make: type[AnswerReader], event: str, message: str
) -> None:
    """A failure after the headers never looks like an end."""
    with pytest.raises(StreamFault) as caught:
        make().read(event)
    assert (caught.value.code, caught.value.message) == ("provider_error", message)


@pytest.mark.parametrize("make", [ChatReader, MessageReader, OutputReader])
@pytest.mark.parametrize("event", ["3", "{}", "null", '{"type": 7}', '{"choices": [7]}'])
def test_events_without_words_say_nothing(make: type[AnswerReader], event: str) -> None:
    """Roles, numbers and fields to come are passed over."""
    assert make().read(event) == ""


@pytest.mark.parametrize("make", [ChatReader, MessageReader, OutputReader])
@pytest.mark.parametrize("event", ["<html>", "[" * 100_000])
def test_what_is_no_json_is_a_fault(make: type[AnswerReader], event: str) -> None:
    """A page of HTML under 200, or something nested without an end, is no answer."""
    with pytest.raises(StreamFault) as caught:
        make().read(event)
    assert caught.value.code == "not_json"


@pytest.mark.parametrize("usage", [7, None, {}, {"prompt_tokens": "4"}, {"prompt_tokens": True}])
def test_a_number_that_is_none_is_not_shown(usage: Any) -> None:
    """What is not known is not invented."""
    reader = ChatReader()
    read(reader, chunk("x", usage=usage))
    assert (reader.tokens_in, reader.tokens_out) == (None, None)


def provider(preset: str, *allow: str) -> Provider:
    """A provider as the gateway lists it."""
    return Provider("prov_x", preset=preset, query_type="standard", cost=1, allow=list(allow))


@pytest.mark.parametrize(
    ("listed", "format"),
    [
        (provider("openai-chat"), COUNTED_CHAT),
        (provider("openai-compatible"), CHAT),
        (provider("anthropic-messages"), MESSAGES),
        (provider("openai-responses"), OUTPUT),
        (provider("openai-embeddings"), None),
        (provider("a-preset-to-come"), None),
        (provider("http", "POST v1/chat/completions", "POST v1/messages"), CHAT),
        (provider("http", "GET v1/chat/completions", "POST v1/messages"), MESSAGES),
        (provider("http", "POST v1/*"), CHAT),
        (provider("http", "POST v1/responses"), OUTPUT),
        (provider("http", "POST v1/images/*", "POST v1"), None),
    ],
)
def test_a_provider_is_spoken_to_in_its_format(listed: Provider, format: object) -> None:
    """Its preset tells, or the paths that it allows; what cannot chat is not offered."""
    assert format_of(listed) is format


def test_bodies_are_what_each_api_takes() -> None:
    """Tokens are asked for where a server is known to understand that."""
    said = [{"role": "user", "content": "x"}]
    assert CHAT.body("m", said) == {"messages": said, "stream": True, "model": "m"}
    assert COUNTED_CHAT.body("m", said)["stream_options"] == {"include_usage": True}
    assert MESSAGES.body("m", said) == {"messages": said, "stream": True, "model": "m"}
    assert OUTPUT.body("m", said) == {"input": said, "stream": True, "model": "m"}
    assert "model" not in CHAT.body("", said)
