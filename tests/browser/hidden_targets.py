"""What Playwright shows of no extension: its offscreen document, and the worker in that."""

import asyncio
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

# Has Chromium answer on a port of its choice, too, and write into this file which.
FLAG = "--remote-debugging-port=0"
_PORT_FILE = "DevToolsActivePort"
_LISTENED = ("Runtime.enable", "Log.enable", "Network.enable")


class HiddenTargets:
    """Listens to every target of a browser, also to those that others have made.

    Attributes:
        requests: Every address that one of them asked for, in order.
        complaints: Errors and warnings that they wrote to their consoles.
        alive: Target id → what it is, with its `type` and `url`.
    """

    def __init__(self, line: aiohttp.ClientWebSocketResponse) -> None:
        """Take a line to the browser."""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.alive: dict[str, dict[str, Any]] = {}
        self._line = line
        self._ids = count(1)
        self._sessions: dict[str, str] = {}
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Event()

    @classmethod
    async def listen(cls, profile: Path, session: aiohttp.ClientSession) -> "HiddenTargets":
        """Begin to listen to the browser that runs in a profile."""
        port, path = (profile / _PORT_FILE).read_text().splitlines()
        line = await session.ws_connect(f"ws://127.0.0.1:{port}{path}", max_msg_size=0)
        targets = cls(line)
        targets._reading = asyncio.create_task(targets._read())
        await targets._attach_below(None)
        return targets

    async def until(self, kind: str) -> str:
        """Wait until there is a target of a kind, and return its id."""
        while not (found := [i for i in self.alive if self.alive[i]["type"] == kind]):
            await self._change()
        return found[0]

    async def close(self) -> None:
        """Listen no more."""
        self._reading.cancel()
        await self._line.close()

    async def _attach_below(self, session: str | None) -> None:
        how = {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": True}
        await self._send("Target.setAutoAttach", how, session)

    async def _send(self, method: str, params: Any = None, session: str | None = None) -> Any:
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params or {}}
        await self._line.send_json(message | ({"sessionId": session} if session else {}))
        return await answer

    async def _read(self) -> None:
        following: set[asyncio.Task[None]] = set()
        async for frame in self._line:
            message = json.loads(frame.data)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message.get("result"))
            elif message["method"] == "Target.attachedToTarget":
                params = message["params"]
                self.alive[params["targetInfo"]["targetId"]] = params["targetInfo"]
                self._sessions[params["sessionId"]] = params["targetInfo"]["targetId"]
                following.add(asyncio.create_task(self._follow(params["sessionId"])))
            elif message["method"] == "Target.detachedFromTarget":
                self.alive.pop(self._sessions.pop(message["params"]["sessionId"]), None)
            else:
                self._heard(message["method"], message["params"])
            self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _follow(self, session: str) -> None:
        await self._attach_below(session)
        for method in _LISTENED:
            await self._send(method, session=session)

    def _heard(self, method: str, params: dict[str, Any]) -> None:
        hear: dict[str, Callable[[dict[str, Any]], None]] = {
            "Network.requestWillBeSent": lambda p: self.requests.append(p["request"]["url"]),
            "Runtime.exceptionThrown": lambda p: self.complaints.append(_thrown(p)),
            "Runtime.consoleAPICalled": self._console,
            "Log.entryAdded": self._logged,
        }
        hear.get(method, lambda params: None)(params)

    def _console(self, params: dict[str, Any]) -> None:
        if params["type"] in ("error", "warning", "assert"):
            said = [str(one.get("value", one.get("description", ""))) for one in params["args"]]
            self.complaints.append(" ".join(said))

    def _logged(self, params: dict[str, Any]) -> None:
        if params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])


def _thrown(params: dict[str, Any]) -> str:
    details = params["exceptionDetails"]
    return str(details.get("exception", {}).get("description", details["text"]))
