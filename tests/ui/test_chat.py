"""The chat as a whole: the page's Python on the real skeleton, against a real gateway."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.dom import Node
from tests.support.dom import Page as Dom
from tests.support.scripted_provider import Answer, Cut, Never, Wait
from tests.support.world import PAYWALL, PROVIDER, Visitor, World, open_world
from tollbridge.pages import spa
from tollbridge.sdk import PaywallError
from tollbridge.ui import dom, quota_notice

DONE = b"[DONE]"


def says(words: str) -> bytes:
    """The data of one event with these words."""
    return json.dumps({"choices": [{"delta": {"content": words}}]}).encode()


def whole(words: str) -> Answer:
    """An answer that says these words and ends as it should."""
    return Answer.sse(says(words), DONE)


class Chat:
    """A page with Python up, seen and used as a visitor does."""

    def __init__(self, page: Dom, world: World) -> None:
        """Start Python on a painted page."""
        self.dom = page
        self.world = world
        self.spa = spa.Page()
        self._ended = asyncio.Event()
        self.spa.conversation.busy.subscribe(lambda busy: busy or self._ended.set())

    def shows(self, node_id: str) -> str:
        """What the element says, "" where it is hidden."""
        node = self.dom.node(node_id)
        return "" if node.hidden else node.textContent

    @property
    def turns(self) -> list[Node]:
        """The bubbles, in order."""
        return [child for child in self.dom.node("log").children if isinstance(child, Node)]

    def part(self, name: str, turn: int = -1) -> str:
        """What a part of a bubble says, "" where it is hidden."""
        node = dom.part(self.turns[turn], name)
        return "" if node.hidden else str(node.textContent)

    def state(self, turn: int = -1) -> str:
        """The state of a bubble."""
        return self.turns[turn].attributes["data-state"]

    def type(self, text: str) -> None:
        """Type into the composer."""
        self.dom.node("draft").value = text

    async def ask(self, text: str) -> None:
        """Type, press Enter, and wait until the answer has ended."""
        self.begin_to_ask(text)
        await self._ended.wait()

    def begin_to_ask(self, text: str) -> None:
        """Type and press Enter."""
        self._ended.clear()
        self.type(text)
        assert self.dom.node("draft").press("Enter")

    async def retry(self) -> None:
        """Press the last bubble's Retry, and wait until the answer has ended."""
        self._ended.clear()
        dom.part(self.turns[-1], "retry").fire("click")
        await self._ended.wait()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the page shows something; the test's own timeout bounds it."""
        while not condition():  # noqa: ASYNC110  (a DOM tells nobody when it changes)
            await asyncio.sleep(0.005)

    async def settle(self) -> None:
        """Return once no reading of balances is on its way; the SDK begins some by itself."""
        with contextlib.suppress(PaywallError):
            await self.spa.read_balances()

    async def close(self) -> None:
        """Leave the page."""
        left = list(self.spa.tasks.running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self.settle()
        await self.spa.billing.aclose()
        await self.spa.auth.aclose()


def hint(paywall_id: str, user_id: str, query_type: str) -> str:
    """The line that the demo's gateway would send."""
    return f"tollbridge user grant --user {user_id} --amount 5"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway that knows a hint."""
    async with open_world(tmp_path, hint=hint) as world:
        yield world


@pytest.fixture
async def chat(page: Dom, world: World) -> AsyncIterator[Chat]:
    """A page that is signed in and has counted."""
    settings = {"gateway": world.url, "paywall": PAYWALL, "provider": PROVIDER}
    for name, value in settings.items():
        page.document.querySelector(f'meta[name="tollbridge-{name}"]').attributes["content"] = value
    chat = Chat(page, world)
    await chat.spa.begin()
    yield chat
    await chat.close()


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
        Answer(429, (("retry-after", "7"),)),
        "The provider has too many requests just now. Wait 7 s before you try again. "
        "No credit was taken.",
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
        "The answer is not a chat completion stream.",
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
    await chat.retry()
    assert [chat.part("words", turn) for turn in range(len(chat.turns))] == ["Try", "Better now."]


async def test_an_answer_cut_off_keeps_its_words_and_is_no_end(chat: Chat) -> None:
    """A broken stream is marked, says so, and the counter tells what it cost."""
    chat.world.provider.answers(Answer.sse(says("Half of"), Cut()))
    await chat.ask("Try")
    assert (chat.part("words"), chat.part("mark")) == ("Half of", "Interrupted")
    assert chat.part("cause") == "The connection broke before the answer was whole."
    assert chat.shows("counter") == "19 of 20 left"


async def test_the_message_beyond_the_last_credit_is_kept(chat: Chat) -> None:
    """What ran out is said, with what helps, and the message goes back into the composer."""
    await empty(chat)
    await chat.ask("The unsent one")
    user_id = visitor(chat).user_id
    assert dom.part(chat.dom.node("quota"), "title").textContent == (
        "You have used all 20 credits of standard."
    )
    command = dom.part(chat.dom.node("quota"), "command")
    assert command.textContent == f"tollbridge user grant --user {user_id} --amount 5"
    assert chat.shows("counter") == "0 of 20 left"
    assert chat.dom.node("draft").value == "The unsent one"
    assert chat.turns == []
    assert chat.shows("alert") == "You have used all 20 credits of standard."
    dom.part(chat.dom.node("quota"), "copy").fire("click")
    await chat.until(lambda: chat.dom.copied == [command.textContent])


@pytest.mark.parametrize("how", ["by itself", "on coming back"])
async def test_the_counter_rises_without_a_reload(
    chat: Chat, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the notice stands the page reads balances, and closes it when there is a credit."""
    monkeypatch.setattr(quota_notice, "POLL_S", 0.01 if how == "by itself" else 3600)
    await empty(chat)
    await chat.ask("The unsent one")
    await chat.settle()
    await grant(chat, 5)
    if how == "on coming back":
        chat.dom.window.fire("focus")
    await chat.until(lambda: chat.dom.node("quota").hidden)
    assert chat.shows("counter") == "5 of 25 left"
    assert chat.dom.window.listeners == []
    chat.world.provider.answers(whole("Now."))
    await chat.ask(chat.dom.node("draft").value)
    assert chat.part("words") == "Now."


async def test_a_closed_notice_stays_closed_and_reads_no_more(chat: Chat) -> None:
    """Who closes it goes back to the composer; the next message opens it again."""
    await empty(chat)
    await chat.ask("One")
    dom.part(chat.dom.node("quota"), "close").focus()
    dom.part(chat.dom.node("quota"), "close").fire("click")
    assert chat.dom.node("quota").hidden
    assert chat.dom.document.activeElement is chat.dom.node("draft")
    assert chat.dom.window.listeners == []
    await chat.ask("One")
    assert not chat.dom.node("quota").hidden


async def test_newer_words_are_not_overwritten(chat: Chat) -> None:
    """The unsent message then stays in the transcript, marked, with its Retry."""
    await empty(chat)
    chat.begin_to_ask("The unsent one")
    chat.type("Already the next")
    await chat.until(lambda: chat.turns and chat.state() == "not_sent")
    assert chat.dom.node("draft").value == "Already the next"
    assert (chat.part("words"), chat.part("mark")) == ("The unsent one", "Not sent")
    await grant(chat, 1)
    chat.world.provider.answers(whole("Here."))
    await chat.retry()
    assert [chat.part("words", turn) for turn in (0, 1)] == ["The unsent one", "Here."]


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


def visitor(chat: Chat) -> Visitor:
    """Who the page signed in."""
    session = chat.spa.auth.get_cached_session()
    assert session is not None
    assert session.user is not None
    return Visitor(session.user.id, session.access_token or "")


async def empty(chat: Chat) -> None:
    """Take the visitor's credits away behind the page's back."""
    await chat.world.drain(visitor(chat), 0)


async def grant(chat: Chat, amount: int) -> None:
    """Give the visitor credits, as the command does."""
    await chat.world.grant(visitor(chat), amount)
