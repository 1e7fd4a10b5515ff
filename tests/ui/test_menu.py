"""The bar's menu, the page's keys and the suggestions."""

import json

import pytest

from tests.ui.chat import Chat, whole
from tollbridge.ui import dom


async def ask(chat: Chat) -> None:
    """Ask and be answered."""
    chat.world.provider.answers(whole("**Yes.**"))
    await chat.ask("Is it?")


async def test_a_conversation_is_exported_as_markdown(chat: Chat) -> None:
    """UX-M8: as it was written, with how each answer came."""
    await ask(chat)
    chat.dom.node("export-markdown").fire("click")
    text = chat.dom.downloads["conversation.md"]
    assert text.startswith("## You\n\nIs it?\n\n## Answer\n\n**Yes.**\n\n*demo · first word ")
    assert "1 credit" in text


async def test_a_conversation_is_exported_as_json(chat: Chat) -> None:
    """UX-M8: every version, for programs."""
    await ask(chat)
    chat.dom.node("export-json").fire("click")
    kept = json.loads(chat.dom.downloads["conversation.json"])
    assert kept["credits"] == 1
    question, answer = kept["turns"]
    assert (question["role"], question["versions"][0]["text"]) == ("user", "Is it?")
    version = answer["versions"][0]
    assert version["request_id"].startswith("req_")
    assert (version["text"], version["model"], version["credits"]) == ("**Yes.**", "demo", 1)


async def test_the_menu_says_what_the_conversation_has_cost(chat: Chat) -> None:
    """What was deleted was paid for all the same."""
    await ask(chat)
    await ask(chat)
    chat.press("delete", 0)
    chat.dom.node("more").fire("click")
    assert chat.shows("spent") == "2 credits in this conversation"


async def test_the_slash_goes_to_the_message(chat: Chat) -> None:
    """UX-D1: and is not typed; in a field it is a slash."""
    body = chat.dom.document.body
    assert chat.dom.document.press("/", target=body, repeat=False)
    assert chat.dom.document.activeElement is chat.dom.node("draft")
    assert not chat.dom.document.press("/", target=chat.dom.node("draft"), repeat=False)


@pytest.mark.parametrize("fields", [{"ctrlKey": True}, {"isComposing": True}, {"repeat": True}])
async def test_a_sign_with_company_stays_the_browsers(chat: Chat, fields: dict[str, bool]) -> None:
    """Control and slash may be the browser's own."""
    target = chat.dom.document.body
    assert not chat.dom.document.press("?", **{"target": target, "repeat": False, **fields})
    assert chat.dom.modals == []


async def test_the_question_mark_shows_the_shortcuts(chat: Chat) -> None:
    """UX-D1: on keyboards where it needs Shift too; once, and the heading is read first."""
    target = chat.dom.document.body
    assert chat.dom.document.press("?", target=target, shiftKey=True, repeat=False)
    sheet = chat.dom.node("shortcuts")
    assert chat.dom.modals == [sheet]
    assert chat.dom.document.activeElement is chat.dom.node("shortcuts-title")
    assert not chat.dom.document.press("?", target=target, repeat=False)
    dom.part(sheet, "close").fire("click")
    assert chat.dom.modals == []


async def test_a_suggestion_is_asked(chat: Chat) -> None:
    """A press sends what it says, and leaves the draft alone."""
    chat.type("A draft")
    chat.world.provider.answers(whole("A bridge."))
    chat.dom.node("suggestion-1").fire("click")
    await chat.until(lambda: chat.turns[1:] and chat.state() == "done")
    assert chat.said == ["What is a toll bridge?", "A bridge."]
    assert chat.dom.node("draft").value == "A draft"
