"""What of a conversation goes to the provider, its versions, and how errors are said."""

import pytest

from tollbridge.sdk import NetworkError, PaywallError, ProviderError
from tollbridge.ui.chat_stream import StreamFault
from tollbridge.ui.failure import failure_of
from tollbridge.ui.strings.causes import CAUSES, cause_of
from tollbridge.ui.strings.chat import cause_line
from tollbridge.ui.transcript import HISTORY_CHARS_MAX, Transcript, Turn
from tollbridge.wire import STATUS_OF


def conversation(*said: str) -> Transcript:
    """Questions and answers in turn."""
    transcript = Transcript()
    for number, text in enumerate(said):
        if number % 2:
            answer(transcript, text)
        else:
            transcript.ask(text)
    return transcript


def answer(transcript: Transcript, text: str) -> Turn:
    """Answer the last question."""
    turn = transcript.answer([turn for turn in transcript.turns if turn.role == "user"][-1])
    turn.version.text = text
    turn.version.state = "done"
    return turn


def told(transcript: Transcript) -> list[str]:
    """The words that the provider is told with the last question."""
    question = [turn for turn in transcript.turns if turn.role == "user"][-1]
    return [message["content"] for message in transcript.messages(question)]


def test_what_was_not_said_is_not_told() -> None:
    """Failed answers, empty ones and unsent messages stay on the page."""
    transcript = conversation("one", "two", "three", "", "four", "failed", "unsent", "", "last")
    transcript.turns[5].version.state = "failed"
    transcript.turns[6].version.state = "not_sent"
    assert told(transcript) == ["one", "two", "three", "four", "last"]


def test_what_comes_after_a_question_is_not_told_with_it() -> None:
    """Messages that wait for its answer are no part of it."""
    transcript = conversation("one", "two", "three")
    waiting = transcript.ask("later", state="waiting")
    assert [m["content"] for m in transcript.messages(transcript.turns[2])] == [
        "one",
        "two",
        "three",
    ]
    assert [m["content"] for m in transcript.messages(waiting)][-1] == "later"


@pytest.mark.parametrize(("over", "kept"), [(0, 3), (1, 2)])
def test_history_reaches_as_far_back_as_its_limit(over: int, kept: int) -> None:
    """A conversation never grows too large to be sent."""
    transcript = conversation("a" * (HISTORY_CHARS_MAX - 20 + over), "b" * 10, "c" * 10)
    assert len(told(transcript)) == kept


def test_the_newest_message_goes_whatever_its_size() -> None:
    """The gateway says that it is too long; we do not cut what somebody wrote."""
    transcript = conversation("one", "b" * 3_000_000, "c" * (HISTORY_CHARS_MAX + 1))
    assert told(transcript) == ["c" * (HISTORY_CHARS_MAX + 1)]


def test_asking_anew_keeps_the_old_version_and_the_one_shown_is_told() -> None:
    """UX-M4: regenerate keeps the old variant."""
    transcript = conversation("one", "first", "next")
    turn = transcript.answer(transcript.turns[0])
    assert (len(transcript.turns), [v.text for v in turn.versions]) == (3, ["first", ""])
    turn.version.text = "second"
    turn.version.state = "done"
    assert told(transcript) == ["one", "second", "next"]
    turn.shown = 0
    assert told(transcript) == ["one", "first", "next"]


def test_a_version_without_words_is_given_up_for_the_next() -> None:
    """Somebody who tries five times does not leaf through four failures."""
    transcript = conversation("one", "")
    turn = transcript.answer(transcript.turns[0])
    assert len(turn.versions) == 1
    assert transcript.give_up(turn)
    assert [turn.text for turn in transcript.turns] == ["one"]


def test_giving_up_a_new_version_leaves_the_old_one() -> None:
    """Out of credits while asking anew costs nobody the answer that is there."""
    transcript = conversation("one", "first")
    turn = transcript.answer(transcript.turns[0])
    assert not transcript.give_up(turn)
    assert (turn.text, turn.state) == ("first", "done")


@pytest.mark.parametrize("code", sorted(STATUS_OF))
def test_every_code_of_the_wire_is_a_sentence(code: str) -> None:
    """X-M9: whatever the gateway answers, the visitor reads more than a code."""
    sentence = cause_of(code, STATUS_OF[code], "")
    assert sentence.endswith(".")
    assert "_" not in sentence


def test_no_sentence_is_left_without_its_code() -> None:
    """A text for a code that nobody raises is a text nobody reads; and each has its own."""
    ours = {"network_error", "ended_early", "line_too_long", "not_json", "content_refused"}
    assert set(CAUSES) - ours - {"page_left"} <= set(STATUS_OF)
    assert len(set(CAUSES.values())) == len(CAUSES)


@pytest.mark.parametrize(
    ("error", "midway", "cause", "charged"),
    [
        (PaywallError("busy", "x", status=503), False, "The gateway is busy.", 0),
        (PaywallError("new_code", "Said so.", status=400), False, "Said so.", 0),
        (
            ProviderError("internal_error", "x", status=500),
            False,
            "The provider failed (status 500).",
            0,
        ),
        (
            ProviderError("busy", "x", status=404),
            False,
            "The provider refused the message (status 404).",
            0,
        ),
        (
            ProviderError("x", "x", status=413),
            False,
            "The message is too long for the provider.",
            0,
        ),
        (
            NetworkError("x"),
            False,
            "The gateway cannot be reached. Check your connection.",
            None,
        ),
        (NetworkError("x"), True, "The connection broke before the answer was whole.", None),
        (
            PaywallError("call_already_charged", "x", status=409),
            False,
            "This message was answered and charged before, and the answer is lost.",
            None,
        ),
        (StreamFault("provider_error", "Overloaded"), True, "Overloaded", None),
        (StreamFault("content_refused"), True, "The provider refused to answer this.", None),
        (PaywallError("unknown", ""), False, "Something went wrong.", None),
    ],
)
def test_an_error_is_said_by_what_caused_it(
    error: PaywallError | StreamFault, midway: bool, cause: str, charged: int | None
) -> None:
    """UX-M7: a provider's codes are its own, and only an answer proves that nothing was charged."""
    failure = failure_of(error, midway=midway)
    assert (failure.cause, failure.charged) == (cause, charged)


def test_offline_has_a_text_of_its_own() -> None:
    """UX-M7: it is nobody's fault here, and the message is kept."""
    assert "offline" in failure_of(NetworkError("x"), online=False).cause
    assert "offline" not in failure_of(PaywallError("busy", "x", status=503), online=False).cause


@pytest.mark.parametrize(
    ("charged", "end"),
    [
        (None, "busy."),
        (0, "No credit was taken."),
        (1, "1 credit charged."),
        (3, "3 credits charged."),
    ],
)
def test_what_a_failure_cost_is_said_where_it_is_known(charged: int | None, end: str) -> None:
    """Nobody has to guess whether to ask for a refund."""
    failure = failure_of(PaywallError("busy", "x", status=503))
    failure.charged = charged
    assert cause_line(failure).endswith(end)
