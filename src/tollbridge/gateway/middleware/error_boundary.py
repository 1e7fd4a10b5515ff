"""The one place that catches everything: listed refusals speak, the rest is `internal_error`.

After the first byte of an answer nothing is invented any more: the app returns without finishing
it, and the server closes the connection, so that it cannot look like an end.
"""

import asyncio
import logging

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tollbridge.gateway.database import StoreUnavailable
from tollbridge.gateway.errors import BrokenOff, PageLeft, Refusal
from tollbridge.gateway.middleware.cors import App, Message, Receive, Scope, Send
from tollbridge.wire.headers import ERROR_SOURCE, FROM_GATEWAY

log = logging.getLogger(__name__)


def error_boundary(app: App) -> App:
    """Wrap an app so that whatever it raises becomes an answer, or a connection broken off."""

    async def with_boundary(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        request_id = scope["tollbridge.request_id"]
        try:
            await app(scope, receive, watched_send)
        except (PageLeft, ClientDisconnect):
            return
        except BrokenOff:
            log.info("%s: the answer was broken off", request_id)
        except asyncio.CancelledError:  # the server shuts down and has waited long enough
            if not started:
                await _answer(send, _stopping(), request_id)
            raise
        except Exception as error:
            refusal = _refusal_for(error, request_id)
            if not started:
                await _answer(send, refusal, request_id)

    return with_boundary


def _refusal_for(error: Exception, request_id: str) -> Refusal:
    if isinstance(error, Refusal):
        log.info("%s: %s", request_id, error.code)
        return error
    if isinstance(error, StoreUnavailable):
        log.error("%s: the store is unavailable: %s", request_id, error)
        return Refusal(
            "ledger_unavailable",
            "The gateway's store is unavailable just now. Try again shortly.",
            headers={"retry-after": "1"},
        )
    if isinstance(error, HTTPException):  # the router's, for a path or method it does not have
        code = "method_not_allowed" if error.status_code == 405 else "not_found"
        return Refusal(code, error.detail + ".", headers=dict(error.headers or {}))
    log.error("%s: internal error", request_id, exc_info=error)
    return Refusal("internal_error", f"Something went wrong here; it is logged as {request_id}.")


def _stopping() -> Refusal:
    return Refusal(
        "busy", "The gateway is stopping; try again shortly.", headers={"retry-after": "1"}
    )


async def _answer(send: Send, refusal: Refusal, request_id: str) -> None:
    body = orjson.dumps(refusal.body(request_id))
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        ERROR_SOURCE: FROM_GATEWAY,
        **refusal.headers,
    }
    await send(
        {
            "type": "http.response.start",
            "status": refusal.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
