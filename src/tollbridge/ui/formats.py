"""The formats of chat that providers speak: path, body, and the reader of what comes. Pure.

A provider's preset tells which; behind `http` the paths that it allows do.
"""

from tollbridge.ui.chat_stream import ChatReader
from tollbridge.ui.message_stream import MessageReader
from tollbridge.ui.output_stream import OutputReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tollbridge.ui.chat_stream import AnswerReader
    from tollbridge.wire import Provider

    Messages = list[dict[str, str]]


class Format:
    """One way to ask and to be answered.

    Attributes:
        name: As the page keeps it.
        path: The provider's path.
        reader: Makes the reader of one answer, an `AnswerReader`.
    """

    def __init__(
        self,
        name: str,
        path: str,
        *,
        reader: "Callable[[], AnswerReader]",
        body: "Callable[[str, Messages], dict[str, Any]]",
    ) -> None:
        """Make a format; `body(model, messages)` returns the members beside `stream`."""
        self.name = name
        self.path = path
        self.reader = reader
        self._body = body

    def body(self, model: str, messages: "Messages") -> "dict[str, Any]":
        """Return the request's body; a provider without models is not told one."""
        body = self._body(model, messages)
        body["stream"] = True
        if model:
            body["model"] = model
        return body


def _chat_body(model: str, messages: "Messages") -> "dict[str, Any]":
    return {"messages": messages}


def _counted_chat_body(model: str, messages: "Messages") -> "dict[str, Any]":
    # Not every compatible server knows `stream_options`; OpenAI's own does.
    return {"messages": messages, "stream_options": {"include_usage": True}}


def _output_body(model: str, messages: "Messages") -> "dict[str, Any]":
    return {"input": messages}


_CHAT_PATH = "v1/chat/completions"

CHAT = Format("chat", _CHAT_PATH, reader=ChatReader, body=_chat_body)
COUNTED_CHAT = Format("openai", _CHAT_PATH, reader=ChatReader, body=_counted_chat_body)
MESSAGES = Format("messages", "v1/messages", reader=MessageReader, body=_chat_body)
OUTPUT = Format("responses", "v1/responses", reader=OutputReader, body=_output_body)

_OF_PRESET = {
    "openai-chat": COUNTED_CHAT,
    "openai-compatible": CHAT,
    "anthropic-messages": MESSAGES,
    "openai-responses": OUTPUT,
}


def format_of(provider: "Provider") -> "Format | None":
    """Return how to chat with a provider; None where it is for something else."""
    known = _OF_PRESET.get(provider.preset)
    if known is not None or provider.preset != "http":
        return known
    for format in (CHAT, MESSAGES, OUTPUT):
        if any(_allows(rule, format.path) for rule in provider.allow):
            return format
    return None


def _allows(rule: str, path: str) -> bool:
    """Whether a rule such as `POST v1/things/*` allows posting to `path`."""
    method, _, pattern = rule.partition(" ")
    if method != "POST":
        return False
    wanted, given = pattern.strip("/").split("/"), path.split("/")
    if wanted[-1] == "*" and len(given) >= len(wanted):  # one or more segments
        wanted = wanted[:-1]
        given = given[: len(wanted)]
    return len(wanted) == len(given) and all(
        want in ("*", have) for want, have in zip(wanted, given)
    )
