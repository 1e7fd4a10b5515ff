"""What is kept of answers, for how long, and how much of it in all."""

from tests.support.clock import FakeSeconds
from tollbridge.gateway.calls.replays import (
    BYTES_MAX,
    ENTRY_BYTES,
    LIFETIME_S,
    Answered,
    Recorder,
    Replays,
)

ANSWER = Answered(200, [(b"x-a", b"b")], b"body")


def answer_of(size):
    """Return an answer that counts for so many bytes."""
    return Answered(200, [], b"x" * (size - ENTRY_BYTES))


def test_an_answer_is_kept_for_ten_minutes():
    """After that only the receipt tells."""
    seconds = FakeSeconds()
    replays = Replays(now_s=seconds)
    replays.keep(b"key", ANSWER)
    seconds.now_s = LIFETIME_S - 0.001
    assert replays.find(b"key") == ANSWER
    seconds.now_s = LIFETIME_S
    assert replays.find(b"key") is None
    assert replays.find(b"other") is None


def test_the_oldest_goes_when_it_is_too_much():
    """All of them together stay below the bound, to the byte."""
    replays = Replays(bytes_max=3 * ENTRY_BYTES, now_s=FakeSeconds())
    for name in (b"a", b"b", b"c"):
        replays.keep(name, answer_of(ENTRY_BYTES))
    assert all(replays.find(name) for name in (b"a", b"b", b"c"))
    replays.keep(b"d", answer_of(ENTRY_BYTES + 1))
    assert [replays.find(name) is not None for name in (b"a", b"b", b"c", b"d")] == [
        *(False, False, True, True)
    ]


def test_an_answer_takes_the_place_of_the_last_one():
    """A new attempt's answer is the one that counts, and the old one's room is free again."""
    replays = Replays(bytes_max=2 * ENTRY_BYTES, now_s=FakeSeconds())
    for _ in range(5):
        replays.keep(b"a", answer_of(ENTRY_BYTES))
    replays.keep(b"a", ANSWER._replace(headers=[], body=b""))
    replays.keep(b"b", answer_of(ENTRY_BYTES))
    assert replays.find(b"a") == ANSWER._replace(headers=[], body=b"")
    assert replays.find(b"b") is not None


def test_headers_count_too():
    """A provider may send far more of them than an answer has bytes."""
    replays = Replays(bytes_max=ENTRY_BYTES + 10, now_s=FakeSeconds())
    for length, is_kept in ((7, True), (8, False)):
        replays.keep(b"a", Answered(200, [(b"x-a", b"b" * length)], b""))
        assert (replays.find(b"a") is not None) == is_kept


def test_old_ones_go_on_the_way():
    """Room that old answers take is given to new ones before anything young is dropped."""
    seconds = FakeSeconds()
    replays = Replays(bytes_max=2 * ENTRY_BYTES, now_s=seconds)
    replays.keep(b"old", answer_of(ENTRY_BYTES))
    seconds.now_s = LIFETIME_S
    replays.keep(b"a", answer_of(ENTRY_BYTES))
    replays.keep(b"b", answer_of(ENTRY_BYTES))
    assert replays.find(b"a")
    assert replays.find(b"b")


def test_the_bound_is_64_mib():
    """Enough for all of what a process answers in ten minutes to pages that lose answers."""
    assert BYTES_MAX == 64 * 1024 * 1024


def test_a_recorder_takes_down_what_fits():
    """Up to its bound it has the whole; one byte more and it has nothing, and holds nothing."""
    for size, kept in ((10, True), (11, False)):
        recorder = Recorder(bytes_max=10)
        recorder.start(201, [(b"a", b"b")])
        for _ in range(size):
            recorder.add(b"x")
        found = recorder.answer()
        assert found == (Answered(201, [(b"a", b"b")], b"x" * 10) if kept else None)
