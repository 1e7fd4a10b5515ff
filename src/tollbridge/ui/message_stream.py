"""Reads a message of Anthropic's API while it arrives; see `chat_stream.py`. Pure.

Source: Anthropic's reference of streaming messages (event names, `stop_reason`, `usage`).
"""

from tollbridge.ui.chat_stream import AnswerReader, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MessageReader(AnswerReader):
    """Reads an Anthropic message. Thinking and tool calls are not words, and pass."""

    def _words(self, event: "dict[str, Any]") -> str:
        kind = event.get("type")
        if kind == "content_block_delta":
            delta = event.get("delta")
            if isinstance(delta, dict) and delta.get("type") == "text_delta":
                return text_of(delta.get("text"))
        elif kind == "message_start":
            message = event.get("message")
            if isinstance(message, dict):
                self._count(message.get("usage"), "input_tokens", "output_tokens")
        elif kind == "message_delta":
            self._count(event.get("usage"), "input_tokens", "output_tokens")
            delta = event.get("delta")
            reason = delta.get("stop_reason") if isinstance(delta, dict) else None
            self.cut_short = reason in ("max_tokens", "model_context_window_exceeded")
            self.refused = reason == "refusal"
        elif kind == "message_stop":
            self.ended = True
        return ""
