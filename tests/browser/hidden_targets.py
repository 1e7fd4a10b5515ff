"""What Playwright shows of no extension: its offscreen document and the worker in it."""

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any

from playwright.async_api import BrowserContext, CDPSession

_KINDS = ("background_page", "other", "service_worker", "worker")


class HiddenTargets:
    """Listens to every target of a browser that no page is; the browser says when there is one.

    Attributes:
        requests: Every address that one of them asked for.
        complaints: Errors and warnings that they wrote to their consoles.
    """

    def __init__(self, session: CDPSession) -> None:
        """Take a session of the browser's own."""
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._session = session
        self._ids = count(1)
        self._attached: dict[str, str] = {}
        self._answers: dict[tuple[str, int], asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        session.on("Target.targetCreated", self._created)
        session.on("Target.receivedMessageFromTarget", self._received)

    @classmethod
    async def of(cls, context: BrowserContext) -> "HiddenTargets":
        """Begin to listen."""
        assert context.browser is not None
        targets = cls(await context.browser.new_browser_cdp_session())
        await targets._session.send("Target.setDiscoverTargets", {"discover": True})
        return targets

    async def found(self, kind: str) -> list[dict[str, Any]]:
        """The targets of a kind that there are now."""
        infos = (await self._session.send("Target.getTargets"))["targetInfos"]
        return [info for info in infos if info["type"] == kind]

    async def close(self, target_id: str) -> None:
        """End a target, as Chrome may at any time."""
        await self._session.send("Target.closeTarget", {"targetId": target_id})

    async def evaluate(self, target_id: str, expression: str) -> Any:
        """Evaluate in a target, awaiting a promise."""
        params = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = await self._send(self._attached[target_id], "Runtime.evaluate", params)
        return answer["result"].get("value")

    def _created(self, event: dict[str, Any]) -> None:
        info = event["targetInfo"]
        if info["type"] in _KINDS and info["targetId"] not in self._attached:
            self._attached[info["targetId"]] = ""
            self._start(self._attach(info["targetId"]))

    async def _attach(self, target_id: str) -> None:
        params = {"targetId": target_id, "flatten": False}
        session = (await self._session.send("Target.attachToTarget", params))["sessionId"]
        self._attached[target_id] = session
        for method in ("Runtime.enable", "Log.enable", "Network.enable", "Runtime.runIfWaitingForDebugger"):
            await self._send(session, method)

    async def _send(self, session: str, method: str, params: Any = None) -> Any:
        number = next(self._ids)
        answer = self._answers[session, number] = asyncio.get_running_loop().create_future()
        message = json.dumps({"id": number, "method": method, "params": params or {}})
        await self._session.send(
            "Target.sendMessageToTarget", {"sessionId": session, "message": message}
        )
        return await answer

    def _received(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        answer = self._answers.pop((event["sessionId"], message.get("id", 0)), None)
        if answer is not None:
            answer.set_result(message.get("result"))
            return
        told: dict[str, Callable[[dict[str, Any]], None]] = {
            "Network.requestWillBeSent": lambda p: self.requests.append(p["request"]["url"]),
            "Runtime.exceptionThrown": lambda p: self.complaints.append(_thrown(p)),
            "Runtime.consoleAPICalled": self._console,
            "Log.entryAdded": self._logged,
        }
        told.get(message.get("method", ""), lambda params: None)(message.get("params", {}))

    def _console(self, params: dict[str, Any]) -> None:
        if params["type"] in ("error", "warning", "assert"):
            said = [str(one.get("value", one.get("description", ""))) for one in params["args"]]
            self.complaints.append(" ".join(said))

    def _logged(self, params: dict[str, Any]) -> None:
        if params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _thrown(params: dict[str, Any]) -> str:
    details = params["exceptionDetails"]
    return str(details.get("exception", {}).get("description", details["text"]))
