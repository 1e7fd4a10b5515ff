"""The two APIs that the demo provider speaks: how an answer, its stream and an error look. No I/O.

Sources: OpenAI's reference of chat completions (stream chunks, `stream_options.include_usage`,
`[DONE]`) and Anthropic's of messages (event names and their order).
"""

from dataclasses import dataclass
from typing import Any, Protocol

import orjson

# Type and code by status.
_OPENAI_ERRORS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
}
# Type by status.
_ANTHROPIC_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an answer says about the request it belongs to.

    Attributes:
        created: Seconds since 1970.
        prompt_tokens: What the demo counts as such: words.
        shows_usage: The request asked for usage figures in the stream.
    """

    answer_id: str
    model: str
    created: int
    prompt_tokens: int
    shows_usage: bool


class Api(Protocol):
    """One API's shapes. Streams are an opening, pieces, and a closing; each is whole events."""

    def whole(self, exchange: Exchange, text: str, tokens: int, *, cut_short: bool) -> bytes:
        """Return the body of an answer that is not streamed."""
        ...

    def opening(self, exchange: Exchange) -> bytes:
        """Return the events before the first piece."""
        ...

    def piece(self, exchange: Exchange, text: str) -> bytes:
        """Return the event of one piece of text."""
        ...

    def closing(self, exchange: Exchange, tokens: int, *, cut_short: bool) -> bytes:
        """Return the events after the last piece."""
        ...

    def error(self, status: int, message: str) -> bytes:
        """Return the body of an error."""
        ...


class OpenAiChat:
    """`POST /v1/chat/completions`."""

    def whole(self, exchange: Exchange, text: str, tokens: int, *, cut_short: bool) -> bytes:
        """See `Api`."""
        message = {"role": "assistant", "content": text, "refusal": None}
        finish = "length" if cut_short else "stop"
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        body = self._head(exchange, "chat.completion")
        return orjson.dumps(body | {"choices": [choice], "usage": self._usage(exchange, tokens)})

    def opening(self, exchange: Exchange) -> bytes:
        """See `Api`."""
        return self._chunk(exchange, {"role": "assistant", "content": "", "refusal": None}, None)

    def piece(self, exchange: Exchange, text: str) -> bytes:
        """See `Api`."""
        return self._chunk(exchange, {"content": text}, None)

    def closing(self, exchange: Exchange, tokens: int, *, cut_short: bool) -> bytes:
        """See `Api`."""
        events = [self._chunk(exchange, {}, "length" if cut_short else "stop")]
        if exchange.shows_usage:
            body = self._head(exchange, "chat.completion.chunk")
            events.append(_event(body | {"choices": [], "usage": self._usage(exchange, tokens)}))
        return b"".join([*events, b"data: [DONE]\n\n"])

    def error(self, status: int, message: str) -> bytes:
        """See `Api`."""
        kind, code = _OPENAI_ERRORS[status]
        error = {"message": message, "type": kind, "param": None, "code": code}
        return orjson.dumps({"error": error})

    def _head(self, exchange: Exchange, kind: str) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{exchange.answer_id}",
            "object": kind,
            "created": exchange.created,
            "model": exchange.model,
            "service_tier": "default",
            "system_fingerprint": "fp_demo",
        }

    def _usage(self, exchange: Exchange, tokens: int) -> dict[str, int]:
        prompt = exchange.prompt_tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": tokens,
            "total_tokens": prompt + tokens,
        }

    def _chunk(self, exchange: Exchange, delta: dict[str, Any], finish: str | None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        body = self._head(exchange, "chat.completion.chunk") | {"choices": [choice]}
        return _event(body | {"usage": None} if exchange.shows_usage else body)


class AnthropicMessages:
    """`POST /v1/messages`."""

    def whole(self, exchange: Exchange, text: str, tokens: int, *, cut_short: bool) -> bytes:
        """See `Api`."""
        stop = "max_tokens" if cut_short else "end_turn"
        body = self._message(exchange, [{"type": "text", "text": text}], stop, tokens)
        return orjson.dumps(body)

    def opening(self, exchange: Exchange) -> bytes:
        """See `Api`."""
        block = {"type": "text", "text": ""}
        return b"".join(
            [
                self._event("message_start", {"message": self._message(exchange, [], None, 1)}),
                self._event("content_block_start", {"index": 0, "content_block": block}),
                self._event("ping", {}),
            ]
        )

    def piece(self, exchange: Exchange, text: str) -> bytes:
        """See `Api`."""
        delta = {"type": "text_delta", "text": text}
        return self._event("content_block_delta", {"index": 0, "delta": delta})

    def closing(self, exchange: Exchange, tokens: int, *, cut_short: bool) -> bytes:
        """See `Api`."""
        stop = {"stop_reason": "max_tokens" if cut_short else "end_turn", "stop_sequence": None}
        usage = {"output_tokens": tokens}
        return b"".join(
            [
                self._event("content_block_stop", {"index": 0}),
                self._event("message_delta", {"delta": stop, "usage": usage}),
                self._event("message_stop", {}),
            ]
        )

    def error(self, status: int, message: str) -> bytes:
        """See `Api`."""
        error = {"type": _ANTHROPIC_ERRORS[status], "message": message}
        return orjson.dumps({"type": "error", "error": error})

    def _message(
        self, exchange: Exchange, content: list[dict[str, str]], stop: str | None, tokens: int
    ) -> dict[str, Any]:
        return {
            "id": f"msg_{exchange.answer_id}",
            "type": "message",
            "role": "assistant",
            "model": exchange.model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": exchange.prompt_tokens, "output_tokens": tokens},
        }

    def _event(self, name: str, value: dict[str, Any]) -> bytes:
        return b"event: " + name.encode() + b"\n" + _event({"type": name} | value)


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"
