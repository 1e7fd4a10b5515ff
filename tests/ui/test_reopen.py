"""What a Mini App keeps when the person has to open it again; and which language it speaks."""

import pytest

from tollbridge.ui.language import pick
from tollbridge.ui.reopen import left_over
from tollbridge.ui.transcript import Transcript


def said(question: str, state: str = "done") -> Transcript:
    """A conversation of one question, with its answer in a state."""
    transcript = Transcript()
    transcript.answer(transcript.ask(question)).version.state = state
    return transcript


def test_the_draft_is_kept() -> None:
    """TG-M10: whatever was said before it."""
    assert left_over([], "half a thought") == "half a thought"
    assert left_over(said("Hello", "failed").turns, "half a thought") == "half a thought"


@pytest.mark.parametrize("state", ["failed", "not_sent"])
def test_a_message_without_an_answer_is_kept(state: str) -> None:
    """TG-M10: it was refused because the session was over, and nobody should type it again."""
    assert left_over(said("Hello", state).turns, "  ") == "Hello"


@pytest.mark.parametrize("state", ["done", "stopped", "broken"])
def test_a_message_with_an_answer_is_not(state: str) -> None:
    """It would stand in the composer of the next conversation for no reason."""
    assert left_over(said("Hello", state).turns, "") == ""


def test_a_message_that_was_not_sent_is_kept() -> None:
    """It is the last turn itself then."""
    transcript = said("Hello")
    transcript.ask("And then?", state="not_sent")
    assert left_over(transcript.turns, "") == "And then?"
    assert left_over([], "") == ""


@pytest.mark.parametrize(
    ("wanted", "offered", "picked"),
    [
        ("en", ("en",), "en"),
        ("de", ("en",), "en"),
        ("", ("en", "de"), "en"),
        ("de", ("en", "de"), "de"),
        ("DE_at", ("en", "de"), "de"),
        ("pt-br", ("en", "pt", "pt-BR"), "pt-BR"),
        ("pt-pt", ("en", "pt", "pt-BR"), "pt"),
    ],
)
def test_the_language_that_fits_best(wanted: str, offered: tuple[str, ...], picked: str) -> None:
    """TG-M2: the whole tag, then less and less of it, then the one that is always there."""
    assert pick(wanted, offered) == picked
