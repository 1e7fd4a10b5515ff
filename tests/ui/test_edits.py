"""UX-M4: copy, try again, edit, delete, begin anew; and what can be taken back."""

import asyncio

import pytest

from tests.support.scripted_provider import Answer, Never, Wait
from tests.ui.chat import DONE, Chat, says, whole
from tollbridge.ui import dom


async def talk(chat: Chat, *questions: str) -> None:
    """Ask these, each answered by "Re: " and itself."""
    for question in questions:
        chat.world.provider.answers(whole(f"Re: {question}"))
        await chat.ask(question)


async def test_a_message_is_copied_as_it_was_written(chat: Chat) -> None:
    """UX-M4: an answer as Markdown, not as the page shows it."""
    await talk(chat, "**One**")
    chat.press("copy")
    await chat.until(lambda: chat.part("copy") == "Copied")
    chat.press("copy", 0)
    await chat.until(lambda: chat.part("copy", 0) == "Copied")
    assert chat.dom.copied == ["Re: **One**", "**One**"]
    assert chat.part("words") == "Re: One"


async def test_asking_anew_keeps_the_old_answer(chat: Chat) -> None:
    """UX-M4: two buttons show either, and the one that is shown is what the provider is told."""
    await talk(chat, "One")
    chat.world.provider.answers(whole("Another."))
    await chat.retry()
    assert chat.said == ["One", "Another."]
    assert chat.part("variant") == "2 / 2"
    chat.press("earlier")
    assert (chat.said[-1], chat.part("variant")) == ("Re: One", "1 / 2")
    chat.press("earlier")  # there is none before it
    assert chat.part("variant") == "1 / 2"
    await talk(chat, "Two")
    assert chat.told == ["One", "Re: One", "Two"]
    assert chat.shows("counter") == "17 of 20 left"


async def test_an_edited_message_takes_the_place_of_the_old_one(chat: Chat) -> None:
    """UX-M4: what came after it goes when it is sent, and not before."""
    await talk(chat, "One", "Two")
    chat.type("A draft")
    chat.press("edit", 0)
    assert chat.dom.node("draft").value == "One"
    assert not chat.dom.node("editing").hidden
    assert chat.dom.document.activeElement is chat.dom.node("draft")
    assert chat.said == ["One", "Re: One", "Two", "Re: Two"]
    chat.world.provider.answers(whole("Re: Uno"))
    await chat.ask("Uno")
    assert chat.said == ["Uno", "Re: Uno"]
    assert chat.told == ["Uno"]
    assert chat.dom.node("editing").hidden
    assert chat.dom.node("draft").value == "A draft"


@pytest.mark.parametrize("how", ["Cancel", "Escape"])
async def test_an_edit_that_is_cancelled_changes_nothing(chat: Chat, how: str) -> None:
    """The draft that stood there is back."""
    await talk(chat, "One")
    chat.type("A draft")
    chat.press("edit", 0)
    chat.type("Uno")
    if how == "Cancel":
        dom.part(chat.dom.node("editing"), "cancel").fire("click")
    else:
        assert chat.dom.node("draft").press("Escape")
    assert chat.dom.node("draft").value == "A draft"
    assert chat.dom.node("editing").hidden
    assert chat.said == ["One", "Re: One"]


async def test_arrow_up_edits_the_last_message(chat: Chat) -> None:
    """UX-D1: in an empty composer only; elsewhere the arrow moves the caret."""
    assert not chat.dom.node("draft").press("ArrowUp")
    await talk(chat, "One", "Two")
    chat.type("x")
    assert not chat.dom.node("draft").press("ArrowUp")
    chat.type("")
    assert chat.dom.node("draft").press("ArrowUp")
    assert (chat.dom.node("draft").value, chat.dom.node("draft").caret) == ("Two", 3)


@pytest.mark.parametrize("turn", [0, 1])
async def test_a_deleted_message_goes_with_its_answer_and_comes_back(chat: Chat, turn: int) -> None:
    """UX-M4: the keyboard is at Undo then, which brings both back where they were."""
    await talk(chat, "One", "Two")
    chat.press("delete", turn)
    assert chat.said == ["Two", "Re: Two"]
    undo = dom.part(chat.dom.node("undo"), "undo")
    assert chat.dom.document.activeElement is undo
    undo.fire("click")
    assert chat.said == ["One", "Re: One", "Two", "Re: Two"]
    assert chat.shows("undo") == ""
    assert chat.dom.document.activeElement is chat.dom.node("draft")


async def test_who_goes_on_cannot_take_it_back(chat: Chat) -> None:
    """Undo never drops what was said since."""
    await talk(chat, "One")
    chat.press("delete")
    assert chat.shows("undo") != ""
    await talk(chat, "Two")
    assert chat.shows("undo") == ""
    assert chat.told == ["Two"]


async def test_a_new_conversation_begins_empty(chat: Chat) -> None:
    """UX-M8: the provider hears nothing of the old one; its cost is not this one's."""
    await talk(chat, "One", "Two")
    assert chat.dom.node("welcome").hidden
    chat.dom.node("new").fire("click")
    assert chat.turns == []
    assert not chat.dom.node("welcome").hidden
    assert chat.conversation.transcript.spent == 0
    dom.part(chat.dom.node("undo"), "undo").fire("click")
    assert chat.said == ["One", "Re: One", "Two", "Re: Two"]
    assert chat.conversation.transcript.spent == 2


async def test_a_new_conversation_stops_the_old_one(chat: Chat) -> None:
    """UX-M3: the provider is told, and nothing of it appears in the new one."""
    chat.world.provider.answers(Answer.sse(says("On and "), Never()))
    chat.begin_to_ask("Go on")
    await chat.until(lambda: len(chat.turns) == 2 and chat.part("words"))
    chat.dom.node("new").fire("click")
    await chat.world.provider.requests[-1].left.wait()
    await chat.until(lambda: not chat.conversation.busy.get())
    assert chat.turns == []
    await talk(chat, "One")
    assert chat.told == ["One"]


async def test_what_streams_is_not_deleted(chat: Chat) -> None:
    """Stop ends an answer; a press on Delete that comes too early does nothing."""
    go_on = asyncio.Event()
    chat.world.provider.answers(Answer.sse(says("Words "), Wait(go_on), DONE))
    chat.begin_to_ask("Go on")
    await chat.until(lambda: len(chat.turns) == 2 and chat.part("words"))
    chat.press("delete", 0)
    assert len(chat.turns) == 2
    go_on.set()
    await chat.until(lambda: chat.state() == "done")


async def test_the_keyboard_goes_from_retry_to_stop(chat: Chat) -> None:
    """X-M4: a button that vanishes under the finger does not take the keyboard with it."""
    await talk(chat, "One")
    chat.world.provider.answers(Answer.sse(says("Words "), Never()))
    chat.press("retry")
    await chat.until(lambda: chat.state() == "streaming")
    assert chat.dom.document.activeElement is chat.dom.node("stop")
