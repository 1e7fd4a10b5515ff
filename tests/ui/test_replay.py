"""What was done before Python was up is done then: once, in order, one answer after the other."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from tests.support import dom as fake
from tests.support.scripted_provider import Answer, Wait
from tests.support.world import World
from tests.ui.chat import DONE, Chat, point_at, says, whole
from tollbridge.ui.early import read_early


def sent(text: str, model: str = "demo") -> dict[str, str]:
    """A message that was sent."""
    return {"kind": "send", "text": text, "provider": "", "model": model}


def wait_there(page: fake.Page, *actions: dict[str, str]) -> list[int]:
    """Leave a queue as `static/early.mjs` does; returns a list that grows when it is taken."""
    taken: list[int] = []

    def take() -> str:
        taken.append(1)
        return json.dumps(actions) if len(taken) == 1 else "[]"

    page.scope.tollbridgeEarly = SimpleNamespace(take=take)
    return taken


async def test_messages_are_answered_one_after_the_other(page: fake.Page, world: World) -> None:
    """X-M2: each stands there at once, waits for the one before it, and is told what that said."""
    go_on = asyncio.Event()
    taken = wait_there(page, sent("One"), sent("Two", "demo-odd"), sent("Three"))
    point_at(page, world)
    chat = Chat(page, world)
    world.provider.answers(Answer.sse(says("First "), Wait(go_on), DONE))
    beginning = asyncio.create_task(chat.spa.begin())
    await chat.until(lambda: len(chat.turns) == 4 and chat.part("words", 1))
    assert chat.said == ["One", "First ", "Two", "Three"]
    assert [chat.state(turn) for turn in (0, 2, 3)] == ["sent", "waiting", "waiting"]
    assert len(world.provider.requests) == 1
    world.provider.answers(whole("Second"), whole("Third"))
    go_on.set()
    await beginning
    assert chat.said == ["One", "First ", "Two", "Second", "Three", "Third"]
    assert world.provider.requests[1].json()["model"] == "demo-odd"
    assert chat.told == ["One", "First ", "Two", "Second", "Three"]
    assert chat.shows("counter") == "17 of 20 left"
    assert len(taken) == 1
    await chat.close()


async def test_what_waited_is_there_before_the_gateway_answers(
    page: fake.Page, world: World
) -> None:
    """X-M2: it stands there from the moment it was taken over; signing in may take its time."""
    wait_there(page, sent("One"), sent("Two"))
    point_at(page, world)
    chat = Chat(page, world)
    assert chat.said == ["One", "Two"]
    assert [chat.state(turn) for turn in (0, 1)] == ["waiting", "waiting"]
    await chat.close()


async def test_a_button_that_is_gone_keeps_nothing_from_being_sent(
    page: fake.Page, world: World
) -> None:
    """X-M2: it was pressed on another release of the page, before a reload."""
    wait_there(page, {"kind": "press", "id": "of-another-release"}, sent("One"))
    point_at(page, world)
    world.provider.answers(whole("First"))
    chat = Chat(page, world)
    await chat.spa.begin()
    assert chat.said == ["One", "First"]
    await chat.close()


async def test_a_press_comes_in_its_turn(page: fake.Page, world: World) -> None:
    """A button is pressed when what was done before it is done."""
    wait_there(page, sent("One"), {"kind": "press", "id": "suggestion-1"}, sent("Two"))
    world.provider.answers(whole("First"), whole("A bridge"), whole("Second"))
    point_at(page, world)
    chat = Chat(page, world)
    await chat.spa.begin()
    assert [request.json()["messages"][-1]["content"] for request in world.provider.requests] == [
        "One",
        "What is a toll bridge?",
        "Two",
    ]
    await chat.close()


async def test_what_is_left_when_the_credits_run_out_is_not_sent(
    page: fake.Page, world: World
) -> None:
    """Nothing is lost, and nothing is refused a second time."""
    wait_there(page, sent("One"), sent("Two"), sent("Three"))
    world.provider.answers(whole("First"))
    point_at(page, world)
    chat = Chat(page, world)
    await chat.spa.sign_in()
    await world.drain(chat.visitor, 1)
    await chat.spa.begin()
    assert chat.said == ["One", "First", "Two", "Three"]
    assert [chat.state(turn) for turn in (2, 3)] == ["not_sent", "not_sent"]
    await chat.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "{}",
        "[7, null]",
        '[{"kind": "send", "text": " "}, {"kind": "press"}, {"kind": "x"}]',
        '[{"kind": "send"}]',
        "[" * 100_000,
    ],
)
def test_what_is_not_understood_is_left_out(text: str) -> None:
    """Another version of the page may have left it."""
    assert read_early(text) == []


def test_what_was_done_is_read_in_order() -> None:
    """Messages with who was to answer them, and presses."""
    done = read_early(json.dumps([sent(" One "), {"kind": "press", "id": "new"}]))
    assert [(one.text, one.choice, one.pressed) for one in done] == [
        ("One", "demo", ""),
        ("", "", "new"),
    ]
