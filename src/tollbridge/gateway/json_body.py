"""JSON bodies of the gateway's own endpoints: read with a limit, answered without being stored."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.errors import Refusal

# The largest body of our own endpoints is a few hundred bytes.
BODY_BYTES_MAX = 64 * 1024
# They are open to everybody, and a phone that is between two cells is back by then.
BODY_S = 15
# Ids, e-mail addresses and tokens of ours are all shorter.
TEXT_CHARS_MAX = 512


async def read_json(request: Request, *, patience_s: float = BODY_S) -> dict[str, Any]:
    """Read a request's JSON object, for `patience_s` in all; an empty body is an empty object.

    Raises:
        Refusal: `body_too_large` above 64 KiB (the rest is not read), `upload_timeout`, or
            `invalid_request` where it is not a JSON object.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(patience_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise Refusal(
                        "body_too_large", f"A body has at most {BODY_BYTES_MAX} bytes here."
                    )
    except TimeoutError:
        raise Refusal("upload_timeout", "The request's body took too long to arrive.") from None
    if not body:
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal("invalid_request", "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise Refusal("invalid_request", "The body is not a JSON object.")
    return value


def read_text(body: Mapping[str, Any], name: str) -> str | None:
    """Return a text field of a body; None where it is missing, null or empty.

    Raises:
        Refusal: `invalid_request` where it is something else, longer than any of ours, or holds
            the character NUL, which is in no text and which not every store takes.
    """
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > TEXT_CHARS_MAX:
        raise Refusal(
            "invalid_request", f"{name!r} must be a text of at most {TEXT_CHARS_MAX} characters."
        )
    if "\0" in value:
        raise Refusal("invalid_request", f"{name!r} must not hold the character NUL.")
    return value


def answer_json(body: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a 200 with a JSON body that no cache keeps."""
    return Response(
        orjson.dumps(body),
        media_type="application/json",
        headers={"cache-control": "no-store", **(headers or {})},
    )
