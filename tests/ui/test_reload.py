"""UX-M8: what a reload keeps, and what it makes of an answer that was on its way."""

import asyncio
import json
from dataclasses import replace

import pytest

from tests.support import dom as fake
from tests.support.scripted_provider import Answer, Cut, Wait
from tests.support.world import World
from tests.ui.chat import DONE, Chat, open_chat, says, whole
from tollbridge.ui.answerer import Answerer
from tollbridge.ui.blocked import RESUME_S_MAX, Blocked
from tollbridge.ui.chat_kept import Kept
from tollbridge.ui.failure import Failure
from tollbridge.ui.formats import COUNTED_CHAT
from tollbridge.ui.transcript import Transcript
from tollbridge.ui.transcript_text import from_text, to_text


def talked() -> Transcript:
    """A conversation in which everything happened once."""
    transcript = Transcript()
    question = transcript.ask("One")
    answer = transcript.answer(question, model="m")
    answer.version.text = "First"
    answer.version.state = "broken"
    answer.version.failure = Failure("It broke.", "network_error", request_id="req_1", charged=1)
    version = transcript.answer(question, model="m").version
    version.text, version.state = "Second", "done"
    version.facts.first_ms, version.facts.total_ms = 10, 20
    version.facts.tokens_in, version.facts.tokens_out = 3, 4
    version.facts.credits, version.facts.request_id, version.facts.call_id = 1, "req_2", "call_2"
    version.facts.cut_short = True
    answer.shown = 0
    unsent = transcript.ask("Two", state="not_sent")
    unsent.key, unsent.fingerprint = "k", "f"
    transcript.spent = 5
    return transcript


def test_a_transcript_comes_back_as_it_was() -> None:
    """UX-M8: versions, failures, numbers, the key of what is not sent, what it has cost."""
    text = to_text(talked())
    back = from_text(text)
    assert to_text(back) == text
    assert [turn.text for turn in back.turns] == ["One", "First", "Two"]
    assert back.turns[1].version.failure is not None
    assert back.turns[1].version.failure.charged == 1
    assert back.turns[1].versions[1].facts.total_ms == 20
    assert (back.turns[2].key, back.turns[2].state, back.spent) == ("k", "not_sent", 5)


@pytest.mark.parametrize(("text", "state"), [("Half of", "broken"), ("", "failed")])
def test_an_answer_on_its_way_comes_back_as_cut(text: str, state: str) -> None:
    """With its words and a way to ask again, and never as if it were whole."""
    transcript = Transcript()
    version = transcript.answer(transcript.ask("One")).version
    version.text = text
    version.facts.request_id = "req_1"
    back = from_text(to_text(transcript)).turns[1]
    assert (back.text, back.state) == (text, state)
    assert back.version.failure is not None
    assert (back.version.failure.code, back.version.failure.request_id) == ("page_left", "req_1")


def test_what_waited_comes_back_as_not_sent() -> None:
    """Nobody sends it by itself into a conversation that somebody has left."""
    transcript = Transcript()
    transcript.ask("One", state="waiting")
    assert from_text(to_text(transcript)).turns[0].state == "not_sent"


def test_the_oldest_turns_go_first() -> None:
    """A tab's storage is small, and the end is what somebody goes on from."""
    transcript = Transcript()
    for number in range(10):
        transcript.ask(str(number) * 1000)
    text = to_text(transcript, chars_max=5000)
    assert len(text) < 5100
    assert [turn.text[0] for turn in from_text(text).turns] == ["6", "7", "8", "9"]


def broken(**changes: object) -> str:
    """A text that was written, with something else in it."""
    return json.dumps(json.loads(to_text(talked())) | changes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        broken(format=2),
        broken(turns=7),
        broken(turns=[{"role": "user"}]),
        broken(turns=[{"role": "root", "shown": 0, "versions": []}]),
        broken(turns=[{"role": "user", "shown": 0, "versions": []}]),
        broken(turns=[{"role": "user", "shown": 0, "versions": [{"text": 7, "state": "sent"}]}]),
        "[" * 100_000,
    ],
)
def test_a_text_that_is_broken_is_ignored(text: str) -> None:
    """A page of another version, or somebody's experiment, does not keep ours from starting."""
    assert from_text(text).turns == []


async def test_a_lost_answer_that_was_charged_is_counted_once(chat: Chat) -> None:
    """UX-M8: the page was left before it heard of the charge; asking again is another call."""
    go_on = asyncio.Event()
    lost = replace(Answer.sse(says("Lost"), DONE), before=[Wait(go_on)])
    chat.world.provider.answers(lost, whole("Second"))
    chat.begin_to_ask("One")
    await chat.world.provider.next_request()
    kept = from_text(to_text(chat.conversation.transcript))
    go_on.set()
    await chat.until(lambda: chat.state() == "done")
    chat.dom.node("new").fire("click", detail=1)
    chat.conversation.take_over(kept, None)
    await chat.conversation.settle()
    assert chat.part("cause").endswith(" 1 credit charged.")
    assert kept.spent == 1
    await chat.retry()
    assert (chat.state(), chat.part("words")) == ("done", "Second")
    assert (kept.spent, chat.shows("counter")) == (2, "18 of 20 left")


def test_a_message_that_waits_for_credits_comes_back() -> None:
    """Its key, its words, who was asked and when."""
    blocked = Blocked("k", "One", Answerer("prov_x", "m", COUNTED_CHAT), 1000.5)
    back = Blocked.from_text(blocked.to_text())
    assert back is not None
    assert (back.key, back.text, back.at_s) == ("k", "One", 1000.5)
    assert (back.to.provider_id, back.to.model, back.to.format) == ("prov_x", "m", COUNTED_CHAT)
    assert back.is_fresh(1000.5 + RESUME_S_MAX)
    assert not back.is_fresh(1001 + RESUME_S_MAX)
    assert not back.is_fresh(1000)  # the clock was set back: nobody knows how long it was


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"key": "k", "text": "x", "at": 1}'])
def test_what_is_no_waiting_message_is_ignored(text: str) -> None:
    """Nothing is sent that nobody can read."""
    assert Blocked.from_text(text) is None


async def test_a_conversation_goes_on_after_a_reload(page: fake.Page, world: World) -> None:
    """UX-M8: draft, choice and transcript are there, and the provider hears all of it."""
    kept = Kept(transcript=to_text(talked()), draft="A draft")
    async with open_chat(page, world, kept) as chat:
        assert chat.said == ["One", "First", "Two"]
        assert chat.part("mark") == "Not sent"
        assert chat.part("retry") == "Send now"
        assert chat.part("variant", 1) == "1 / 2"
        assert chat.dom.node("draft").value == "A draft"
        world.provider.answers(whole("Third"))
        await chat.retry()
        assert chat.said == ["One", "First", "Two", "Third"]
        assert chat.told == ["One", "First", "Two"]


async def test_what_was_typed_early_is_not_overwritten(page: fake.Page, world: World) -> None:
    """Newer words win over the kept draft."""
    page.node("draft").value = "Newer"
    async with open_chat(page, world, Kept(draft="Older")) as chat:
        assert chat.dom.node("draft").value == "Newer"


async def test_an_answer_broken_by_a_reload_tells_what_it_cost(chat: Chat) -> None:
    """UX-M7: the ledger tells whether it was charged."""
    chat.world.provider.answers(Answer.sse(says("Half of "), Cut()))
    await chat.ask("Try")
    await chat.until(lambda: "charged." in chat.part("cause"))
    version = chat.conversation.transcript.turns[1].version
    version.state, version.failure, version.facts.credits = "streaming", None, None
    text = to_text(chat.conversation.transcript)
    chat.dom.node("new").fire("click")
    chat.conversation.take_over(from_text(text), None)
    assert chat.part("cause") == "The page was left before the answer was whole."
    await chat.conversation.settle()
    assert chat.part("cause").endswith(" 1 credit charged.")
