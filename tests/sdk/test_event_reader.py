"""An event stream is cut into events as the HTML standard says, however its bytes are cut."""

from tests.support.everywhere.testing import cases, raises
from tollbridge.sdk import PaywallError, sse
from tollbridge.sdk.sse import Event, EventReader


def fields_of(event: Event) -> tuple:
    """Return what an event holds."""
    return (event.data, event.event, event.id, event.retry)


def read(raw: bytes, *, size: int = 1 << 20) -> list[tuple]:
    """Read a stream in chunks of a size."""
    reader = EventReader()
    events: list[Event] = []
    for at in range(0, len(raw), size):
        events += reader.feed(raw[at : at + size])
    return [fields_of(event) for event in events]


def said(*words: str) -> list[tuple]:
    """Return events that have nothing but data."""
    return [(word, "message", "", None) for word in words]


# What is in a stream, and what a browser's `EventSource` would make of it.
STREAMS: list[tuple[bytes, list[tuple]]] = [
    (b"data: a\n\ndata: b\n\n", said("a", "b")),
    (b"data:a\n\ndata:  b\n\n", said("a", " b")),
    (b"data\n\ndata\ndata\n\ndata:\n\n", said("", "\n", "")),
    (b"data: YHOO\ndata: +2\ndata: 10\n\n", said("YHOO\n+2\n10")),
    (b": note\n\ndata: a\n\n:\n: more\ndata: b\n\n", said("a", "b")),
    (b"\n\n\ndata: a\n\n\n\n\ndata: b\n\n", said("a", "b")),
    (b"data: a\n\ndata: unfinished", said("a")),
    (b"data: a\n\ndata: unfinished\n", said("a")),
    (b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n", said("a")),
    (b"dat: a\n\nDATA: b\n\n data: c\n\ndatax\n\n", []),
    (b"event: add\ndata: 1\n\ndata: 2\n\n", [("1", "add", "", None)] + said("2")),
    (b"event: add\n\ndata: 1\n\n", said("1")),
    (b"data: 1\nevent: add\n\n", [("1", "add", "", None)]),
    (b"event: one\nevent: two\ndata: x\n\n", [("x", "two", "", None)]),
    (
        b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
        [("a", "message", "1", None), ("b", "message", "1", None)] + said("c"),
    ),
    (b"id: 7\n\ndata: a\n\n", [("a", "message", "7", None)]),
    (b"id: 1\x002\ndata: a\n\n", said("a")),
    (
        b"data: a\n\nretry: 10000\n\ndata: b\n\nretry: 1e3\nretry: \ndata: c\n\n",
        said("a") + [("b", "message", "", 10000), ("c", "message", "", 10000)],
    ),
    (b'data: a: b\ndata: {"c": 1}\n\n', said('a: b\n{"c": 1}')),
    ("data: Brücke 橋 🌉\n\ndata: ß\n\n".encode(), said("Brücke 橋 🌉", "ß")),
    ("event: ü\ndata: ß\n\n".encode(), [("ß", "ü", "", None)]),
]


@cases(("raw", "expected"), STREAMS)
def test_events_are_what_the_standard_says(raw: bytes, expected: list[tuple]) -> None:
    """Whole, byte by byte, and cut anywhere between."""
    for size in (1 << 20, 1, 2, 3, 7):
        assert read(raw, size=size) == expected, size


@cases("end", [b"\n", b"\r\n", b"\r"])
@cases("size", [1, 2, 3, 5, 1 << 20])
def test_every_line_end_of_the_standard_counts(end: bytes, size: int) -> None:
    """Lines end with LF, CR LF or CR, and a CR LF may fall into two chunks."""
    for raw, expected in STREAMS:
        assert read(raw.replace(b"\n", end), size=size) == expected, raw


def test_line_ends_may_be_mixed() -> None:
    """One stream may use them all; an empty chunk between changes nothing."""
    reader = EventReader()
    events = []
    for chunk in (b"data: a\r", b"", b"\ndata: b\r\r", b"\n", b"data: c\n", b"", b"\r", b"\n"):
        events += reader.feed(chunk)
    assert [event.data for event in events] == ["a\nb", "c"]


def test_an_event_comes_with_its_blank_line() -> None:
    """Neither later, nor before it is whole."""
    reader = EventReader()
    assert reader.feed(b"data: half\n") == []
    assert [event.data for event in reader.feed(b"\ndata: ")] == ["half"]
    assert [event.data for event in reader.feed(b"x\r\n\r")] == ["x"]


def test_bytes_that_are_no_characters_are_replaced_and_the_rest_stays() -> None:
    """One bad byte costs one mark, not the answer; nor does it swallow a line end."""
    assert read(b"data: a\xffb\n\n") == said("a\ufffdb")
    assert read(b"data: a\xc3\n\ndata: b\n\n") == said("a\ufffd", "b")


@cases("raw", [b"data: 12345", b"data: 123\ndata: 1234567\n", b":" * 11, b"x" * 11])
def test_nothing_may_be_longer_than_the_limit(raw: bytes) -> None:
    """A provider that never ends its line or event does not fill the page's memory."""
    limit, sse.EVENT_BYTES_MAX = sse.EVENT_BYTES_MAX, 10
    try:
        reader = EventReader()
        reader.feed(b"data: 1234")
        reader.feed(b"\n\n")
        with raises(PaywallError) as caught:
            reader.feed(raw)
        assert caught.value.code == "line_too_long"
        with raises(PaywallError):
            reader.feed(b"\n\ndata: 1\n\n")
    finally:
        sse.EVENT_BYTES_MAX = limit


def test_what_came_before_a_line_that_is_too_long_is_kept() -> None:
    """The events before it are given first, then the error."""
    limit, sse.EVENT_BYTES_MAX = sse.EVENT_BYTES_MAX, 10
    try:
        reader = EventReader()
        assert [event.data for event in reader.feed(b"data: a\n\ndata: 12345")] == ["a"]
        with raises(PaywallError):
            reader.feed(b"\n\n")
    finally:
        sse.EVENT_BYTES_MAX = limit


def test_many_events_keep_within_the_limit() -> None:
    """The limit is for one event, not for a stream."""
    limit, sse.EVENT_BYTES_MAX = sse.EVENT_BYTES_MAX, 10
    try:
        assert len(read(b"event: e\ndata: 12\n\n" * 50, size=7)) == 50
    finally:
        sse.EVENT_BYTES_MAX = limit


def test_an_event_shows_none_of_its_words() -> None:
    """What a model said does not get into a log by accident."""
    assert repr(Event("secret", "message", "", None)) == "<Event message: 6 characters>"
