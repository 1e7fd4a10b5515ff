"""UX-M6: the page follows an answer only for who reads at its end."""

import asyncio

import pytest

from tests.support.scripted_provider import Answer, Wait
from tests.ui.chat import DONE, Chat, says


async def streaming(chat: Chat) -> asyncio.Event:
    """Begin an answer that goes on when the returned event is set."""
    go_on = asyncio.Event()
    chat.world.provider.answers(Answer.sse(says("One "), Wait(go_on), says("two"), DONE))
    turns = len(chat.turns) + 2
    chat.begin_to_ask("Hi")
    await chat.until(lambda: len(chat.turns) == turns and chat.part("words"))
    return go_on


def lay_out(chat: Chat, *, height: int, top: int) -> None:
    """Let the conversation be so high, and the person read at `top`."""
    scroller = chat.dom.node("scroller")
    scroller.scrollHeight, scroller.clientHeight, scroller.scrollTop = height, 100, top
    scroller.fire("scroll")


async def test_who_reads_at_the_end_is_taken_along(chat: Chat) -> None:
    """UX-M6: a line or two above the end still is the end."""
    go_on = await streaming(chat)
    lay_out(chat, height=1000, top=880)
    assert chat.dom.node("latest").hidden
    chat.dom.node("scroller").scrollHeight = 1200
    go_on.set()
    await chat.until(lambda: chat.state() == "done")
    assert chat.dom.node("scroller").scrollTop == 1200


async def test_who_reads_further_up_is_left_alone(chat: Chat) -> None:
    """UX-M6: a button leads back, and the keyboard does not vanish with it."""
    go_on = await streaming(chat)
    lay_out(chat, height=1000, top=300)
    assert not chat.dom.node("latest").hidden
    go_on.set()
    await chat.until(lambda: chat.state() == "done")
    assert chat.dom.node("scroller").scrollTop == 300
    latest = chat.dom.node("latest")
    latest.focus()
    latest.fire("click")
    assert chat.dom.node("scroller").scrollTop == 1000
    assert latest.hidden
    assert chat.dom.document.activeElement is chat.dom.node("scroller")


@pytest.mark.parametrize(
    ("gone_to", "ends_at"),
    # A line or two are nothing, and a keyboard that closes moves it as far.
    [(300, 300), (852, 1000)],
)
async def test_who_has_just_gone_up_is_left_alone(chat: Chat, gone_to: int, ends_at: int) -> None:
    """UX-M6: a scroll's event comes a frame later than the scroll; words may come between."""
    go_on = await streaming(chat)
    lay_out(chat, height=1000, top=900)
    chat.dom.node("scroller").scrollTop = gone_to
    go_on.set()
    await chat.until(lambda: chat.state() == "done")
    assert chat.dom.node("scroller").scrollTop == ends_at
    assert chat.dom.node("latest").hidden == (ends_at == 1000)


async def test_who_sends_wants_to_see_the_answer(chat: Chat) -> None:
    """UX-M6: wherever they had read."""
    go_on = await streaming(chat)
    go_on.set()
    await chat.until(lambda: chat.state() == "done")
    lay_out(chat, height=1000, top=300)
    await streaming(chat)
    assert chat.dom.node("latest").hidden
    assert chat.dom.node("scroller").scrollTop == 1000
