"""An answer whose format nobody told is read as what it is; a template is asked in texts alone."""

import json
from typing import Any

import pytest

from tests.ui.test_formats import WHOLE
from tollbridge.sdk import Balance, PaywallError
from tollbridge.ui.chat_stream import StreamFault
from tollbridge.ui.failure import failure_of
from tollbridge.ui.panel.settings import Price, Settings
from tollbridge.ui.strings.panel import left_text, used_text
from tollbridge.ui.whole_answer import AnyReader
from tollbridge.wire import Provider

FIELDS: dict[str, Any] = {
    "paywall": "pw_app",
    "gateway": "https://gateway.example",
    "page": "https://gateway.example/",
    "template": "",
    "variable": "question",
    "variables": {},
    "provider": "",
    "model": "",
    "keeps": True,
}
ANSWERS = {
    "chat": {
        "choices": [{"message": {"content": "Yes."}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 7},
    },
    "messages": {
        "content": [{"type": "text", "text": "Yes."}],
        "stop_reason": "max_tokens",
        "usage": {"input_tokens": 4, "output_tokens": 7},
    },
    "responses": {
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "Yes."}]}],
        "incomplete_details": {"reason": "max_output_tokens"},
        "usage": {"input_tokens": 4, "output_tokens": 7},
    },
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_stream_is_recognised_by_its_first_event(name: str) -> None:
    """What a reader of that format makes of it, this one does."""
    kind, events = WHOLE[name][:2]
    known, any_reader = kind(), AnyReader()
    for event in events:
        assert any_reader.read(event) == known.read(event)
    any_reader.finish()
    assert (any_reader.tokens_in, any_reader.tokens_out) == (known.tokens_in, known.tokens_out)
    assert any_reader.cut_short == known.cut_short


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_came_whole_is_read_too(name: str) -> None:
    """A template need not stream; words, numbers and the reason of the end are the same."""
    reader = AnyReader()
    assert reader.read_whole(json.dumps(ANSWERS[name])) == "Yes."
    reader.finish()
    assert (reader.tokens_in, reader.tokens_out, reader.cut_short) == (4, 7, True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<html>", "not_json"),
        ("[1]", "not_json"),
        ('{"odd": 1}', "not_json"),
        ('{"choices": [3]}', "not_json"),
        ('{"error": {"message": "No."}}', "provider_error"),
    ],
)
def test_what_is_no_answer_is_a_fault(text: str, code: str) -> None:
    """And never an empty one."""
    with pytest.raises(StreamFault) as fault:
        AnyReader().read_whole(text)
    assert fault.value.code == code


def test_a_refused_answer_is_one() -> None:
    """The same as in a stream."""
    reader = AnyReader()
    reader.read_whole(json.dumps({"content": [], "stop_reason": "refusal"}))
    with pytest.raises(StreamFault) as fault:
        reader.finish()
    assert fault.value.code == "content_refused"


def test_a_template_is_sent_the_question_and_the_page_s_texts() -> None:
    """No model, no history, no switch: those are the owner's."""
    settings = Settings(FIELDS | {"template": "tpl_ask", "variables": {"product": "Span 4"}})
    to = settings.sealed()
    assert to is not None
    assert (to.provider_id, to.format.path) == ("tpl_ask", "")
    messages = [{"role": "user", "content": "One?"}, {"role": "user", "content": "Two?"}]
    assert to.format.body("", messages) == {
        "template": "tpl_ask",
        "variables": {"product": "Span 4", "question": "Two?"},
    }


def test_without_a_template_the_first_that_can_chat_is_asked() -> None:
    """Or the one that the page names; with the page's model, or its own first."""
    embeds = Provider("prov_e", preset="openai-embeddings", query_type="standard", cost=1)
    chats = Provider(
        "prov_c", preset="openai-chat", query_type="advanced", cost=2, models=["a", "b"]
    )
    to = Settings(FIELDS).choose([embeds, chats])
    assert (to.provider_id, to.model) == ("prov_c", "a")
    assert Settings(FIELDS | {"model": "b"}).choose([chats]).model == "b"
    for fields, providers in ((FIELDS, [embeds]), (FIELDS | {"provider": "prov_x"}, [chats])):
        with pytest.raises(PaywallError) as error:
            Settings(fields).choose(providers)
        assert error.value.code == "provider_not_found"


def test_what_is_left_is_told_in_questions() -> None:
    """By the credits that a question takes; free is said where nobody can have paid."""
    price = Price()
    rows = [Balance("standard", 0), Balance("advanced", 7, granted=10)]
    assert price.balance(rows) is rows[1]
    price.of(Provider("p", preset="http", query_type="advanced", cost=2))
    assert price.questions(7) == 3
    assert price.balance([rows[0]]) is None
    assert left_text(3, free=True) == "3 free questions left"
    assert left_text(1, free=False) == "1 question left"
    assert left_text(0, free=True) == "No free questions left"
    assert used_text(20, free=True) == "You have used all 20 free questions."
    assert used_text(1, free=True) == "You have used your only free question."
    assert used_text(0, free=True) == "You have no free questions left."


def test_a_question_that_is_too_long_says_for_how_much_there_is_room() -> None:
    """The template's own limit, which the refusal tells."""
    details = {"variable": "question", "problem": "too_long", "max_chars": 500}
    error = PaywallError("template_variable", "…", status=422, details=details)
    assert failure_of(error).cause == "Your question is too long: it may have 500 characters."
    other = PaywallError("template_variable", "It is missing.", status=422, details={})
    assert "too long: it may" not in failure_of(other).cause
