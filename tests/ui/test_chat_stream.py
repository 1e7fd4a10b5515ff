"""A chat completion stream is read the same, however its bytes are cut."""

import json

import pytest

from tollbridge.sdk import sse
from tollbridge.ui.chat_stream import ChatReader, StreamFault


def event(**delta: object) -> bytes:
    """One event with these fields in its delta."""
    body = {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


STREAM = (
    event(role="assistant")
    + event(content="Brücke ")
    + event(content="橋 🌉")
    + b"data: [DONE]\n\n"
)


@pytest.mark.parametrize("size", range(1, len(STREAM) + 1))
def test_words_do_not_depend_on_where_chunks_end(size: int) -> None:
    """Chunks of every size give the same words, also when they end inside a character."""
    reader = ChatReader()
    words = [reader.feed(STREAM[at : at + size]) for at in range(0, len(STREAM), size)]
    assert "".join(words) == "Brücke 橋 🌉"
    assert "\ufffd" not in "".join(words)
    assert reader.ended


def test_a_stream_has_ended_when_the_provider_says_so() -> None:
    """A finish reason says it, and so does the closing mark; silence does not."""
    for last, ended in [
        (b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n', True),
        (b"data: [DONE]\n\n", True),
        (b"", False),
    ]:
        reader = ChatReader()
        reader.feed(event(content="x") + last)
        assert reader.ended is ended


@pytest.mark.parametrize(
    "body",
    [
        "3",
        "{}",
        '{"choices": []}',
        '{"choices": [7]}',
        '{"choices": [{"delta": null}]}',
        '{"choices": [{"delta": {"content": null}}]}',
        '{"choices": [], "usage": {"total_tokens": 9}}',
    ],
)
def test_events_without_words_say_nothing(body: str) -> None:
    """Usage figures, roles and fields to come are passed over."""
    assert ChatReader().feed(f"data: {body}\n\n".encode()) == ""


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ('{"error": {"message": "overloaded"}}', "provider_error", "overloaded"),
        ('{"error": "no"}', "provider_error", "no"),
        ('{"error": {"type": "x"}}', "provider_error", "The provider gave no reason."),
        ("<html>", "not_json", "The answer is not a chat completion stream."),
    ],
)
def test_an_error_in_the_stream_is_raised(body: str, code: str, message: str) -> None:
    """A failure after the headers never looks like an end."""
    with pytest.raises(StreamFault) as caught:
        ChatReader().feed(f"data: {body}\n\n".encode())
    assert (caught.value.code, caught.value.message) == (code, message)


def test_a_stream_that_cannot_be_read_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line without an end is told like every other fault of a stream."""
    monkeypatch.setattr(sse, "EVENT_BYTES_MAX", 10)
    with pytest.raises(StreamFault) as caught:
        ChatReader().feed(b"data: 12345")
    assert caught.value.code == "line_too_long"
