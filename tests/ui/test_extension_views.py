"""One hidden conversation and the views of it, on the extension's skeleton, with a real gateway."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from tests.support import dom as fake
from tests.support.scripted_provider import Answer, Wait
from tests.support.world import World
from tests.tidy.tree import ROOT
from tests.ui.chat import DONE, says, whole
from tests.ui.extension import (
    SKELETON,
    Background,
    ViewOnPage,
    open_host,
    point_at,
    stored,
    visitor_of,
)
from tollbridge.pages.extension import Host
from tollbridge.sdk import Balance
from tollbridge.ui.remote.icon_badge import badge_text, title_text

# A port of this machine that nobody listens on.
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def skeleton() -> str:
    """The skeleton that the `page` of these tests is painted from."""
    return SKELETON


@pytest.fixture
def background() -> Background:
    """A service worker that keeps nothing yet."""
    return Background()


@pytest.fixture
async def host(world: World, background: Background) -> AsyncIterator[Host]:
    """The hidden half, signed in."""
    async with open_host(world, background) as host:
        yield host


@pytest.fixture
async def view(page: fake.Page, world: World, host: Host) -> ViewOnPage:
    """A popup that was just opened."""
    point_at(page, world)
    return ViewOnPage(page, host)


def test_the_skeleton_has_what_the_chats_page_has() -> None:
    """Whatever Python looks for by its id in `index.html` is there."""
    ids = set(re.findall(r'\bid="([\w-]+)"', (ROOT / "index.html").read_text("utf-8")))
    assert ids <= set(re.findall(r'\bid="([\w-]+)"', SKELETON))


async def test_an_answer_streams_into_a_view(view: ViewOnPage, world: World) -> None:
    """Asked by the hidden half, shown here as it comes, counted everywhere."""
    go_on = asyncio.Event()
    world.provider.answers(Answer.sse(says("First "), Wait(go_on), says("second"), DONE))
    view.ask("Hello")
    await view.until(lambda: view.said == ["Hello", "First "])
    assert view.states == ["sent", "streaming"]
    assert view.shows("stop")
    await view.until(lambda: view.shows("counter") == "19 of 20 left")
    go_on.set()
    await view.until(lambda: view.states == ["sent", "done"])
    assert view.said == ["Hello", "First second"]
    await view.until(lambda: view.shows("send"))


async def test_who_comes_later_sees_what_is_there_and_what_follows(
    view: ViewOnPage, world: World, host: Host, page: fake.Page
) -> None:
    """EXT-M4: the popup goes in the middle; the next one has all of it."""
    go_on = asyncio.Event()
    world.provider.answers(Answer.sse(says("First "), Wait(go_on), says("second"), DONE))
    view.ask("Hello")
    await view.until(lambda: view.said == ["Hello", "First "])
    view.leave()
    for bubble in view.turns:
        bubble.remove()
    again = ViewOnPage(page, host)
    assert again.said == ["Hello", "First "]
    assert again.shows("stop")
    go_on.set()
    await again.until(lambda: again.states == ["sent", "done"])
    assert again.said == ["Hello", "First second"]


async def test_stop_ends_it_at_the_provider(view: ViewOnPage, world: World) -> None:
    """EXT-M4: what has come stays."""
    world.provider.answers(Answer.sse(says("First "), Wait(asyncio.Event())))
    view.ask("Hello")
    await view.until(lambda: view.said == ["Hello", "First "])
    view.dom.node("stop").fire("click", detail=1)
    await view.until(lambda: view.states == ["sent", "stopped"])
    assert view.said == ["Hello", "First "]


async def test_without_credits_the_dialog_opens_here_and_the_message_goes_out(
    view: ViewOnPage, world: World, host: Host, background: Background
) -> None:
    """EXT-M8: the 402 of the hidden call is one here; when credits came, the message is sent."""
    visitor = visitor_of(host)
    await world.drain(visitor, 0)
    view.ask("The one too many")
    await view.until(lambda: view.states == ["not_sent"])
    await view.until(lambda: view.page.around.paywall.get_state().open)
    await view.until(lambda: background.badges[-1] == "0")
    world.provider.answers(whole("Here it is"))
    await world.grant(visitor, 5)
    await host.billing.get_balances(force=True)
    await view.until(lambda: view.states == ["sent", "done"])
    assert view.said == ["The one too many", "Here it is"]
    await view.until(lambda: background.badges[-1] == "4")


async def test_a_message_deleted_here_is_gone_everywhere_and_comes_back(
    view: ViewOnPage, world: World, host: Host
) -> None:
    """What can be taken back in one view can be in every view."""
    world.provider.answers(whole("Yes"))
    view.ask("Hello")
    await view.until(lambda: view.states == ["sent", "done"])
    await view.until(lambda: view.shows("send"))
    view.press("delete")
    assert view.said == []
    await view.until(lambda: host.conversation.transcript.turns == [] and view.shows("undo"))
    dom_part(view, "undo", "undo").fire("click", detail=1)
    await view.until(lambda: view.said == ["Hello", "Yes"])
    assert len(host.conversation.transcript.turns) == 2


def dom_part(view: ViewOnPage, node_id: str, part: str) -> fake.Node:
    """A part of an element."""
    node: fake.Node = view.dom.node(node_id).querySelector(f'[data-part="{part}"]')
    return node


async def test_an_answer_asked_again_has_versions_in_every_view(
    view: ViewOnPage, world: World, host: Host
) -> None:
    """The one that is shown is what the provider is told next."""
    world.provider.answers(whole("One"), whole("Two"))
    view.ask("Hello")
    await view.until(lambda: view.states == ["sent", "done"] and view.shows("send"))
    view.press("retry")
    await view.until(lambda: view.said == ["Hello", "Two"] and view.shows("send"))
    view.press("earlier")
    await view.until(lambda: view.said == ["Hello", "One"])
    assert host.conversation.transcript.turns[1].text == "One"


async def test_what_was_said_outlives_the_hidden_half(
    page: fake.Page, world: World, background: Background
) -> None:
    """EXT-M3: Chrome closes the document; the next one has transcript, draft and session."""
    point_at(page, world)
    async with open_host(world, background) as host:
        view = ViewOnPage(page, host)
        world.provider.answers(whole("Yes"))
        view.ask("Hello")
        await view.until(lambda: view.states == ["sent", "done"] and view.shows("send"))
        page.node("draft").value = "half a"
        page.node("draft").fire("input")
        await view.until(lambda: background.kept["session"].get("draft") == "half a")
        await view.until(lambda: stored(background, "transcript"))
        user = visitor_of(host).user_id
        view.leave()
    async with open_host(world, background) as host:
        view.connect()
        assert view.said == ["Hello", "Yes"]
        assert view.states == ["sent", "done"]
        assert visitor_of(host).user_id == user


async def test_what_was_asked_while_nobody_was_there_is_asked_then(
    page: fake.Page, world: World, background: Background
) -> None:
    """EXT-M3: a message sent in the moment without a hidden half is not lost."""
    point_at(page, world)
    async with open_host(world, background) as host:
        view = ViewOnPage(page, host)
        view.leave()
    view.ask("Anybody?")
    async with open_host(world, background) as host:
        world.provider.answers(whole("Yes"))
        view._host = host
        view.connect()
        await view.until(lambda: view.states == ["sent", "done"])
        assert view.said == ["Anybody?", "Yes"]


async def test_the_last_view_ends_an_answer_where_that_is_chosen(
    view: ViewOnPage, world: World, host: Host, background: Background
) -> None:
    """EXT-M4: not while another one looks; the choice is kept over a restart of the browser."""
    view.dom.node("goes-on").fire("click", detail=1)
    await view.until(lambda: background.kept["local"].get("goes_on") == "no")
    assert view.shows("goes-on") == "When this closes: stop the answer"
    other = host.connect("panel", lambda text: None)
    world.provider.answers(Answer.sse(says("First "), Wait(asyncio.Event())))
    view.ask("Hello")
    await view.until(lambda: view.said == ["Hello", "First "])
    view.leave()
    assert host.conversation.busy.get()
    host.disconnect(other)
    await host.conversation.idle()
    assert host.conversation.transcript.turns[1].state == "stopped"


async def test_a_session_that_cannot_begin_is_told_with_a_way_to_try_again(
    page: fake.Page, world: World, background: Background
) -> None:
    """The view says why, and Try again asks the hidden half."""
    point_at(page, world)
    async with open_host(world, background, api_origin=NOBODY) as host:
        view = ViewOnPage(page, host)
        assert view.shows("problem")
        assert view.shows("counter") == "Credits unknown"
        view.page.problem.close()
        dom_part(view, "problem", "retry").fire("click", detail=1)
        await view.until(lambda: view.shows("problem"))


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ([], ""),
        ([0], "0"),
        ([9999], "9999"),
        ([10_000], "10k"),
        ([5_000_000], "999k"),
        ([7, 3], "3"),
    ],
)
def test_the_icon_says_what_is_left(counts: list[int], text: str) -> None:
    """Four characters at most; of several types the one that ends first."""
    balances = [Balance(f"type{i}", count, 1, 20) for i, count in enumerate(counts)]
    assert badge_text(balances) == text
    assert len(text) <= 4
    assert title_text(balances).startswith("Tollbridge")
