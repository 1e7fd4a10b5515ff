"""Reads a chat completion's events while they arrive. Pure: the data of events in, words out.

The other two formats of answers are read in `message_stream.py` and `output_stream.py`, with the
same methods; `formats.py` tells which provider speaks which.
"""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_END_MARK = "[DONE]"
_REFUSING = ("content_filter", "refusal")


class StreamFault(Exception):
    """The stream is not what its format sends, or says that the provider failed.

    Attributes:
        code: `not_json`, `provider_error`, `content_refused` or `ended_early`.
        message: A sentence for a person; for `provider_error` it is the provider's own.
    """

    def __init__(self, code: str, message: str = "") -> None:
        """Make a fault; see the class for the fields."""
        super().__init__(message)
        self.code = code
        self.message = message


class AnswerReader:
    """What the readers of all formats have in common.

    Attributes:
        ended: True once the provider said that the answer is whole; a stream that stops before
            that is an answer cut short, however politely the connection was closed.
        cut_short: The answer ended because it had grown as long as it may.
        refused: The provider would not answer, or not go on.
        tokens_in: How many tokens it read; None where it does not say.
        tokens_out: How many it wrote; None where it does not say.
    """

    def __init__(self) -> None:
        """Start at the beginning of an answer."""
        self.ended = False
        self.cut_short = False
        self.refused = False
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None

    def read(self, data: str) -> str:
        """Take the data of one event and return the words in it, often none.

        Raises:
            StreamFault: It belongs to no such stream, or carries the provider's own error.
        """
        if data == _END_MARK:
            self.ended = True
            return ""
        try:
            event = json.loads(data)
        except (ValueError, RuntimeError):  # RuntimeError: nested deeper than can be followed
            raise StreamFault("not_json")
        if not isinstance(event, dict):
            return ""
        self.raise_error(event)
        return self._words(event)

    def finish(self) -> None:
        """Judge the answer after its last event.

        Raises:
            StreamFault: `content_refused`, or `ended_early` where the end mark is missing.
        """
        if self.refused:
            raise StreamFault("content_refused")
        if not self.ended:
            raise StreamFault("ended_early")

    def _words(self, event: "dict[str, Any]") -> str:
        raise NotImplementedError  # abstract: each provider's format has its own

    def raise_error(self, event: "dict[str, Any]") -> None:
        """Raise `provider_error` where an object carries the provider's own error.

        Raises:
            StreamFault: It does.
        """
        error = event.get("error")
        if error:
            message = error.get("message") if isinstance(error, dict) else error
            raise StreamFault("provider_error", str(message or "The provider gave no reason."))

    def _count(self, usage: object, name_in: str, name_out: str) -> None:
        """Take over the numbers of tokens as far as `usage` tells them."""
        if isinstance(usage, dict):
            self.tokens_in = whole_or(usage.get(name_in), self.tokens_in)
            self.tokens_out = whole_or(usage.get(name_out), self.tokens_out)


class ChatReader(AnswerReader):
    """Reads an OpenAI-compatible chat completion."""

    def _words(self, event: "dict[str, Any]") -> str:
        self._count(event.get("usage"), "prompt_tokens", "completion_tokens")
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return ""
        reason = choice.get("finish_reason")
        if reason:
            self.ended = True
            self.cut_short = reason == "length"
            self.refused = self.refused or reason in _REFUSING
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return ""
        refusal = text_of(delta.get("refusal"))
        self.refused = self.refused or bool(refusal)
        return text_of(delta.get("content")) + refusal


def text_of(value: object) -> str:
    """Return `value` if it is text, else ""."""
    return value if isinstance(value, str) else ""


def whole_or(value: object, otherwise: "int | None") -> "int | None":
    """Return `value` if it is a whole number from 0 up, else `otherwise`."""
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_whole else otherwise  # type: ignore[return-value]
