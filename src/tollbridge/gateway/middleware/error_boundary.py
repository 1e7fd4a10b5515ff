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
from tollbridge.gateway.middleware.cors import App, Receive, Scope, Send
from tollbridge.gateway.observing.record import RECORD, RequestRecord
from tollbridge.wire.headers import ERROR_SOURCE, FROM_GATEWAY

log = logging.getLogger(__name__)


def error_boundary(app: App) -> App:
    """Wrap an app so that whatever it raises becomes an answer, or a connection broken off."""

    async def with_boundary(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        record = scope[RECORD]
        try:
            await app(scope, receive, send)
        except (PageLeft, ClientDisconnect):
            return
        except BrokenOff:
            log.info("%s: the answer was broken off", record.request_id)
        except asyncio.CancelledError:  # the server shuts down and has waited long enough
            await _refuse(send, _stopping(), record)
            raise
        except Exception as error:
            await _refuse(send, _refusal_for(error, record.request_id), record)

    return with_boundary


async def _refuse(send: Send, refusal: Refusal, record: RequestRecord) -> None:
    """Note a refusal, and answer with it unless an answer has begun."""
    record.error = refusal.code
    reason = (refusal.details or {}).get("reason")
    if isinstance(reason, str):
        record.reason = reason
    if record.status == 0:
        await _answer(send, refusal, record.request_id)


def _refusal_for(error: Exception, request_id: str) -> Refusal:
    if isinstance(error, Refusal):
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
