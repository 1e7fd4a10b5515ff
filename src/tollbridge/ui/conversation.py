"""A conversation: sends the user's message through the gateway and streams the answer in.

The one writer of the transcript. It knows no DOM: what it changes, it tells its `view`, any object
with the methods of `ChatView`.
"""

from tollbridge.sdk import AbortController, PaywallError, QuotaExceededError, Signal
from tollbridge.ui.chat_stream import ChatReader, StreamFault
from tollbridge.ui.transcript import Transcript, Turn, failure_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol

    from tollbridge.sdk import ApiGatewayClient

    class View(Protocol):
        """What shows a conversation, told after each change."""

        def turn_added(self, turn: Turn) -> None:
            """A turn is new."""

        def turn_grew(self, turn: Turn, words: str) -> None:
            """A turn got these words more."""

        def turn_changed(self, turn: Turn) -> None:
            """A turn has another state."""

        def turn_removed(self, turn: Turn) -> None:
            """A turn is gone."""


class Conversation:
    """Asks, streams, stops, tries again: one answer at a time.

    Attributes:
        transcript: What was said.
        busy: A signal, True while an answer is on its way.
    """

    def __init__(
        self,
        *,
        gateway: "ApiGatewayClient",
        provider_id: str,
        path: str,
        sign_in: "Callable[[], Awaitable[None]]",
        on_quota: "Callable[[QuotaExceededError, str], bool]",
        view: "View",
    ) -> None:
        """Make an empty conversation.

        Args:
            gateway: Carries the calls.
            provider_id: Who answers.
            path: The provider's chat completions path.
            sign_in: Awaited before every message; free when signed in.
            on_quota: Called with (error, text) when credits ran out; `text` was not sent. Returns
                True when it has put the text back before the user.
            view: Is told of every change.
        """
        self.transcript = Transcript()
        self.busy = Signal(False)
        self._gateway = gateway
        self._provider_id = provider_id
        self._path = path
        self._sign_in = sign_in
        self._on_quota = on_quota
        self._view = view
        self._controller: AbortController | None = None

    async def send(self, text: str, *, model: str) -> None:
        """Ask `text` and stream the answer in.

        Returns when the answer is whole, stopped or failed; the transcript says which. While
        another answer is on its way, or without any words, nothing happens.
        """
        if self.busy.get() or not text.strip():
            return
        question = self.transcript.ask(text)
        self._view.turn_added(question)
        await self._answer(question, model)

    async def retry(self, turn: Turn, *, model: str) -> None:
        """Ask again what `turn` failed to answer, or what `turn` could not send."""
        if self.busy.get():
            return
        question = turn
        if turn.role == "assistant":
            found = self.transcript.question_before(turn)
            if found is None:
                return
            question = found
            self._remove(turn)
        question.state = "sent"
        self._view.turn_changed(question)
        await self._answer(question, model)

    def stop(self) -> None:
        """End the answer that is on its way, at the provider too; its words so far stay."""
        if self._controller is not None:
            self._controller.abort()

    async def _answer(self, question: Turn, model: str) -> None:
        messages = self.transcript.messages()
        answer = self.transcript.answer()
        self._controller = controller = AbortController()
        self.busy.set(True)
        self._view.turn_added(answer)
        try:
            await self._stream(answer, messages, model, controller)
            answer.state = "done"
        except QuotaExceededError as error:
            self._out_of_credits(question, answer, error)
        except (PaywallError, StreamFault) as error:
            self._failed(answer, error)
        finally:
            if answer.state == "streaming":  # the page is going away, or we have a bug
                answer.state = "stopped"
            self._controller = None
            if answer in self.transcript.turns:
                self._view.turn_changed(answer)
            self.busy.set(False)

    async def _stream(
        self,
        answer: Turn,
        messages: list[dict[str, str]],
        model: str,
        controller: AbortController,
    ) -> None:
        await self._sign_in()
        body = {"model": model, "stream": True, "messages": messages}
        response = await self._gateway.call(
            provider_id=self._provider_id,
            path=self._path,
            body=body,
            signal=controller.signal,
        )
        reader = ChatReader()
        async with response:
            async for chunk in response:
                words = reader.feed(chunk)
                if words:
                    answer.text += words
                    self._view.turn_grew(answer, words)
        if not reader.ended:
            raise StreamFault("ended_early", "")

    def _out_of_credits(self, question: Turn, answer: Turn, error: QuotaExceededError) -> None:
        self._remove(answer)
        if self._on_quota(error, question.text):
            self._remove(question)  # it stands in the composer again; twice would confuse
            return
        question.state = "not_sent"
        self._view.turn_changed(question)

    def _failed(self, answer: Turn, error: "PaywallError | StreamFault") -> None:
        if error.code == "aborted":
            answer.state = "stopped"
            return
        answer.state = "broken" if answer.text else "failed"
        answer.failure = failure_of(error, midway=bool(answer.text))

    def _remove(self, turn: Turn) -> None:
        self.transcript.remove(turn)
        self._view.turn_removed(turn)
