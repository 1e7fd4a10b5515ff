"""What was said: turns in order, and what of them goes to the provider. Pure.

A user's turn is `waiting` (for the answers before it), `sent` or `not_sent`. An answer moves one
way only: `streaming` → `done`, `stopped`, `broken` (cut, but some words came) or `failed` (no
words came). Asking anew gives an answer another version beside the one that is there.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tollbridge.ui.failure import Failure

# How much of the conversation goes along with a message. A character takes up to 12 bytes as JSON,
# and a gateway takes 1 MiB unless its provider says otherwise.
HISTORY_CHARS_MAX = 80_000

USER = "user"
ASSISTANT = "assistant"


class Facts:
    """What is known about how an answer came.

    Attributes:
        model: Which model was asked, "" where the provider has none.
        first_ms: From the question to the first word; None before it.
        total_ms: From the question to the end; None before it.
        tokens_in: What the provider read; None where it does not say.
        tokens_out: What it wrote; None where it does not say.
        credits: What was charged; None where that is not known.
        request_id: Under which the gateway logged it, "" before its answer.
        call_id: Under which the gateway has the receipt, "" before its answer.
        cut_short: The answer ended because it had grown as long as it may.
    """

    __slots__ = (
        "call_id",
        "credits",
        "cut_short",
        "first_ms",
        "model",
        "request_id",
        "tokens_in",
        "tokens_out",
        "total_ms",
    )

    def __init__(self, model: str = "") -> None:
        """Start with nothing but the model's name."""
        self.model = model
        self.first_ms: int | None = None
        self.total_ms: int | None = None
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self.credits: int | None = None
        self.request_id = ""
        self.call_id = ""
        self.cut_short = False


class Version:
    """One wording of a turn; an answer that was asked for again has several.

    Attributes:
        text: The words; of a streaming answer, those that have come.
        state: See the module.
        failure: Why an answer is `broken` or `failed`, else None.
        facts: How an answer came.
        slow: Its first byte is overdue.
    """

    __slots__ = ("facts", "failure", "slow", "state", "text")

    def __init__(self, text: str, state: str, *, model: str = "") -> None:
        """Make a version without a failure."""
        self.text = text
        self.state = state
        self.failure: Failure | None = None
        self.facts = Facts(model)
        self.slow = False


class Turn:
    """One bubble: who said it, its versions, and which of them is shown and told.

    Attributes:
        role: `USER` or `ASSISTANT`.
        versions: At least one.
        shown: The index of the one that counts.
        key: Of a question: the `Idempotency-Key` under which it was last sent, as long as sending
            it again must be the same call; else "".
        fingerprint: What was sent under `key`.
    """

    __slots__ = ("fingerprint", "key", "role", "shown", "versions")

    def __init__(self, role: str, version: Version) -> None:
        """Make a turn with one version."""
        self.role = role
        self.versions = [version]
        self.shown = 0
        self.key = ""
        self.fingerprint = ""

    @property
    def version(self) -> Version:
        """The version that is shown."""
        return self.versions[self.shown]

    @property
    def text(self) -> str:
        """The words of the version that is shown."""
        return self.version.text

    @property
    def state(self) -> str:
        """The state of the version that is shown; see the module."""
        return self.version.state


class Transcript:
    """The turns of one conversation. Only the conversation writes it.

    Attributes:
        turns: In order.
        spent: Credits that this conversation is known to have taken, also for what was deleted.
    """

    def __init__(self) -> None:
        """Start with nothing said."""
        self.turns: list[Turn] = []
        self.spent = 0

    def ask(self, text: str, *, state: str = "sent") -> Turn:
        """Add the user's message at the end."""
        turn = Turn(USER, Version(text, state))
        self.turns.append(turn)
        return turn

    def answer(self, question: Turn, *, model: str = "") -> Turn:
        """Begin to answer `question`: in its answer's place if it has one, else right below it.

        A version with words stays beside the new one; one without is given up for it.
        """
        version = Version("", "streaming", model=model)
        turn = self.answer_to(question)
        if turn is None:
            turn = Turn(ASSISTANT, version)
            self.turns.insert(self.turns.index(question) + 1, turn)
            return turn
        turn.versions = [kept for kept in turn.versions if kept.text]
        turn.versions.append(version)
        turn.shown = len(turn.versions) - 1
        return turn

    def give_up(self, turn: Turn) -> bool:
        """Drop the version that is shown; True where that was the only one, so the turn is gone."""
        turn.versions.pop(turn.shown)
        turn.shown = max(0, len(turn.versions) - 1)
        if not turn.versions:
            self.turns.remove(turn)
        return not turn.versions

    def give_back(self, question: Turn) -> None:
        """Mark a message as not sent; an answer that never began is none."""
        question.version.state = "not_sent"
        turn = self.answer_to(question)
        if turn is not None and not turn.text:
            self.give_up(turn)

    def answer_to(self, question: Turn) -> "Turn | None":
        """Return the answer that stands below `question`, or None."""
        after = self.turns[self.turns.index(question) + 1 :]
        return after[0] if after and after[0].role == ASSISTANT else None

    def question_of(self, turn: Turn) -> "Turn | None":
        """Return the user's turn that `turn` answers, itself if it is one, or None."""
        if turn.role == USER or turn not in self.turns:
            return turn if turn in self.turns else None
        earlier = self.turns[: self.turns.index(turn)]
        return earlier[-1] if earlier and earlier[-1].role == USER else None

    def pair_of(self, turn: Turn) -> list[Turn]:
        """Return a question and its answer, whichever of them `turn` is, as far as both exist."""
        question = self.question_of(turn)
        if question is None:
            return [turn] if turn in self.turns else []
        answer = self.answer_to(question)
        return [question] if answer is None else [question, answer]

    def from_on(self, turn: Turn) -> list[Turn]:
        """Return `turn` and all that come after it."""
        return self.turns[self.turns.index(turn) :]

    def messages(self, question: Turn) -> list[dict[str, str]]:
        """Return what the provider is told with `question`: it and what was said before it.

        Messages that were not sent and answers without words are left out. The question always
        goes along; older turns as far back as `HISTORY_CHARS_MAX` reaches.
        """
        before = self.turns[: self.turns.index(question)]
        told = [t for t in before if t.text and t.state not in ("not_sent", "waiting", "failed")]
        told.append(question)
        first, chars = len(told), 0
        while first > 0:
            chars += len(told[first - 1].text)
            if chars > HISTORY_CHARS_MAX and first < len(told):
                break
            first -= 1
        return [{"role": turn.role, "content": turn.text} for turn in told[first:]]
