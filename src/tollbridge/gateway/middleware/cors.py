"""CORS and the request's id, on every answer: errors and streams included.

Preflights are answered here, before any look-up: origin and headers are reflected, since a
paywall's own list of origins is enforced on the request itself and there are no cookies.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tollbridge.gateway.observing.observer import PREFLIGHT
from tollbridge.gateway.observing.record import RECORD
from tollbridge.wire.headers import EXPOSED, REQUEST_ID

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_EXPOSE = (b"access-control-expose-headers", ", ".join(EXPOSED).encode())
# Also where no origin was sent: a cache would hand that answer to pages, which could not read it.
_VARY = (b"vary", b"origin")
# What Chromium caps the life of a preflight's answer at.
_MAX_AGE_S = b"7200"
_METHODS = b"GET, POST"


def cors(app: App) -> App:
    """Wrap an app so that every answer carries the request's id and CORS headers."""

    async def with_cors(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        origin, wanted = _asked(scope["headers"])
        record = scope[RECORD]
        request_id = record.request_id
        if scope["method"] == "OPTIONS" and wanted is not None:
            record.route = PREFLIGHT
            await _answer_preflight(send, request_id, origin, wanted)
            return
        added = [(REQUEST_ID.encode(), request_id.encode()), _VARY]
        if origin is not None:
            added += [(b"access-control-allow-origin", origin), _EXPOSE]

        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *added]
            return send(message)  # not awaited here: each part of a stream passes through

        await app(scope, receive, send_with_headers)

    return with_cors


def _asked(headers: list[tuple[bytes, bytes]]) -> tuple[bytes | None, bytes | None]:
    origin = wanted = None
    for name, value in headers:
        if name == b"origin":
            origin = value
        elif name == b"access-control-request-headers":
            wanted = value
        elif name == b"access-control-request-method" and wanted is None:
            wanted = b""
    return origin, wanted


async def _answer_preflight(
    send: Send, request_id: str, origin: bytes | None, wanted: bytes
) -> None:
    headers = [
        (REQUEST_ID.encode(), request_id.encode()),
        (b"access-control-allow-origin", origin or b"*"),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-max-age", _MAX_AGE_S),
        (b"vary", b"origin, access-control-request-headers"),
    ]
    if wanted:
        headers.append((b"access-control-allow-headers", wanted))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
