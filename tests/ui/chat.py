"""A chat as its visitor has it: Python up on the real skeleton, a real gateway behind it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

from tests.support.dom import Node
from tests.support.dom import Page as Dom
from tests.support.scripted_provider import Answer
from tests.support.world import PAYWALL, PROVIDER, Visitor, World
from tollbridge.pages import spa
from tollbridge.sdk import PaywallError
from tollbridge.ui import dom
from tollbridge.ui.chat_kept import Kept

DONE = b"[DONE]"


def says(words: str) -> bytes:
    """The data of one event with these words."""
    return json.dumps({"choices": [{"delta": {"content": words}}]}).encode()


def whole(words: str) -> Answer:
    """An answer that says these words and ends as it should."""
    return Answer.sse(says(words), DONE)


class Chat:
    """A page with Python up, seen and used as a visitor does."""

    def __init__(self, page: Dom, world: World, kept: Kept | None = None, **wishes: float) -> None:
        """Start Python on a painted page, after a reload with what was kept."""
        self.dom = page
        self.world = world
        self.spa = spa.Page(kept, **wishes)
        self._ended = asyncio.Event()
        self.conversation = self.spa.chat.conversation
        self.conversation.busy.subscribe(lambda busy: busy or self._ended.set())

    def shows(self, node_id: str) -> str:
        """What the element says, "" where it is hidden; whoever looks sees what is painted."""
        self.dom.paint()
        node = self.dom.node(node_id)
        return "" if node.hidden else node.textContent

    @property
    def turns(self) -> list[Node]:
        """The bubbles, in order."""
        return [child for child in self.dom.node("log").children if isinstance(child, Node)]

    def part(self, name: str, turn: int = -1) -> str:
        """What a part of a bubble says, "" where it is hidden."""
        self.dom.paint()
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

    async def retry(self, turn: int = -1) -> None:
        """Press a bubble's Retry, and wait until the answer has ended."""
        self._ended.clear()
        self.press("retry", turn)
        await self._ended.wait()

    def press(self, part: str, turn: int = -1) -> None:
        """Press a button of a bubble, the keyboard going there as it does."""
        button = dom.part(self.turns[turn], part)
        assert not button.hidden
        button.focus()
        button.fire("click", detail=1)

    @property
    def said(self) -> list[str]:
        """What every bubble says."""
        return [self.part("words", turn) for turn in range(len(self.turns))]

    @property
    def told(self) -> list[str]:
        """What the provider was told last: the words of the messages."""
        messages = self.world.provider.requests[-1].json()["messages"]
        return [message["content"] for message in messages]

    @property
    def keys(self) -> list[str]:
        """The `Idempotency-Key` of each question that is still open, by its bubble."""
        return [turn.key for turn in self.conversation.transcript.turns if turn.role == "user"]

    @property
    def visitor(self) -> Visitor:
        """Who the page signed in."""
        session = self.spa.auth.get_cached_session()
        assert session is not None
        assert session.user is not None
        return Visitor(session.user.id, session.access_token or "")

    async def use_up(self) -> None:
        """Take the visitor's credits away behind the page's back."""
        await self.world.drain(self.visitor, 0)

    async def grant(self, amount: int) -> None:
        """Give the visitor credits, as the command does."""
        await self.world.grant(self.visitor, amount)

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
        await self.settle()
        await self.spa.close()


def point_at(page: Dom, world: World) -> None:
    """Give a painted page the settings of this world."""
    settings = {"gateway": world.url, "paywall": PAYWALL, "provider": PROVIDER}
    for name, value in settings.items():
        page.document.querySelector(f'meta[name="tollbridge-{name}"]').attributes["content"] = value


@contextlib.asynccontextmanager
async def open_chat(
    page: Dom, world: World, kept: Kept | None = None, **wishes: float
) -> AsyncIterator[Chat]:
    """Start Python on a painted page; it signs in and counts."""
    point_at(page, world)
    chat = Chat(page, world, kept, **wishes)
    try:
        await chat.spa.begin()
        yield chat
    finally:
        await chat.close()
