"""What a call carries: decided once, so that a replay sends the same bytes."""

import json
import math

from tollbridge.sdk import platform
from tollbridge.sdk.errors import ConfigError
from tollbridge.sdk.options import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Body:
    """The body of one call.

    Attributes:
        payload: What a transport sends: None, bytes, str, a JavaScript value, an async iterable.
        content_type: What it is, "" where the caller or the browser knows better.
        replayable: Whether the same bytes can be sent again.
        fixed_type: Whether `content_type` wins over the caller's: only the browser knows the
            boundary of a form.
    """

    __slots__ = ("content_type", "fixed_type", "payload", "replayable")

    def __init__(
        self,
        payload: "Any",
        *,
        content_type: str = "",
        replayable: bool = True,
        fixed_type: bool = False,
    ) -> None:
        """Make a body; see the class for the fields."""
        self.payload = payload
        self.content_type = content_type
        self.replayable = replayable
        self.fixed_type = fixed_type


async def prepare_body(value: "Any") -> Body:
    """Return the body that a value given to `call()` stands for.

    dict and list become JSON; str and bytes go as they are; in a page FormData, Blob, ArrayBuffer,
    Uint8Array and URLSearchParams go as they are, and a ReadableStream is read to its end first
    (a browser sends a stream over HTTP/2 only). On CPython an async iterable of bytes streams.

    Raises:
        ConfigError: `invalid_argument`: the value is none of these, or holds what JSON cannot.
        JsException: The ReadableStream failed while it was read.
    """
    if value is None or isinstance(value, (str, bytes)):
        return Body(value)
    if isinstance(value, (dict, list, tuple)):
        return Body(_json_bytes(value), content_type="application/json")
    if isinstance(value, (bytearray, memoryview)):
        return Body(bytes(value))  # a copy: the caller may write into his
    kind = platform.js_kind(value)
    if kind == "form":
        js_blob, content_type = await platform.freeze_js_body(value)
        return Body(js_blob, content_type=content_type, fixed_type=True)
    if kind == "stream":
        js_blob, content_type = await platform.freeze_js_body(value)
        return Body(js_blob, replayable=False)
    if kind in ("blob", "bytes", "text"):
        return Body(value)
    if not platform.HAS_JS and hasattr(value, "__aiter__"):
        return Body(value, replayable=False)
    raise ConfigError(
        "invalid_argument",
        f"body cannot be {show(value)}: give a dict or list (sent as JSON), str, bytes, or in a "
        "page FormData, Blob, ReadableStream",
    )


def _json_bytes(value: object) -> bytes:
    try:
        _check_json(value)
        return json.dumps(value).encode()
    except (TypeError, ValueError) as error:
        raise ConfigError("invalid_argument", f"body cannot be written as JSON: {error}")
    except RuntimeError:  # an interpreter follows a limited depth only
        raise ConfigError("invalid_argument", "body cannot be written as JSON: nested too deeply")


def _check_json(value: object) -> None:
    """Refuse what JSON has no form for; MicroPython would write how Python shows it.

    Raises:
        TypeError: There is no form for it.
        ValueError: A float is not a number of JSON's.
    """
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise TypeError(f"the key {show(name)} is no str")
            _check_json(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _check_json(item)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no number of JSON's")
    elif value is not None and not isinstance(value, (str, int, bool)):
        raise TypeError(f"there is no JSON for {show(value)}")
