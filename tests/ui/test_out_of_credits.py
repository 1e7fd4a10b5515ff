"""The message that ran into a 402: it waits, goes by itself, or is given back; surfaces 6.4."""

from typing import Any

import pytest

from tests.support.scripted_provider import Answer, Cut
from tests.support.world import World
from tests.ui.chat import Chat, open_chat, whole
from tollbridge.ui import dom
from tollbridge.ui.blocked import RESUME_S_MAX
from tollbridge.ui.chat_kept import Kept
from tollbridge.ui.transcript_text import to_text


async def refused(chat: Chat, text: str = "One") -> str:
    """Send a message for which there is no credit; returns its key."""
    await chat.use_up()
    await chat.ask(text)
    assert (chat.state(), chat.part("mark")) == ("not_sent", "Not sent")
    assert chat.spa.around.paywall.get_state().open
    return chat.keys[-1]


def dismiss(chat: Chat) -> None:
    """Close the dialog, as Escape does."""
    chat.dom.modals[-1].fire("cancel")


async def read(chat: Chat) -> None:
    """Let the page learn of new credits."""
    await chat.spa.read_balances()


async def test_it_is_sent_by_itself_when_credits_come(chat: Chat) -> None:
    """Once, under its own key, and the counter is right."""
    key = await refused(chat)
    assert key
    chat.world.provider.answers(whole("First"))
    await chat.grant(2)
    await read(chat)
    await chat.until(lambda: chat.turns[1:] and chat.state() == "done")
    assert chat.said == ["One", "First"]
    assert len(chat.world.provider.requests) == 1
    assert not chat.spa.around.paywall.get_state().open
    assert chat.dom.node("draft").value == ""
    assert chat.shows("counter") == "1 of 22 left"
    receipt = await chat.spa.gateway.get_receipt(key=key)
    assert receipt is not None
    assert receipt["credits_charged"] == 1


async def test_closing_gives_it_back(chat: Chat) -> None:
    """In the composer, the caret behind it; the bubble stays, and sent again it is the same."""
    key = await refused(chat)
    dismiss(chat)
    draft = chat.dom.node("draft")
    assert (draft.value, draft.caret) == ("One", 3)
    assert chat.dom.document.activeElement is draft
    assert chat.said == ["One"]
    chat.world.provider.answers(whole("First"))
    await chat.grant(1)
    await read(chat)
    assert chat.said == ["One"]  # a person who closed the dialog sends it, not the page
    await chat.ask("One")
    assert chat.said == ["One", "First"]
    receipt = await chat.spa.gateway.get_receipt(key=key)
    assert receipt is not None
    assert receipt["credits_charged"] == 1


async def test_newer_words_are_not_overwritten(chat: Chat) -> None:
    """What was typed meanwhile stays; the bubble has the message, and a button."""
    await refused(chat)
    chat.type("Newer")
    dismiss(chat)
    assert chat.dom.node("draft").value == "Newer"
    assert chat.part("retry") == "Send now"


async def test_where_the_dialog_stays_closed_it_is_given_back_too(chat: Chat) -> None:
    """The second refusal opens nothing, and loses nothing."""
    await refused(chat)
    dismiss(chat)
    await chat.ask("One")
    await chat.until(lambda: chat.dom.node("draft").value == "One")
    assert not chat.spa.around.paywall.get_state().open
    assert chat.said == ["One"]


async def test_after_half_an_hour_the_person_is_asked(chat: Chat) -> None:
    """Nothing is sent that somebody may have forgotten."""
    await refused(chat)
    assert chat.conversation.blocked is not None
    chat.conversation.blocked.at_s -= RESUME_S_MAX + 1
    await chat.grant(1)
    await read(chat)
    await chat.settle()
    assert chat.said == ["One"]
    assert chat.part("retry") == "Send now"
    assert len(chat.world.provider.requests) == 0


async def test_behind_another_tab_it_waits_for_the_person(chat: Chat) -> None:
    """Credits that were bought elsewhere send it when somebody is back to read the answer."""
    await refused(chat)
    chat.dom.document.hidden = True
    chat.world.provider.answers(whole("First"))
    await chat.grant(1)
    await read(chat)
    await chat.settle()
    assert chat.said == ["One"]
    chat.dom.document.hidden = False
    chat.dom.document.fire("visibilitychange")
    await chat.until(lambda: chat.turns[1:] and chat.state() == "done")
    assert len(chat.world.provider.requests) == 1


async def test_after_a_reload_it_still_waits(page: Any, world: World) -> None:
    """With its key, and a way to send it."""
    async with open_chat(page, world) as chat:
        key = await refused(chat)
        blocked = chat.conversation.blocked
        assert blocked is not None
        kept = Kept(transcript=to_text(chat.conversation.transcript), blocked=blocked.to_text())
        dismiss(chat)
        chat.dom.node("new").fire("click")
        chat.spa.chat._restore(kept)
        assert (chat.said, chat.state(), chat.keys) == (["One"], "not_sent", [key])
        assert chat.conversation.can_resume()
        world.provider.answers(whole("First"))
        await chat.grant(1)
        await chat.retry()
        assert chat.said == ["One", "First"]


@pytest.mark.parametrize("how", ["delete", "new"])
async def test_what_was_taken_out_is_not_sent(chat: Chat, how: str) -> None:
    """Credits that come later find nothing to send."""
    await refused(chat)
    dismiss(chat)
    if how == "delete":
        chat.press("delete")
    else:
        chat.dom.node("new").fire("click")
    await chat.grant(1)
    await read(chat)
    assert chat.conversation.blocked is None
    assert chat.turns == []


async def test_the_counter_opens_the_dialog(chat: Chat) -> None:
    """By hand, and without a message that waits for it."""
    chat.dom.node("counter").fire("click")
    assert chat.spa.around.paywall.get_state().open
    dismiss(chat)
    assert not chat.spa.around.paywall.get_state().open
    assert chat.dom.node("draft").value == ""
    chat.world.provider.answers(Answer.sse(Cut()))
    assert dom.part(chat.dom.node("quota"), "open") is not None
