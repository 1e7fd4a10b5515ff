"""Reads an answer of OpenAI's Responses API while it arrives; see `chat_stream.py`. Pure.

Source: OpenAI's reference of streaming responses (`response.output_text.delta`,
`response.completed`, `incomplete_details.reason`).
"""

from tollbridge.ui.chat_stream import AnswerReader, StreamFault, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ENDS = ("response.completed", "response.incomplete", "response.failed")


class OutputReader(AnswerReader):
    """Reads a response. What a model reasons and the calls of its tools are not words, and pass."""

    def _words(self, event: "dict[str, Any]") -> str:
        kind = event.get("type")
        if kind in ("response.output_text.delta", "response.refusal.delta"):
            self.refused = self.refused or kind == "response.refusal.delta"
            return text_of(event.get("delta"))
        if kind == "error":  # its message stands at the top
            raise StreamFault("provider_error", text_of(event.get("message")))
        if kind in _ENDS:
            response = event.get("response")
            self._end(response if isinstance(response, dict) else {})
        return ""

    def _end(self, response: "dict[str, Any]") -> None:
        self.ended = True
        self.raise_error(response)
        self._count(response.get("usage"), "input_tokens", "output_tokens")
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        self.cut_short = reason == "max_output_tokens"
        self.refused = self.refused or reason == "content_filter"
