"""Gateways for tests that run elsewhere: each on a port of its own, and one port to steer them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.support.asgi_transport import Message
from tests.support.contract_gateway import Receive, Send
from tests.support.loopback import listen, origin_of, serving
from tests.support.steering import SteeredGateway


class Steered(NamedTuple):
    """Where a gateway answers, and where it is steered; no request of one reaches another."""

    origin: str
    steering: str


class _Gateways:
    """An ASGI app: a gateway on every port, and what steers them on one port more.

    A request to steer is POST /{port} with [command, arguments] as text that holds JSON, so that a
    browser asks for no permission first.
    """

    hangs_up = True

    def __init__(self, ports: list[int], steering_port: int) -> None:
        self._gateways = {port: SteeredGateway() for port in ports}
        self._steering_port = steering_port

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        port = scope["server"][1]
        if port != self._steering_port:
            await self._gateways[port](scope, receive, send)
            return
        command, args = json.loads(await _body(receive))
        gateway = self._gateways[int(scope["path"].strip("/"))]
        try:
            status, answer = 200, await _unless_left(gateway.steer(command, args), receive)
        except Exception as error:
            status, answer = 500, repr(error)
        headers = [(b"access-control-allow-origin", b"*")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


@asynccontextmanager
async def steered_gateways(count: int) -> AsyncIterator[list[Steered]]:
    """Serve so many gateways until it is left."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(listen()) for _ in range(count + 1)]
        steering = listeners.pop()
        ports = [listener.getsockname()[1] for listener in listeners]
        app = _Gateways(ports, steering.getsockname()[1])
        async with serving(app, [*listeners, steering]):
            yield [
                Steered(origin_of(listener), f"{origin_of(steering)}/{port}")
                for listener, port in zip(listeners, ports, strict=True)
            ]


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return body


async def _unless_left(work: object, receive: Receive) -> object:
    """Return what a command returns; one that waits is given up when the test is gone."""
    doing = asyncio.ensure_future(work)  # type: ignore[arg-type]
    leaving = asyncio.ensure_future(receive())
    await asyncio.wait([doing, leaving], return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    if not doing.done():
        doing.cancel()
        return None
    return doing.result()
