"""A conversation: sends the user's message through the gateway and streams the answer in.

The one writer of the transcript. It knows no DOM: what it changes, it tells its `view`, any object
with the methods of `ChatView`.

A question goes out under an `Idempotency-Key` of its own, which it keeps for as long as sending it
again must be the same call: while nobody knows whether it was charged, and while it waits for
credits. Once the provider's answer has begun, asking again is another call.
"""

import asyncio

from tollbridge.sdk import AbortController, PaywallError, QuotaExceededError, Signal, platform
from tollbridge.ui.answering import Request, request_for, stream_answer
from tollbridge.ui.blocked import Blocked
from tollbridge.ui.charges import lacks_receipt, learn_charge
from tollbridge.ui.chat_stream import StreamFault
from tollbridge.ui.failure import write_failure
from tollbridge.ui.tasks import until_aborted
from tollbridge.ui.transcript import Transcript, Turn, Version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tollbridge.sdk import ApiGatewayClient
    from tollbridge.ui.answerer import Answerer
    from tollbridge.ui.view import View

# A first byte that takes longer is worth a word.
SLOW_S = 8


class Conversation:
    """Asks, streams, stops, tries again: one answer at a time.

    Attributes:
        transcript: What was said.
        busy: A signal, True while an answer is on its way.
        blocked: The message that waits for credits, or None.
    """

    def __init__(
        self,
        *,
        gateway: "ApiGatewayClient",
        sign_in: "Callable[[], Coroutine[Any, Any, None]]",
        view: "View",
        on_change: "Callable[[], None]",
        on_blocked: "Callable[[Blocked | None], None]",
        now_ms: "Callable[[], float]",
        is_online: "Callable[[], bool]",
        slow_s: float = SLOW_S,
    ) -> None:
        """Make an empty conversation.

        Args:
            gateway: Carries the calls.
            sign_in: Awaited before every message; free when signed in.
            view: Is told of every change.
            on_change: Called after every change, words included: the moment to keep what was said.
            on_blocked: Called with the message that now waits for credits, None when none does.
            now_ms: Milliseconds that never go back.
            is_online: What the browser believes of its connection.
            slow_s: After so long without a first byte the view is told that it is slow.
        """
        self.transcript = Transcript()
        self.busy = Signal(False)
        self.blocked: Blocked | None = None
        self._gateway = gateway
        self._sign_in = sign_in
        self._view = view
        self._on_change = on_change
        self._on_blocked = on_blocked
        self._now_ms = now_ms
        self._is_online = is_online
        self._slow_s = slow_s
        self._controller: AbortController | None = None

    async def send(self, text: str, *, to: "Answerer") -> None:
        """Ask `text` and stream the answer in.

        Returns when the answer is whole, stopped or failed; the transcript says which. While
        another answer is on its way, or without any words, nothing happens. What stands there
        unsent with the same words is sent in its place.
        """
        if self.busy.get() or not text.strip():
            return
        unsent = [t for t in self.transcript.turns if t.state == "not_sent" and t.text == text]
        if unsent:
            await self.resend(unsent[-1], to=to)
            return
        question = self.transcript.ask(text)
        self._view.turn_added(question, None)
        await self._answer(question, to)

    async def resend(self, question: Turn, *, to: "Answerer") -> None:
        """Send a message that waits or was not sent, now as the last one."""
        if self.busy.get() or question not in self.transcript.turns:
            return
        if question.state == "not_sent" and question is not self.transcript.turns[-1]:
            self.transcript.turns.remove(question)
            self._view.turn_removed(question)
            self.transcript.turns.append(question)
            self._view.turn_added(question, None)
        await self._answer(question, to)

    async def retry(self, turn: Turn, *, to: "Answerer") -> None:
        """Ask again what `turn` answered or failed to, or send what `turn` could not.

        An answer with words stays, as a version beside the new one.
        """
        question = self.transcript.question_of(turn)
        if self.busy.get() or question is None:
            return
        if question.state == "not_sent":
            await self.resend(question, to=to)
            return
        await self._answer(question, to)

    def add_waiting(self, text: str) -> Turn:
        """Add a message that is sent later, by `resend`."""
        question = self.transcript.ask(text, state="waiting")
        self._view.turn_added(question, None)
        self._on_change()
        return question

    def give_up_waiting(self, question: Turn) -> None:
        """Mark a message that waited as not sent."""
        question.version.state = "not_sent"
        self._changed(question)

    async def idle(self) -> None:
        """Return once no answer is on its way."""
        if not self.busy.get():
            return
        ended = asyncio.Event()
        undo = self.busy.subscribe(lambda busy: ended.set())
        await ended.wait()
        undo()

    def can_resume(self) -> bool:
        """Return whether a message waits for credits that may be sent without asking.

        Not where it waited for half an hour, or another answer is on its way: it then stays where
        it is, and the person sends it.
        """
        blocked = self.blocked
        if blocked is None or self.busy.get() or not blocked.is_fresh(platform.now_s()):
            return False
        return any(turn.key == blocked.key for turn in self.transcript.turns)

    async def resume(self) -> None:
        """Send the message that waited for credits, under its own key, if `can_resume`."""
        blocked = self.blocked
        if blocked is not None and self.can_resume():
            waiting = [turn for turn in self.transcript.turns if turn.key == blocked.key]
            await self.resend(waiting[0], to=blocked.to)

    def take_over(self, transcript: Transcript, blocked: "Blocked | None") -> None:
        """Go on with what was kept over a reload, and show it."""
        self.transcript = transcript
        waiting = [turn for turn in transcript.turns if blocked and turn.key == blocked.key]
        if waiting:
            self.blocked = blocked
            transcript.give_back(waiting[0])
        for turn in transcript.turns:
            self._view.turn_added(turn, None)

    async def settle(self) -> None:
        """Learn what those answers cost that a reload broke off."""
        for turn in list(self.transcript.turns):
            question = self.transcript.question_of(turn)
            for version in turn.versions:
                if version.failure is not None and version.failure.code == "page_left":
                    await self._settle(turn, version, question.key if question else "")

    def stop(self) -> None:
        """End the answer that is on its way, at the provider too; its words so far stay."""
        if self._controller is not None:
            self._controller.abort()

    def show_version(self, turn: Turn, index: int) -> None:
        """Let another version of an answer count, which is also what the provider is told."""
        if 0 <= index < len(turn.versions) and turn.state != "streaming":
            turn.shown = index
            self._changed(turn)

    def unblock(self) -> None:
        """Forget that a message waits for credits; it stays where it is, unsent."""
        self._block(None)

    async def _answer(self, question: Turn, to: "Answerer") -> None:
        """Answer `question`. What goes wrong is written into the answer, and not raised."""
        self.busy.set(True)
        question.version.state = "sent"
        self._changed(question)
        request = request_for(question, self.transcript, to)
        if self.blocked is not None and self.blocked.text == question.text:
            self.unblock()
        answer = self._begin(question, to)
        version = answer.version
        watch = asyncio.create_task(self._watch(answer, version))

        def begun() -> None:
            watch.cancel()
            version.slow = False
            question.key = ""  # from here on it is charged: asking again is another call
            self.transcript.spent += version.facts.credits or 0
            self._changed(answer)

        try:
            await self._run(request, answer, begun)
            version.state = "done"
        except QuotaExceededError:
            self._out_of_credits(question, answer, request)
        except (PaywallError, StreamFault) as error:
            write_failure(question, version, error, online=self._is_online())
        finally:
            watch.cancel()
            version.slow = False
            if version.state == "streaming":  # the page is going away, or we have a bug
                version.state = "stopped"
            self._controller = None
            self._changed(answer)
            self.busy.set(False)
        await self._settle(answer, version, request.key)

    async def _run(self, request: Request, answer: Turn, begun: "Callable[[], None]") -> None:
        self._controller = controller = AbortController()
        await until_aborted(self._sign_in(), controller.signal)

        def grew(words: str) -> None:
            self._view.turn_grew(answer, words)
            self._on_change()

        await stream_answer(
            self._gateway,
            request,
            answer.version,
            signal=controller.signal,
            now_ms=self._now_ms,
            on_headers=begun,
            on_words=grew,
        )

    def _begin(self, question: Turn, to: "Answerer") -> Turn:
        """Add an answer, or a version to the one that is there, and show it."""
        is_new = self.transcript.answer_to(question) is None
        answer = self.transcript.answer(question, model=to.model)
        if is_new:
            later = self.transcript.from_on(answer)[1:]
            self._view.turn_added(answer, later[0] if later else None)
        self._changed(answer)
        return answer

    async def _watch(self, answer: Turn, version: Version) -> None:
        await asyncio.sleep(self._slow_s)
        version.slow = True
        self._changed(answer)

    def _out_of_credits(self, question: Turn, answer: Turn, request: Request) -> None:
        if answer not in self.transcript.turns:
            return  # cleared meanwhile
        if self.transcript.give_up(answer):
            question.version.state = "not_sent"
            self._view.turn_removed(answer)
        self._changed(question)
        self._block(Blocked(request.key, question.text, request.to, platform.now_s()))

    async def _settle(self, answer: Turn, version: Version, key: str) -> None:
        is_known = not lacks_receipt(version) or not (version.facts.call_id or key)
        if not is_known and await learn_charge(self._gateway, self.transcript, version, key):
            question = self.transcript.question_of(answer)
            if version.facts.credits and question is not None and question.key == key:
                question.key = ""  # under it the lost answer would be refused, and counted twice
            self._changed(answer)

    def _changed(self, turn: Turn) -> None:
        if turn in self.transcript.turns:  # not where it was deleted meanwhile
            self._view.turn_changed(turn)
        self._on_change()

    def _block(self, blocked: "Blocked | None") -> None:
        self.blocked = blocked
        self._on_blocked(blocked)
