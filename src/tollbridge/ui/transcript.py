"""What was said: turns in order, and what of them goes to the provider. Pure.

A user's turn is `sent` or `not_sent`. An answer moves one way only:
`streaming` → `done`, `stopped`, `broken` (cut, but some words came) or `failed` (no words came).
"""

from tollbridge.sdk import ProviderError
from tollbridge.ui.chat_stream import StreamFault
from tollbridge.ui.strings import CUT_OFF, cause_of, provider_cause, wait_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.sdk import PaywallError

# How much of the conversation goes along with a message. A character takes up to 12 bytes as JSON,
# and a gateway takes 1 MiB unless its provider says otherwise.
HISTORY_CHARS_MAX = 80_000

USER = "user"
ASSISTANT = "assistant"


class Failure:
    """Why an answer did not come, as the page shows it.

    Attributes:
        cause: A sentence.
        code: The error's stable code.
        request_id: The id under which the gateway logged it, "" where it never got there.
        free: True when an answer of the gateway proves that no credit was taken.
    """

    __slots__ = ("cause", "code", "free", "request_id")

    def __init__(self, cause: str, code: str, request_id: str = "", free: bool = False) -> None:
        """Make a failure; see the class for the fields."""
        self.cause = cause
        self.code = code
        self.request_id = request_id
        self.free = free


class Turn:
    """One bubble: who said it, the words so far, and how it stands.

    Attributes:
        role: `USER` or `ASSISTANT`.
        text: The words; of a streaming answer, those that have come.
        state: See the module.
        failure: Why the answer is `broken` or `failed`, else None.
    """

    __slots__ = ("failure", "role", "state", "text")

    def __init__(self, role: str, text: str, state: str) -> None:
        """Make a turn without a failure."""
        self.role = role
        self.text = text
        self.state = state
        self.failure: Failure | None = None


class Transcript:
    """The turns of one conversation. Only the conversation writes it."""

    def __init__(self) -> None:
        """Start with nothing said."""
        self.turns: list[Turn] = []

    def ask(self, text: str) -> Turn:
        """Add the user's message."""
        return self._add(Turn(USER, text, "sent"))

    def answer(self) -> Turn:
        """Add an answer that is about to stream."""
        return self._add(Turn(ASSISTANT, "", "streaming"))

    def remove(self, turn: Turn) -> None:
        """Take a turn out; nothing happens if it is not there."""
        if turn in self.turns:
            self.turns.remove(turn)

    def question_before(self, answer: Turn) -> "Turn | None":
        """Return the user's turn that `answer` belongs to, or None."""
        earlier = self.turns[: self.turns.index(answer)] if answer in self.turns else []
        return earlier[-1] if earlier and earlier[-1].role == USER else None

    def messages(self) -> list[dict[str, str]]:
        """Return what the provider is told: sent messages, and answers that have words.

        The newest always goes along; older ones as far back as `HISTORY_CHARS_MAX` reaches.
        """
        told = [t for t in self.turns if t.text and t.state not in ("not_sent", "failed")]
        first, chars = len(told), 0
        while first > 0:
            chars += len(told[first - 1].text)
            if chars > HISTORY_CHARS_MAX and first < len(told):
                break
            first -= 1
        return [{"role": turn.role, "content": turn.text} for turn in told[first:]]

    def _add(self, turn: Turn) -> Turn:
        self.turns.append(turn)
        return turn


def failure_of(error: "PaywallError | StreamFault", *, midway: bool = False) -> Failure:
    """Say an error the way the page shows it.

    Args:
        error: What was raised.
        midway: Whether some words had come before it.
    """
    if isinstance(error, StreamFault):
        return Failure(cause_of(error.code, 0, error.message), error.code)
    if isinstance(error, ProviderError):
        cause = provider_cause(error.status)
    elif midway and error.code == "network_error":
        cause = CUT_OFF
    else:
        cause = cause_of(error.code, error.status, error.message)
    if error.retry_after_s:
        cause = f"{cause} {wait_text(error.retry_after_s)}"
    # A call is charged only by an answer of the 2xx kind, so a refusal of any kind was free.
    return Failure(cause, error.code, error.request_id, error.status >= 400)
