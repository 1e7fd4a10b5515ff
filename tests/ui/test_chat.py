"""The chat as a whole: the page's Python on the real skeleton, against a real gateway."""

import asyncio

import pytest

from tests.support.dom import Page as Dom
from tests.support.scripted_provider import Answer, Cut, Never, Wait
from tests.support.world import World
from tests.ui.chat import DONE, Chat, says, whole
from tollbridge.pages.spa import Page
from tollbridge.ui import dom


async def test_a_visitor_is_signed_in_and_counted(chat: Chat) -> None:
    """The skeleton's placeholder becomes a number, its button usable."""
    assert chat.shows("counter") == "20 of 20 left"
    assert chat.shows("send") == "Send"
    assert not chat.dom.node("send").disabled
    assert chat.dom.document.documentElement.attributes["data-state"] == "ready"


async def test_an_answer_grows_while_it_comes(chat: Chat) -> None:
    """UX-M1, UX-M11: words and counter are there long before the end."""
    go_on = asyncio.Event()
    chat.world.provider.answers(Answer.sse(says("Hello "), Wait(go_on), says("there."), DONE))
    chat.begin_to_ask("Hi")
    await chat.until(lambda: len(chat.turns) == 2 and chat.part("words") == "Hello ")
    assert chat.shows("counter") == "19 of 20 left"
    assert (chat.state(), chat.dom.node("log").attributes["aria-busy"]) == ("streaming", "true")
    assert chat.shows("status") == "Generating an answer."
    go_on.set()
    await chat.until(lambda: chat.state() == "done")
    assert chat.part("words") == "Hello there."
    assert chat.dom.node("log").attributes["aria-busy"] == "false"
    assert chat.shows("status") == "Answer complete."


async def test_the_provider_hears_the_whole_conversation(chat: Chat) -> None:
    """What was asked and answered before goes along, what failed does not."""
    chat.world.provider.answers(whole("One."), Answer(500), whole("Two."))
    await chat.ask("First")
    await chat.ask("Second")
    await chat.retry()
    sent = chat.world.provider.requests[-1].json()
    assert sent["stream"] is True
    assert sent["model"] == chat.dom.node("model").value
    assert [(m["role"], m["content"]) for m in sent["messages"]] == [
        ("user", "First"),
        ("assistant", "One."),
        ("user", "Second"),
    ]


@pytest.mark.parametrize("how", ["button", "Escape"])
async def test_stop_reaches_the_provider_and_keeps_the_words(chat: Chat, how: str) -> None:
    """UX-M3: the partial text stays and says that it was stopped."""
    chat.world.provider.answers(Answer.sse(says("On and "), Never()))
    chat.begin_to_ask("Go on")
    await chat.until(lambda: len(chat.turns) == 2 and chat.part("words"))
    if how == "button":
        chat.dom.node("stop").fire("click", detail=1)
    else:
        assert chat.dom.document.press("Escape")
    await chat.world.provider.requests[-1].left.wait()
    await chat.until(lambda: chat.state() == "stopped")
    assert (chat.part("words"), chat.part("mark")) == ("On and ", "Stopped")
    assert chat.shows("status") == "Answer stopped."
    assert chat.part("failure") == ""
    assert not chat.dom.document.press("Escape")


async def test_one_answer_at_a_time(chat: Chat) -> None:
    """Enter while an answer comes neither sends nor loses what was typed."""
    go_on = asyncio.Event()
    chat.world.provider.answers(Answer.sse(says("x"), Wait(go_on), DONE))
    chat.begin_to_ask("First")
    await chat.until(lambda: not chat.dom.node("stop").hidden)
    chat.type("Second")
    assert chat.dom.node("draft").press("Enter")
    assert chat.dom.node("draft").value == "Second"
    go_on.set()
    await chat.until(lambda: not chat.dom.node("send").hidden)
    assert len(chat.world.provider.requests) == 1


async def test_nothing_is_sent_without_words(chat: Chat) -> None:
    """An empty composer takes the keyboard and no credit."""
    chat.type("  \n ")
    chat.dom.node("composer").fire("submit")
    assert chat.dom.document.activeElement is chat.dom.node("draft")
    assert chat.turns == []


FAILURES = {
    "too many requests": (
        Answer(429, (("retry-after", "1"),)),
        "The provider has too many requests just now. No credit was taken.",
        "http_429",
    ),
    "a provider that failed": (
        Answer(500),
        "The provider failed (status 500). No credit was taken.",
        "http_500",
    ),
    "a key that was refused": (
        Answer(401),
        "The provider refused the gateway's key. No credit was taken.",
        "provider_rejected",
    ),
    "an answer that is no stream": (
        Answer.sse(b"<html>"),
        "The answer is not a stream that this page can read.",
        "not_json",
    ),
    "an answer without its end": (
        Answer.sse(),
        "The answer stopped without its end mark, so it may be cut short.",
        "ended_early",
    ),
}


@pytest.mark.parametrize(("answer", "cause", "code"), FAILURES.values(), ids=FAILURES)
async def test_a_failure_says_why_and_can_be_tried_again(
    chat: Chat, answer: Answer, cause: str, code: str
) -> None:
    """UX-M7: cause, code and request id stand where the answer would; Retry mends it."""
    chat.world.provider.answers(answer, whole("Better now."))
    await chat.ask("Try")
    assert chat.part("cause") == cause
    assert chat.part("codes").startswith(f"Code {code}")
    assert ("Request req_" in chat.part("codes")) == (answer.status >= 400)
    assert chat.shows("alert") in cause
    await chat.until(lambda: chat.part("retry"))
    await chat.retry()
    assert [chat.part("words", turn) for turn in range(len(chat.turns))] == ["Try", "Better now."]


async def test_an_answer_cut_off_keeps_its_words_and_is_no_end(chat: Chat) -> None:
    """A broken stream is marked, says so, and the counter tells what it cost."""
    chat.world.provider.answers(Answer.sse(says("Half of"), Cut()))
    await chat.ask("Try")
    assert (chat.part("words"), chat.part("mark")) == ("Half of", "Interrupted")
    assert chat.part("cause") == "The connection broke before the answer was whole."
    assert chat.shows("counter") == "19 of 20 left"


async def test_a_start_that_failed_is_said_and_tried_again(page: Dom, world: World) -> None:
    """An unknown paywall is no silent empty counter."""
    meta = page.document.querySelector
    meta('meta[name="tollbridge-gateway"]').attributes["content"] = world.url
    meta('meta[name="tollbridge-paywall"]').attributes["content"] = "pw_missing"
    chat = Chat(page, world)
    await chat.spa.begin()
    assert chat.shows("counter") == "Credits unknown"
    problem = chat.dom.node("problem")
    assert dom.part(problem, "cause").textContent == "The gateway does not know this paywall."
    assert "Code paywall_not_found" in dom.part(problem, "codes").textContent
    assert not problem.hidden
    await chat.close()


async def test_stop_ends_a_message_whose_sign_in_hangs(page: Dom) -> None:
    """UX-M3: also while there is no call yet that could be stopped."""
    held: list[asyncio.StreamWriter] = []

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)  # it takes the request and never answers

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = {"gateway": f"http://127.0.0.1:{port}", "paywall": "pw_a", "provider": "prov_a"}
        for name, value in settings.items():
            meta = page.document.querySelector(f'meta[name="tollbridge-{name}"]')
            meta.attributes["content"] = value
        spa = Page()
        page.node("draft").value = "Is anybody there?"
        page.node("draft").press("Enter")
        while not held:  # noqa: ASYNC110  (a socket tells the test by being there)
            await asyncio.sleep(0.005)
        page.document.press("Escape")
        await spa.chat.conversation.idle()
        turns = spa.chat.conversation.transcript.turns
        assert [turn.state for turn in turns] == ["sent", "stopped"]
        await spa.close()
        for writer in held:
            writer.close()
