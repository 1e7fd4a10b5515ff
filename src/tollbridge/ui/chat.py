"""The chat: conversation, bubbles, composer and choice, joined, and kept over a reload."""

import asyncio

from tollbridge.sdk import Signal
from tollbridge.ui import dom
from tollbridge.ui.blocked import Blocked
from tollbridge.ui.chat_kept import ChatKeeper, Kept
from tollbridge.ui.chat_view import ChatView
from tollbridge.ui.choice import Choice
from tollbridge.ui.composer import Composer
from tollbridge.ui.conversation import SLOW_S, Conversation
from tollbridge.ui.early import Early, read_early
from tollbridge.ui.history import History
from tollbridge.ui.strings.chat import RETRY_READY
from tollbridge.ui.transcript import USER
from tollbridge.ui.transcript_text import from_text, to_text
from tollbridge.ui.undo_bar import UndoBar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tollbridge.sdk import ApiGatewayClient
    from tollbridge.ui.remote.remote_chat import RemoteChat, RemoteKeeper
    from tollbridge.ui.tasks import Tasks
    from tollbridge.ui.transcript import Turn


class Chat:
    """One chat on a page.

    Attributes:
        conversation: Who asks and is answered.
        history: What deletes and takes back.
        view: The transcript on the page.
        composer: Where messages are written.
        choice: Who answers.
        has_turns: A signal, True while anything was said.
    """

    def __init__(
        self,
        *,
        gateway: "ApiGatewayClient",
        provider_id: str,
        sign_in: "Callable[[], Coroutine[Any, Any, None]]",
        tasks: "Tasks",
        kept: Kept,
        slow_s: float = SLOW_S,
        remote: "RemoteChat | None" = None,
    ) -> None:
        """Take the painted chat over, with what was kept of it; nothing is sent.

        Args:
            gateway: Carries the calls.
            provider_id: Who answers to the models that the skeleton lists.
            sign_in: Awaited before every message; free when signed in.
            tasks: Runs what is pressed.
            kept: What a reload left.
            slow_s: See `Conversation`.
            remote: Where the conversation runs in another context, which then carries the calls,
                signs in and keeps what was said.
        """
        self._tasks = tasks
        self._stop_takes_focus = False
        self._resuming = False
        self._early: list[tuple[Early, Turn | None]] = []
        self.has_turns = Signal(False)
        self.view = ChatView(actions=self, tasks=tasks)
        if remote is None:
            self._keeper: ChatKeeper | RemoteKeeper = self._keep_here()
            self._converse_here(gateway, sign_in, slow_s)
        else:
            self._keeper = remote.keeper(
                draft=lambda: self.composer.worth_keeping, choice=lambda: self.choice.value
            )
            self.conversation, self.history = remote.converse(self.view, self._changed)
        self.choice = Choice(provider_id=provider_id, on_change=self._keeper.choice.touch)
        self.composer = Composer(
            on_send=self._send,
            on_stop=self.conversation.stop,
            on_draft=self._keeper.draft.touch,
            on_up=self._edit_last,
        )
        self._undo_bar = UndoBar(
            self.history, say=self.view.say, give_focus_back=self.composer.focus
        )
        self._undo = [
            self.conversation.busy.subscribe(self._show_busy),
            dom.on_page_key("Escape", self._escape),
        ]
        self._restore(kept)

    def send(self, text: str) -> None:
        """Send a message that does not stand in the composer; nothing happens while busy."""
        self._tasks.start(self.conversation.send(text, to=self.choice.answerer()))

    def retry(self, turn: "Turn") -> None:
        """See `Actions`."""
        self._stop_takes_focus = self.view.holds_focus(turn)
        self._tasks.start(self.conversation.retry(turn, to=self.choice.answerer()))

    def edit(self, turn: "Turn") -> None:
        """See `Actions`."""
        self.composer.edit(turn)

    def delete(self, turn: "Turn") -> None:
        """See `Actions`."""
        held_focus = self.view.holds_focus(turn)
        edited = self.composer.editing
        if not self.history.delete(turn):
            return
        if edited is not None and edited not in self.conversation.transcript.turns:
            self.composer.forget_edit(edited)
        if held_focus:
            self._undo_bar.focus()

    def show_version(self, turn: "Turn", index: int) -> None:
        """See `Actions`."""
        self.conversation.show_version(turn, index)

    def retry_is_ready(self) -> None:
        """See `Actions`."""
        self.view.say(RETRY_READY)

    def clear(self) -> None:
        """Begin a new conversation; the one before can be taken back."""
        self.composer.cancel_edit()
        self.history.clear()
        self.composer.focus()

    def take_early(self, early: str) -> None:
        """Take over what the visitor did before Python was up; see `dom.take_early`.

        The messages stand below each other at once, and are kept over a reload: until `replay`,
        a slow line may take its time.
        """
        for one in read_early(early):
            question = self.conversation.add_waiting(one.text) if one.text else None
            self._early.append((one, question))

    async def replay(self) -> None:
        """Do what was taken over, in order: each message when the one before it is answered.

        What is left when the credits run out is not sent.
        """
        conversation = self.conversation
        early, self._early = self._early, []
        for one, question in early:
            while conversation.busy.get():  # with what was sent by hand in between
                await conversation.idle()
            if question is None:
                _press(one.pressed)
                await asyncio.sleep(0)  # what it starts, begins
            elif conversation.blocked is None:
                await conversation.resend(question, to=self.choice.answerer(one.choice))
            else:
                conversation.give_up_waiting(question)
            await conversation.idle()

    def credits_came(self) -> None:
        """Send by itself what waits for credits, once; see `Conversation.resume`.

        Where the page is behind another tab just now, when the person is back.
        """
        blocked = self.conversation.blocked
        if blocked is None or self._resuming:
            return
        self._resuming = True
        if dom.is_hidden():
            off = dom.on_leave(lambda: self._seen(off))
            self._undo.append(off)
        else:
            self._tasks.start(self._resume())

    def no_credits_came(self) -> None:
        """Put what waits for credits back into the composer, if that is empty.

        It stands in the conversation too, unsent, and is not sent by itself any more.
        """
        blocked = self.conversation.blocked
        if blocked is None or self._resuming:
            return
        self.conversation.unblock()
        turns = self.conversation.transcript.turns
        if any(turn.key == blocked.key and turn.state == "not_sent" for turn in turns):
            self.composer.put_back(blocked.text)

    def no_credits_will_come(self) -> None:
        """Do as `no_credits_came` once the call is over that was refused just now."""
        self._tasks.start(self._give_back())

    async def close(self) -> None:
        """Stop what runs, take the bubbles off the page and let go of it."""
        self.conversation.stop()
        for off in self._undo:
            off()
        self._undo_bar.close()
        self.composer.close()
        self.choice.close()
        self.history.close()
        self.view.close()
        await self._keeper.close()

    def _keep_here(self) -> ChatKeeper:
        return ChatKeeper(
            transcript=lambda: to_text(self.conversation.transcript),
            draft=lambda: self.composer.worth_keeping,
            blocked=lambda: _blocked_text(self.conversation.blocked),
            choice=lambda: self.choice.value,
        )

    def _converse_here(
        self,
        gateway: "ApiGatewayClient",
        sign_in: "Callable[[], Coroutine[Any, Any, None]]",
        slow_s: float,
    ) -> None:
        self.conversation = Conversation(
            gateway=gateway,
            sign_in=sign_in,
            view=self.view,
            on_change=self._changed,
            on_blocked=lambda blocked: self._keeper.blocked.touch(),
            now_ms=dom.now_ms,
            is_online=dom.is_online,
            slow_s=slow_s,
        )
        self.history = History(self.conversation, view=self.view, on_change=self._changed)

    def _seen(self, off: "Callable[[], None]") -> None:
        if not dom.is_hidden():
            off()
            self._undo.remove(off)
            self._tasks.start(self._resume())

    async def _resume(self) -> None:
        blocked = self.conversation.blocked
        self._resuming = False
        if blocked is not None and self.conversation.can_resume():
            self.composer.take_back(blocked.text)
            await self.conversation.resume()

    async def _give_back(self) -> None:
        await self.conversation.idle()
        self.no_credits_came()

    def _restore(self, kept: Kept) -> None:
        blocked = Blocked.from_text(kept.blocked)
        self.conversation.take_over(from_text(kept.transcript), blocked)
        self.has_turns.set(bool(self.conversation.transcript.turns))
        self.choice.prefer(kept.choice)
        self.composer.restore(kept.draft)

    def _changed(self) -> None:
        self.has_turns.set(bool(self.conversation.transcript.turns))
        self._keeper.transcript.touch()

    def _send(self, text: str) -> None:
        edited = self.composer.editing
        if edited is not None:
            self.history.cut(edited)
        self.send(text)

    def _edit_last(self) -> bool:
        turns = self.conversation.transcript.turns
        asked = [turn for turn in turns if turn.role == USER]
        if asked and not self.conversation.busy.get():
            self.composer.edit(asked[-1])
        return bool(asked)

    def _escape(self) -> bool:
        busy = self.conversation.busy.get() and not dom.has_modal()
        if busy:
            self.conversation.stop()
        return busy

    def _show_busy(self, busy: bool) -> None:
        self.composer.show_busy(busy)
        self.view.show_busy(busy)
        if busy and self._stop_takes_focus:
            self.composer.focus_stop()
        self._stop_takes_focus = False


def _press(node_id: str) -> None:
    try:
        node = dom.by_id(node_id)
    except LookupError:
        return  # pressed on another release of the page, before a reload
    dom.press(node)


def _blocked_text(blocked: "Blocked | None") -> str:
    return "" if blocked is None else blocked.to_text()
