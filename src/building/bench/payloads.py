"""What goes over the wire in every measurement: one question, two answers. No I/O here.

The shapes are those of chat completions, because some peers understand nothing else.
"""

import json
from collections.abc import Callable

# How many events a stream has, and how long each is: a model's few hundred tokens.
EVENTS = 200
EVENT_BYTES = 229
ANSWER_BYTES = 1024
MODEL = "bench"

QUESTION = json.dumps(
    {"model": MODEL, "messages": [{"role": "user", "content": "What does a bridge cost?"}]}
).encode()
STREAM_QUESTION = json.dumps({**json.loads(QUESTION), "stream": True}).encode()


def answer() -> bytes:
    """A whole answer of `ANSWER_BYTES`."""
    return _filled(
        lambda filling: json.dumps(
            {
                "id": "chatcmpl-bench",
                "object": "chat.completion",
                "created": 1_700_000_000,
                "model": MODEL,
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": filling},
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 9, "completion_tokens": 200, "total_tokens": 209},
            }
        ).encode(),
        ANSWER_BYTES,
    )


def events() -> list[bytes]:
    """The `EVENTS` events of a stream, each of `EVENT_BYTES`, no two alike, and the end mark.

    One peer takes a hundred equal events for a model in a loop and ends the stream.
    """
    return [*(_event(number) for number in range(EVENTS)), b"data: [DONE]\n\n"]


def _event(number: int) -> bytes:
    return _filled(
        lambda filling: (
            b"data: "
            + json.dumps(
                {
                    "id": "chatcmpl-bench",
                    "object": "chat.completion.chunk",
                    "created": 1_700_000_000,
                    "model": MODEL,
                    "choices": [
                        {
                            "index": 0,
                            "delta": {"content": f"{number:03} {filling}"},
                            "finish_reason": "stop" if number == EVENTS - 1 else None,
                        }
                    ],
                }
            ).encode()
            + b"\n\n"
        ),
        EVENT_BYTES,
    )


def _filled(make: Callable[[str], bytes], size: int) -> bytes:
    lacking = size - len(make(""))
    if lacking < 0:
        raise ValueError(f"it is already longer than {size} bytes")
    return make("x" * lacking)
