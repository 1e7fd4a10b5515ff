"""Beyond the last credit: it is said what ran out, nothing is lost, and the counter rises."""

import pytest

from tests.ui.chat import Chat, whole
from tollbridge.ui import dom, quota_notice


async def test_the_message_beyond_the_last_credit_is_kept(chat: Chat) -> None:
    """What ran out is said, with what helps, and the message goes back into the composer."""
    await chat.use_up()
    await chat.ask("The unsent one")
    user_id = chat.visitor.user_id
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
    await chat.use_up()
    await chat.ask("The unsent one")
    await chat.settle()
    await chat.grant(5)
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
    await chat.use_up()
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
    await chat.use_up()
    chat.begin_to_ask("The unsent one")
    chat.type("Already the next")
    await chat.until(lambda: chat.turns and chat.state() == "not_sent")
    assert chat.dom.node("draft").value == "Already the next"
    assert (chat.part("words"), chat.part("mark")) == ("The unsent one", "Not sent")
    await chat.grant(1)
    chat.world.provider.answers(whole("Here."))
    await chat.retry()
    assert [chat.part("words", turn) for turn in (0, 1)] == ["The unsent one", "Here."]
