"""The outermost: gives each request its record, fills in what passes, hands it over at the end."""

from tollbridge.gateway.middleware.cors import App, Message, Receive, Scope, Send
from tollbridge.gateway.observing.observer import Observer
from tollbridge.gateway.observing.record import RECORD
from tollbridge.wire.headers import SERVER_TIMING

_SERVER_TIMING = SERVER_TIMING.encode()


def observed(app: App, observer: Observer) -> App:
    """Wrap an app so that `observer` learns of every request, and every answer tells its times."""

    async def with_record(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        record = scope[RECORD] = observer.begin(scope["method"])

        async def counted_receive() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                record.bytes_in += len(message.get("body", b""))
            return message

        async def noted_send(message: Message) -> None:
            if message["type"] == "http.response.body":
                record.bytes_out += len(message.get("body", b""))
            elif message["type"] == "http.response.start":
                record.status = message["status"]
                timing = (_SERVER_TIMING, record.server_timing())
                message["headers"] = [*message.get("headers", ()), timing]
            await send(message)

        try:
            await app(scope, counted_receive, noted_send)
        finally:
            observer.end(record, scope)

    return with_record
