"""What of a conversation goes to the provider, and how errors are said."""

import pytest

from tollbridge.sdk import NetworkError, PaywallError, ProviderError
from tollbridge.ui.chat_stream import StreamFault
from tollbridge.ui.strings.causes import CAUSES, cause_of
from tollbridge.ui.failure import failure_of
from tollbridge.ui.transcript import HISTORY_CHARS_MAX, Transcript
from tollbridge.wire import STATUS_OF


def conversation(*said: str) -> Transcript:
    """Questions and answers in turn."""
    transcript = Transcript()
    for number, text in enumerate(said):
        turn = transcript.answer() if number % 2 else transcript.ask(text)
        turn.text = text
        turn.state = "done" if number % 2 else "sent"
    return transcript


def told(transcript: Transcript) -> list[str]:
    """The words that the provider is told."""
    return [message["content"] for message in transcript.messages()]


def test_what_was_not_said_is_not_told() -> None:
    """Failed answers, empty ones and unsent messages stay on the page."""
    transcript = conversation("one", "two", "three", "", "four", "failed", "unsent")
    transcript.turns[5].state = "failed"
    transcript.turns[6].state = "not_sent"
    assert told(transcript) == ["one", "two", "three", "four"]


@pytest.mark.parametrize(("over", "kept"), [(0, 3), (1, 2)])
def test_history_reaches_as_far_back_as_its_limit(over: int, kept: int) -> None:
    """A conversation never grows too large to be sent."""
    transcript = conversation("a" * (HISTORY_CHARS_MAX - 20 + over), "b" * 10, "c" * 10)
    assert len(told(transcript)) == kept


def test_the_newest_message_goes_whatever_its_size() -> None:
    """The gateway says that it is too long; we do not cut what somebody wrote."""
    transcript = conversation("one", "b" * 3_000_000, "c" * (HISTORY_CHARS_MAX + 1))
    assert told(transcript) == ["c" * (HISTORY_CHARS_MAX + 1)]


@pytest.mark.parametrize("code", sorted(STATUS_OF))
def test_every_code_of_the_wire_is_a_sentence(code: str) -> None:
    """Whatever the gateway answers, the visitor reads more than a code."""
    sentence = cause_of(code, STATUS_OF[code], "")
    assert sentence.endswith(".")
    assert "_" not in sentence


def test_no_sentence_is_left_without_its_code() -> None:
    """A text for a code that nobody raises is a text nobody reads."""
    ours = {"network_error", "ended_early", "line_too_long", "not_json"}
    assert set(CAUSES) - ours <= set(STATUS_OF)


@pytest.mark.parametrize(
    ("error", "midway", "cause", "free"),
    [
        (PaywallError("busy", "x", status=503), False, "The gateway is busy.", True),
        (
            PaywallError("busy", "x", status=503, retry_after_s=4),
            False,
            "The gateway is busy. Wait 4 s before you try again.",
            True,
        ),
        (PaywallError("new_code", "Said so.", status=400), False, "Said so.", True),
        (
            ProviderError("internal_error", "x", status=500),
            False,
            "The provider failed (status 500).",
            True,
        ),
        (
            ProviderError("busy", "x", status=404),
            False,
            "The provider refused the message (status 404).",
            True,
        ),
        (
            NetworkError("x"),
            False,
            "The gateway cannot be reached. Check your connection.",
            False,
        ),
        (NetworkError("x"), True, "The connection broke before the answer was whole.", False),
        (StreamFault("provider_error", "Overloaded"), True, "Overloaded", False),
        (PaywallError("unknown", ""), False, "Something went wrong.", False),
    ],
)
def test_an_error_is_said_by_what_caused_it(
    error: PaywallError | StreamFault, midway: bool, cause: str, free: bool
) -> None:
    """A provider's codes are its own, and only an answer proves that nothing was charged."""
    failure = failure_of(error, midway=midway)
    assert (failure.cause, failure.free) == (cause, free)
