"""Under which key a question goes out: once charged, never twice, whatever breaks on the way."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripted_provider import Answer
from tests.support.world import PAYWALL, PROVIDER, Visitor, World, open_world
from tests.ui.chat import whole
from tollbridge.sdk import AuthClient, BillingClient, NetworkError
from tollbridge.sdk.transport import OwnTransport
from tollbridge.ui.answerer import Answerer
from tollbridge.ui.conversation import Conversation
from tollbridge.ui.history import History
from tollbridge.ui.transcript import Turn

DEMO = Answerer(PROVIDER, "demo")
OTHER = Answerer(PROVIDER, "other")


class Silent:
    """A view that nobody sees."""

    def turn_added(self, turn: Turn, before: Turn | None) -> None:
        """See `View`."""

    def turn_grew(self, turn: Turn, words: str) -> None:
        """See `View`."""

    def turn_changed(self, turn: Turn) -> None:
        """See `View`."""

    def turn_removed(self, turn: Turn) -> None:
        """See `View`."""


class Line:
    """A conversation whose line to the gateway can be cut.

    Attributes:
        keys: The key of each call that was sent, in order, replays of the SDK's own included.
        lost: How many answers are lost from here on, after the gateway has given them.
        dead: Whether nothing reaches the gateway.
    """

    def __init__(self, world: World) -> None:
        """Make the clients."""
        self.world = world
        self.keys: list[str] = []
        self.lost = 0
        self.dead = False
        self._transport = OwnTransport(None)
        self.auth = AuthClient(paywall_id=PAYWALL, api_origin=world.url)
        self.billing = BillingClient(
            paywall_id=PAYWALL, api_origin=world.url, auth=self.auth, transport=self._send
        )
        view = Silent()
        self.conversation = Conversation(
            gateway=self.billing.create_api_gateway_client(),
            sign_in=self._sign_in,
            view=view,
            on_change=lambda: None,
            on_blocked=lambda blocked: None,
            now_ms=lambda: 0,
            is_online=lambda: True,
        )
        self.history = History(self.conversation, view=view, on_change=lambda: None)

    async def _sign_in(self) -> None:
        await self.auth.sign_in_anonymously()

    async def _send(self, request: Any) -> Any:
        if "/api-gateway/" not in request.url:
            return await self._transport.send(request)
        self.keys.append(request.headers["idempotency-key"])
        if self.dead:
            raise NetworkError("the line is cut")
        reply = await self._transport.send(request)
        if self.lost and reply.status < 300:
            self.lost -= 1
            while await reply.read() is not None:
                pass
            raise NetworkError("the answer was lost")
        return reply

    @property
    def turns(self) -> list[Turn]:
        """What was said."""
        return self.conversation.transcript.turns

    @property
    def visitor(self) -> Visitor:
        """Who is signed in."""
        session = self.auth.get_cached_session()
        assert session is not None
        assert session.user is not None
        return Visitor(session.user.id, session.access_token or "")

    async def close(self) -> None:
        """Give the connections back."""
        await self.billing.aclose()
        await self.auth.aclose()
        await self._transport.aclose()

    async def left(self) -> int:
        """How many credits there are, as the ledger has it."""
        return await self.world.balance(self.visitor)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    """A conversation with nobody looking on."""
    async with open_world(tmp_path) as world:
        line = Line(world)
        yield line
        await line.close()


async def test_a_call_that_nobody_answered_is_asked_for_again(line: Line) -> None:
    """The same key, as long as nobody knows whether it was charged; one charge at the end."""
    line.dead = True
    await line.conversation.send("One", to=DEMO)
    assert line.turns[1].state == "failed"
    line.dead = False
    line.world.provider.answers(whole("First"))
    await line.conversation.retry(line.turns[1], to=DEMO)
    assert [turn.text for turn in line.turns] == ["One", "First"]
    assert len(set(line.keys)) == 1
    assert await line.left() == 19


async def test_an_answer_that_was_lost_is_not_charged_twice_unseen(line: Line) -> None:
    """It says that it was charged; only the next try, which somebody asks for, is another call."""
    line.lost = 2
    line.world.provider.always(whole("First"))
    await line.conversation.send("One", to=DEMO)
    failure = line.turns[1].version.failure
    assert failure is not None
    assert failure.code == "call_already_charged"
    assert failure.charged == 1
    assert len(set(line.keys)) == 1
    line.lost = 0
    await line.conversation.retry(line.turns[1], to=DEMO)
    assert line.turns[1].text == "First"
    assert len(set(line.keys)) == 2
    assert await line.left() == 18
    assert line.conversation.transcript.spent == 2


async def test_another_question_is_another_call(line: Line) -> None:
    """A key belongs to what was sent under it: another model is another call."""
    line.dead = True
    await line.conversation.send("One", to=DEMO)
    line.dead = False
    line.world.provider.answers(whole("First"))
    await line.conversation.retry(line.turns[1], to=OTHER)
    assert line.turns[1].text == "First"
    assert len(set(line.keys)) == 2


async def test_a_refused_question_is_another_call(line: Line) -> None:
    """A refusal costs nothing, so there is nothing to be careful with."""
    line.world.provider.answers(Answer(500), whole("First"))
    await line.conversation.send("One", to=DEMO)
    await line.conversation.retry(line.turns[1], to=DEMO)
    assert len(set(line.keys)) == 2
    assert await line.left() == 19


async def test_asking_anew_is_another_call(line: Line) -> None:
    """An answer that came is paid for; another one is paid for too."""
    line.world.provider.always(whole("First"))
    await line.conversation.send("One", to=DEMO)
    await line.conversation.retry(line.turns[1], to=DEMO)
    assert len(set(line.keys)) == 2
    assert await line.left() == 18


async def test_a_message_out_of_credits_keeps_its_key(line: Line) -> None:
    """Sent by hand, by itself, or typed anew with the same words: the same turn, the same call."""
    await line.auth.sign_in_anonymously()
    await line.world.drain(line.visitor, 0)
    await line.conversation.send("One", to=DEMO)
    assert [turn.state for turn in line.turns] == ["not_sent"]
    blocked = line.conversation.blocked
    assert blocked is not None
    assert blocked.key == line.keys[0] == line.turns[0].key
    await line.conversation.send("One", to=DEMO)
    assert [turn.state for turn in line.turns] == ["not_sent"]
    await line.world.grant(line.visitor, 5)
    line.world.provider.answers(whole("First"))
    await line.conversation.resume()
    assert [turn.text for turn in line.turns] == ["One", "First"]
    assert len(set(line.keys)) == 1
    assert line.conversation.blocked is None
    assert await line.left() == 4


async def test_what_is_unsent_goes_to_the_end_when_it_is_sent(line: Line) -> None:
    """Its answer stands below what was said since, which goes along."""
    await line.auth.sign_in_anonymously()
    await line.world.drain(line.visitor, 0)
    await line.conversation.send("One", to=DEMO)
    await line.world.grant(line.visitor, 5)
    line.world.provider.answers(whole("Second"), whole("First"))
    await line.conversation.send("Two", to=DEMO)
    await line.conversation.retry(line.turns[0], to=DEMO)
    assert [turn.text for turn in line.turns] == ["Two", "Second", "One", "First"]


async def test_a_deleted_message_waits_for_nothing(line: Line) -> None:
    """Credits that come later send nothing that was taken out."""
    await line.auth.sign_in_anonymously()
    await line.world.drain(line.visitor, 0)
    await line.conversation.send("One", to=DEMO)
    assert line.history.delete(line.turns[0])
    assert not line.conversation.can_resume()


async def test_out_of_credits_while_asking_anew_leaves_the_answer(line: Line) -> None:
    """The old version stands; the question waits beside it."""
    line.world.provider.always(whole("First"))
    await line.conversation.send("One", to=DEMO)
    await line.world.drain(line.visitor, 0)
    await line.conversation.retry(line.turns[1], to=DEMO)
    assert (line.turns[1].text, line.turns[1].state) == ("First", "done")
    assert line.turns[0].state == "sent"
    await line.world.grant(line.visitor, 1)
    await line.conversation.resume()
    assert len(line.turns[1].versions) == 2
