"""The extension's two halves in one process: the hidden one, and a view on its real skeleton."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from building.extension import extension_pages
from tests.support.dom import Node
from tests.support.dom import Page as Dom
from tests.support.world import PAYWALL, PROVIDER, Visitor, World
from tests.tidy.tree import ROOT
from tollbridge.pages.extension import Host
from tollbridge.pages.extension_view import Page
from tollbridge.sdk.remote import (
    Caller,
    Kind,
    Line,
    RemoteAuthClient,
    RemoteBillingClient,
    Server,
)
from tollbridge.ui import dom
from tollbridge.ui.tasks import Tasks

SKELETON = next(
    page.text
    for page in extension_pages(ROOT / "static" / "extension")
    if page.name == "popup.html"
)


class Background:
    """What the service worker does: storage by area, and the icon.

    Attributes:
        kept: Area → key → text.
        badges: What stood on the icon, one after the other.
    """

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.kept: dict[str, dict[str, str]] = {"local": {}, "session": {}}
        self.badges: list[str] = []
        self._server = Server()
        self._server.offer(
            {
                "storage.get": Kind(self._get, area=str, key=str),
                "storage.set": Kind(self._set, area=str, key=str, value=str),
                "storage.remove": Kind(self._remove, area=str, key=str),
                "badge": Kind(self._badge, text=str, title=str),
            }
        )

    def caller(self) -> Caller:
        """Who asks it."""
        caller = Caller()
        caller.begin(self._server.open("hidden", caller.hear).hear)
        return caller

    async def _get(self, *, area: str, key: str) -> str | None:
        return self.kept[area].get(key)

    async def _set(self, *, area: str, key: str, value: str) -> None:
        self.kept[area][key] = value

    async def _remove(self, *, area: str, key: str) -> None:
        self.kept[area].pop(key, None)

    async def _badge(self, *, text: str, title: str) -> None:
        self.badges.append(text)


class ViewOnPage:
    """A view with Python up, seen and used as a person does."""

    def __init__(self, page: Dom, host: Host) -> None:
        """Connect it."""
        self.dom = page
        self.tasks = Tasks()
        self._host = host
        self._caller = Caller()
        self._auth = RemoteAuthClient(self._caller)
        self._billing = RemoteBillingClient(self._caller)
        self.pages: list[Page] = []
        self._caller.on("welcome", self._welcomed)
        self.line: Line | None = None
        self.connect()

    @property
    def page(self) -> Page:
        """What stands on the page."""
        return self.pages[0]

    def connect(self) -> None:
        """Open a line."""
        # What the hidden half says before it has returned the line, comes later, as over a port.
        early: list[str] = []
        posts = [early.append]
        line = self._host.connect("popup", lambda text: posts[0](text))
        self._caller.begin(line.hear)
        posts[0] = self._caller.hear
        for text in early:
            self._caller.hear(text)
        self.line = line

    def leave(self) -> None:
        """Close it, as a popup is."""
        assert self.line is not None
        self._host.disconnect(self.line)
        self._caller.end()

    def _welcomed(self, state: dict[str, Any]) -> None:
        if self.pages:
            self.pages[0].reset(state)
        else:
            self.pages.append(
                Page(self._caller, state, auth=self._auth, billing=self._billing, tasks=self.tasks)
            )

    @property
    def turns(self) -> list[Node]:
        """The bubbles, in order."""
        return [child for child in self.dom.node("log").children if isinstance(child, Node)]

    @property
    def said(self) -> list[str]:
        """What every bubble says."""
        self.dom.paint()
        return [str(dom.part(turn, "words").textContent) for turn in self.turns]

    @property
    def states(self) -> list[str]:
        """The state of every bubble."""
        return [turn.attributes["data-state"] for turn in self.turns]

    def shows(self, node_id: str) -> str:
        """What an element says, "" where it is hidden."""
        self.dom.paint()
        node = self.dom.node(node_id)
        return "" if node.hidden else node.textContent

    def ask(self, text: str) -> None:
        """Type and press Enter."""
        self.dom.node("draft").value = text
        assert self.dom.node("draft").press("Enter")

    def press(self, part: str, turn: int = -1) -> None:
        """Press a button of a bubble."""
        dom.part(self.turns[turn], part).fire("click", detail=1)

    async def until(self, condition: Any) -> None:
        """Wait until the page shows something; the test's own timeout bounds it."""
        while not condition():  # noqa: ASYNC110  (a DOM tells nobody when it changes)
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def open_host(
    world: World, background: Background, *, api_origin: str = ""
) -> AsyncIterator[Host]:
    """Run the hidden half: it takes over what was kept, and signs in."""
    origin = api_origin or world.url
    host = Host(background.caller(), paywall_id=PAYWALL, api_origin=origin)
    try:
        await host.begin()
        yield host
    finally:
        await host.aclose()


def point_at(page: Dom, world: World) -> None:
    """Give a painted view the settings of this world."""
    settings = {"gateway": world.url, "paywall": PAYWALL, "provider": PROVIDER}
    for name, value in settings.items():
        page.document.querySelector(f'meta[name="tollbridge-{name}"]').attributes["content"] = value


def visitor_of(host: Host) -> Visitor:
    """Who the hidden half signed in."""
    session = host.auth.get_cached_session()
    assert session is not None
    assert session.user is not None
    return Visitor(session.user.id, session.access_token or "")


def stored(background: Background, key: str) -> Any:
    """What is kept under a key until the browser ends, read as JSON."""
    return json.loads(background.kept["session"].get(key) or "null")
