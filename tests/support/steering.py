"""The contract's gateway, steered from a test that may run in another process or in a browser.

Its commands are what `tests.support.everywhere.contract.Contract` sends, its answers are steps.
"""

import asyncio
from typing import Any

from tests.support import charge_headers
from tests.support import contract_gateway as books
from tests.support.asgi_transport import Message
from tests.support.contract_gateway import ContractGateway, Exchanged, Receive, Send
from tollbridge.wire import Balance

Steps = list[list[Any]]

_SAYS = {
    "exact": charge_headers.exact,
    "type_only": charge_headers.type_only,
    "untold": charge_headers.untold,
}


class SteeredGateway:
    """An ASGI app: a `ContractGateway` whose answers are given as steps.

    Over a socket an answer in JSON, and one to a preflight, closes its connection, because a
    browser sends again by itself what it lost on a connection that was used before, and a test
    could not tell who did it.
    """

    def __init__(self) -> None:
        """Start without users; it answers as the contract says."""
        self._gateway = ContractGateway()
        self._gateway.script = self._script_of([["end", b'{"hello": "world"}'.hex()]])
        self._events: dict[str, asyncio.Event] = {}
        self._went_wrong: list[str] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            await self._gateway(scope, receive, send)
        except Exception as error:
            self._went_wrong.append(f"{scope['path']}: {error!r}")
            raise

    async def steer(self, command: str, args: list[Any]) -> Any:
        """Carry out a command, and return what JSON can carry."""
        return await getattr(self, f"_{command}")(*args)

    async def _answers(self, endpoint: str, answers: list[Steps]) -> None:
        known = getattr(self._gateway, f"_{endpoint.replace('-', '_')}", Exchanged.not_found)
        left = list(answers)

        async def script(call: Exchanged) -> None:
            steps = left.pop(0) if len(left) > 1 else left[0]
            if steps == [["usual"]]:
                await known(call)
            else:
                await self._script_of(steps)(call)

        self._gateway.answers[endpoint] = script

    async def _goes_on(self, steps: Steps) -> None:
        self._gateway.script = self._script_of(steps)

    async def _says_of_charges(self, headers: list[Any]) -> None:
        left = list(headers)

        def charge_headers(row: Balance) -> dict[str, str]:
            said = left.pop(0) if len(left) > 1 else left[0]
            return _SAYS[said](row) if isinstance(said, str) else said

        self._gateway.charge_headers = charge_headers

    async def _requests_to(self, endpoint: str) -> list[dict[str, Any]]:
        seen = self._gateway.requests_to(endpoint) if endpoint else self._gateway.seen
        return [_told(call) for call in seen]

    async def _until(self, endpoint: str, times: int) -> None:
        await self._gateway.until(endpoint, times)

    async def _until_left(self, number: int, endpoint: str) -> None:
        await self._gateway.until(endpoint, number + 1)
        await self._gateway.requests_to(endpoint)[number].left.wait()

    async def _hold(self, endpoint: str) -> None:
        self._gateway.held[endpoint] = asyncio.Event()

    async def _release(self, endpoint: str) -> None:
        self._gateway.held[endpoint].set()

    async def _go_on(self, name: str) -> None:
        self._event(name).set()

    async def _change(self, user: str, by: int) -> None:
        self._gateway.change(user, by)

    async def _give(self, user: str, *balance: Any) -> None:
        self._gateway.balances.setdefault(user, []).append(Balance(*balance))

    async def _forgets_versions(self) -> None:
        self._gateway.versions = False

    async def _expire_access(self) -> None:
        self._gateway.expire_access()

    async def _end_sessions(self) -> None:
        self._gateway.refresh.clear()

    async def _failures(self) -> list[str]:
        return self._went_wrong

    def _event(self, name: str) -> asyncio.Event:
        return self._events.setdefault(name, asyncio.Event())

    def _script_of(self, steps: Steps) -> books.Script:
        async def script(call: Exchanged) -> None:
            for name, *args in steps:
                await self._take(call, name, args)

        return script

    async def _take(self, call: Exchanged, name: str, args: list[Any]) -> None:
        """Take one step of an answer."""
        match name, args:
            case "json", [body, status, headers]:
                await call.json(body, status, **headers)
            case "refuse", [code, message, status]:
                await call.refuse(code, message, status)
            case "start", [status, headers]:
                await call.start(status, headers)
            case "send", [chunk, times]:
                for _ in range(times):
                    await call.send(bytes.fromhex(chunk))
            case "end", [chunk]:
                await call.end(bytes.fromhex(chunk))
            case "echo", []:
                await call.end(call.body)
            case "wait_for", [event]:
                await self._event(event).wait()
            case "until_left", [chunk]:
                await _until_left(call, bytes.fromhex(chunk))
            case "change", [by]:
                self._gateway.change(self._gateway.user_of(call) or "", by)
            case "hang_up", []:
                await call.hang_up()
            case _:
                raise ValueError(f"there is no step {name!r} with {args!r}")


async def _until_left(call: Exchanged, chunk: bytes) -> None:
    leaving = asyncio.create_task(call.until_left())
    while chunk and not call.left.is_set():
        await call.send(chunk)
        await asyncio.sleep(0)  # after the leave `send` returns at once, and `leaving` needs a turn
    await leaving


def _told(call: Exchanged) -> dict[str, Any]:
    return {
        "method": call.method,
        "address": call.address,
        "query": call.query,
        "headers": call.headers,
        "body": call.body.hex(),
    }
