"""A chat completion stream is read the same, however its bytes are cut."""

import json

import pytest

from tollbridge.ui import chat_stream
from tollbridge.ui.chat_stream import ChatReader, EventReader, StreamFault


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


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_every_line_end_of_the_standard_counts(end: bytes, size: int) -> None:
    """Lines end with LF, CR LF or CR, and a CR LF may fall into two chunks."""
    raw = end.join(
        [b": note", b"event: x", b"id: 1", b"data: one", b"data:two", b"", b"data", b"", b""]
    )
    reader = EventReader()
    events = []
    for at in range(0, len(raw), size):
        events += reader.feed(raw[at : at + size])
    assert events == ["one\ntwo", ""]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    """It may stand once, at the very beginning."""
    assert EventReader().feed(b"\xef\xbb\xbfdata: x\n\n") == ["x"]


def test_an_event_without_its_blank_line_is_not_there_yet() -> None:
    """What broke off in the middle of an event is never shown."""
    reader = EventReader()
    assert reader.feed(b"data: half\n") == []
    assert reader.feed(b"\n") == ["half"]


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


def test_a_line_may_be_as_long_as_its_limit_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that never ends its line does not fill the page's memory."""
    monkeypatch.setattr(chat_stream, "LINE_BYTES_MAX", 10)
    reader = EventReader()
    reader.feed(b"data: 1234")
    with pytest.raises(StreamFault):
        reader.feed(b"5")


def test_bytes_that_are_no_characters_are_replaced_and_the_rest_stays() -> None:
    """One bad byte costs one mark, not the answer."""
    assert EventReader().feed(b"data: a\xffb\n\n") == ["a\ufffdb"]
