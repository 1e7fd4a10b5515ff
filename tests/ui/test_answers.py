"""What stands under an answer and beside it: how it came, what it cost, why it did not."""

import asyncio
import json

import pytest

from tests.support import dom as fake
from tests.support.scripted_provider import Answer, Cut, Never, Wait
from tests.support.world import World
from tests.ui.chat import DONE, Chat, open_chat, says, whole
from tollbridge.ui.strings.chat import info_line, seconds_text, tokens_text
from tollbridge.ui.transcript import Facts


def closing(**fields: object) -> bytes:
    """The last event of a chat completion."""
    return json.dumps({"choices": [{"delta": {}, **fields}]}).encode()


async def test_words_are_written_once_per_frame(chat: Chat) -> None:
    """UX-M1, UX-M11: however many come between two frames; the counter is lower before them."""
    go_on = asyncio.Event()
    words = [says(f"word {number} ") for number in range(50)]
    chat.world.provider.answers(Answer.sse(*words, Wait(go_on), DONE))
    chat.begin_to_ask("Hi")
    await chat.until(lambda: chat.conversation.transcript.turns[1:])
    version = chat.conversation.transcript.turns[1].version
    await chat.until(lambda: "word 49" in version.text)
    node = chat.turns[1].querySelector('[data-part="words"]')
    assert node is not None
    assert node.textContent == ""
    assert chat.dom.node("counter").textContent == "19 of 20 left"
    frames = chat.dom.frames
    chat.dom.paint()
    assert "word 49" in node.textContent
    written = len(chat.dom.written)
    chat.dom.paint()
    assert (chat.dom.frames, len(chat.dom.written)) == (frames + 1, written)
    go_on.set()
    await chat.until(lambda: chat.state() == "done")


async def test_an_answer_that_ends_is_whole_at_once(chat: Chat) -> None:
    """UX-M1: a hidden page paints no frames, and is read aloud all the same."""
    chat.world.provider.answers(whole("All of it."))
    await chat.ask("Hi")
    node = chat.turns[1].querySelector('[data-part="words"]')
    assert node is not None
    assert node.textContent == "All of it."


async def test_the_line_under_an_answer_says_how_it_came(chat: Chat) -> None:
    """UX-M10: model, times, tokens as far as they are told, credits, request."""
    usage = json.dumps({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}})
    chat.world.provider.answers(
        Answer.sse(says("Yes"), closing(finish_reason="stop"), usage.encode())
    )
    await chat.ask("Hi")
    line = chat.part("info")
    assert line.startswith("demo · first word 0.")
    assert " · 3 tokens in, 5 out · 1 credit · Request req_" in line
    assert chat.part("info", 0) == ""


def test_what_is_not_known_is_left_out() -> None:
    """UX-M10: a line of nothing is no line."""
    facts = Facts("demo")
    assert info_line(facts) == ""
    facts.total_ms = 12_345
    assert info_line(facts) == "demo · total 12 s"
    assert (tokens_text(1, None), tokens_text(None, 2)) == ("1 tokens in", "2 tokens out")
    assert seconds_text(1234) == "1.23 s"


async def test_an_answer_at_its_limit_says_so(chat: Chat) -> None:
    """It is whole as far as it goes, and does not look like the end of a thought."""
    chat.world.provider.answers(Answer.sse(says("Half"), closing(finish_reason="length"), DONE))
    await chat.ask("Hi")
    assert (chat.state(), chat.part("mark")) == ("done", "Cut at the length limit")


async def test_refused_content_has_its_own_text(chat: Chat) -> None:
    """UX-M7: and what it cost all the same."""
    end = closing(finish_reason="content_filter")
    chat.world.provider.answers(Answer.sse(says("I "), end, DONE))
    await chat.ask("Hi")
    await chat.until(lambda: "charged" in chat.part("cause"))
    assert chat.part("cause") == "The provider refused to answer this. 1 credit charged."
    assert chat.part("codes").startswith("Code content_refused")


async def test_a_broken_answer_tells_what_it_cost(chat: Chat) -> None:
    """UX-M7: the receipt knows; the words stay."""
    chat.world.provider.answers(Answer.sse(says("Half of "), Cut()))
    await chat.ask("Hi")
    await chat.until(lambda: "charged" in chat.part("cause"))
    assert chat.part("cause").endswith("before the answer was whole. 1 credit charged.")
    assert chat.conversation.transcript.spent == 1


async def test_who_waits_is_told_and_can_stop(page: fake.Page, world: World) -> None:
    """UX-M7, UX-M3: a first byte that is overdue gets a word, which goes when it comes."""
    async with open_chat(page, world, slow_s=0.05) as chat:
        go_on = asyncio.Event()
        world.provider.answers(Answer(before=[Wait(go_on)], chunks=[], framing="close"))
        chat.begin_to_ask("Hi")
        await chat.until(lambda: chat.turns and "Still waiting" in chat.part("mark"))
        assert not chat.dom.node("stop").hidden
        chat.dom.node("stop").fire("click")
        await chat.until(lambda: chat.state() == "stopped")
        assert chat.part("mark") == "Stopped"


async def test_a_wait_counts_down_and_then_offers_retry(chat: Chat) -> None:
    """UX-M7: seconds tick where nobody has them read aloud; the end is said once."""
    chat.world.provider.answers(Answer(429, (("retry-after", "1"),)), whole("Now."))
    await chat.ask("Hi")
    assert chat.part("wait") == "You can try again in 1 s."
    assert chat.part("retry") == ""
    assert chat.dom.node("log").attributes["aria-live"] == "off"
    assert chat.shows("status") != "You can try again now."
    await chat.until(lambda: chat.part("retry") == "Try again")
    assert (chat.part("wait"), chat.shows("status")) == ("", "You can try again now.")
    await chat.retry()
    assert chat.part("words") == "Now."


async def test_each_answer_is_said_once(chat: Chat) -> None:
    """UX-M9, X-M5: at its start and at its end, not for a receipt or a word."""
    said: list[str] = []
    status, written = chat.dom.node("status"), len(chat.dom.written)
    chat.world.provider.answers(Answer.sse(says("One "), says("two "), says("three."), DONE))
    await chat.ask("Hi")
    said = [n for n in chat.dom.written[written:] if n is status]
    assert len(said) == 2
    assert status.textContent == "Answer complete."
    assert chat.dom.node("log").attributes["role"] == "log"


@pytest.mark.parametrize("online", [False, True])
async def test_offline_is_said_and_the_message_kept(chat: Chat, online: bool) -> None:
    """UX-M7: a line stands while the browser says so, and sending by hand is tried all the same."""
    chat.dom.js.navigator.onLine = online
    chat.dom.window.fire("online" if online else "offline")
    assert bool(chat.shows("offline")) is not online
    chat.world.provider.answers(whole("It worked."))
    await chat.ask("Hi")
    assert chat.part("words") == "It worked."
    chat.dom.js.navigator.onLine = True
    chat.dom.window.fire("online")
    assert chat.shows("offline") == ""


async def test_a_session_that_ended_asks_for_another(chat: Chat) -> None:
    """UX-M7: 401 says what to press, and pressing it sends the message."""
    path = f"{chat.world.url}/api/v1/paywall/pw_test/auth/revoke-all"
    async with chat.world.client.post(path, json={}, headers=chat.visitor.headers) as answer:
        assert answer.status < 300
    await chat.ask("Hi")
    assert chat.part("cause").startswith("Your session has ended.")
    assert chat.part("retry") == "Sign in again and send"
    chat.world.provider.answers(whole("Hello."))
    await chat.retry()
    assert chat.part("words") == "Hello."


async def test_a_stopped_answer_says_what_it_cost(chat: Chat) -> None:
    """UX-M10: stopping is no way to find out that it was charged."""
    chat.world.provider.answers(Answer.sse(says("On and "), Never()))
    chat.begin_to_ask("Go on")
    await chat.until(lambda: len(chat.turns) == 2 and chat.part("words"))
    assert chat.dom.document.press("Escape")
    await chat.until(lambda: chat.state() == "stopped")
    assert "1 credit" in chat.part("info")
