"""An answer whose format nobody told: recognised by what it begins with. Pure.

What a sealed template asks, and of whom, is the gateway's secret; its answer comes as the provider
gives it, in events or whole.
"""

import json

from tollbridge.ui.chat_stream import ChatReader, StreamFault, text_of, whole_or
from tollbridge.ui.message_stream import MessageReader
from tollbridge.ui.output_stream import OutputReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tollbridge.ui.chat_stream import AnswerReader

_OF_MESSAGES = ("message_", "content_block_", "ping")


class AnyReader:
    """Reads an answer as one of the three readers would, whichever fits; see `AnswerReader`."""

    def __init__(self) -> None:
        """Start at the beginning of an answer."""
        self._reader: AnswerReader = ChatReader()
        self._is_known = False

    @property
    def ended(self) -> bool:
        """Whether the provider said that the answer is whole."""
        return self._reader.ended

    @property
    def cut_short(self) -> bool:
        """Whether it grew as long as it may."""
        return self._reader.cut_short

    @property
    def tokens_in(self) -> "int | None":
        """How many tokens the provider read."""
        return self._reader.tokens_in

    @property
    def tokens_out(self) -> "int | None":
        """How many it wrote."""
        return self._reader.tokens_out

    def read(self, data: str) -> str:
        """Take the data of one event and return the words in it, often none.

        Raises:
            StreamFault: See `AnswerReader.read`.
        """
        if not self._is_known:
            self._reader = _reader_for(data)
            self._is_known = True
        return self._reader.read(data)

    def read_whole(self, text: str) -> str:
        """Take an answer that came as one JSON object, and return its words.

        Raises:
            StreamFault: It is none of the three, carries the provider's error, or was refused.
        """
        answer = _object(text)
        if answer is None:
            raise StreamFault("not_json")
        self._reader.raise_error(answer)
        words, reason = _words_of(answer)
        self._reader.ended = True
        self._reader.cut_short = reason in ("length", "max_tokens", "max_output_tokens")
        self._reader.refused = reason in ("content_filter", "refusal")
        self._count(answer.get("usage"))
        return words

    def finish(self) -> None:
        """Judge the answer after its end.

        Raises:
            StreamFault: `content_refused`, or `ended_early` where the end mark is missing.
        """
        self._reader.finish()

    def _count(self, usage: object) -> None:
        if isinstance(usage, dict):
            read = whole_or(usage.get("prompt_tokens"), None)
            wrote = whole_or(usage.get("completion_tokens"), None)
            self._reader.tokens_in = whole_or(usage.get("input_tokens"), read)
            self._reader.tokens_out = whole_or(usage.get("output_tokens"), wrote)


def _reader_for(data: str) -> "AnswerReader":
    event = _object(data) or {}
    kind = text_of(event.get("type"))
    if kind.startswith("response."):
        return OutputReader()
    of_messages = any([kind.startswith(start) for start in _OF_MESSAGES])
    return MessageReader() if of_messages else ChatReader()


def _words_of(answer: "dict[str, Any]") -> tuple[str, str]:
    """Return (words, why it ended)."""
    choices = answer.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        message = choices[0].get("message")
        words = text_of(message.get("content")) if isinstance(message, dict) else ""
        return words, text_of(choices[0].get("finish_reason"))
    if isinstance(answer.get("content"), list):  # a message
        return _texts(answer["content"]), text_of(answer.get("stop_reason"))
    if isinstance(answer.get("output"), list):  # a response
        parts = [item.get("content") for item in answer["output"] if isinstance(item, dict)]
        words = "".join([_texts(part) for part in parts if isinstance(part, list)])
        details = answer.get("incomplete_details")
        return words, text_of(details.get("reason")) if isinstance(details, dict) else ""
    raise StreamFault("not_json")


def _texts(parts: "list[Any]") -> str:
    return "".join([text_of(part.get("text")) for part in parts if isinstance(part, dict)])


def _object(text: str) -> "dict[str, Any] | None":
    try:
        value = json.loads(text)
    except (ValueError, RuntimeError):  # RuntimeError: nested deeper than can be followed
        return None
    return value if isinstance(value, dict) else None
