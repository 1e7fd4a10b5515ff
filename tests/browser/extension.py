"""The extension in a Chromium of its own, as a person and as Chrome treat it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import BrowserContext, Playwright, expect

from building.chromium import FLAGS
from tests.browser.conftest import PYTHON_UP_MS, Tab
from tests.browser.hidden_targets import FLAG, HiddenTargets
from tests.browser.spa import Spa

# As wide as the popup makes itself.
POPUP = {"width": 400, "height": 600}
# Speaks the protocol of the views by hand: `raw.ask(kind, params)`, `raw.heard`.
_RAW = """() => {
  const port = chrome.runtime.connect({ name: "popup" });
  const waiting = new Map();
  let last = 0;
  globalThis.raw = {
    heard: [],
    ask(kind, params = {}) {
      const request = ++last;
      port.postMessage(JSON.stringify({ request, kind, params }));
      return new Promise((resolve) => waiting.set(request, resolve));
    },
    say: (text) => port.postMessage(text),
    close: () => port.disconnect(),
  };
  return new Promise((resolve) => port.onMessage.addListener((text) => {
    const message = JSON.parse(text);
    if (message.response) waiting.get(message.response)(message);
    else raw.heard.push(text);
    if (message.event === "welcome") resolve();
  }));
}"""

_UNTIL_BADGE = """async (text) => {
  while ((await chrome.action.getBadgeText({})) !== text) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}"""


class View(Spa):
    """Popup or side panel, in a tab."""

    def __init__(self, tab: Tab) -> None:
        """Name its parts."""
        super().__init__(tab.page)
        self.tab = tab

    async def up(self) -> None:
        """Wait until it shows what the hidden half says."""
        await self.page.wait_for_selector("html[data-state=ready]", timeout=PYTHON_UP_MS)

    async def left(self) -> int:
        """How many credits the counter shows."""
        await expect(self.counter).to_contain_text("left")
        return int((await self.counter.inner_text()).split()[0])

    async def speak(self) -> None:
        """Open a line of the test's own, and wait until it was welcomed."""
        await self.page.evaluate(_RAW)

    async def request(self, kind: str, **params: Any) -> Any:
        """Ask over that line; returns the response."""
        return await self.page.evaluate("([k, p]) => raw.ask(k, p)", [kind, params])


class Extension:
    """A browser with the extension in it.

    Attributes:
        id: What Chrome calls it.
        hidden: What Playwright does not show of it.
    """

    def __init__(self, context: BrowserContext, hidden: HiddenTargets, id: str) -> None:
        """Take the running parts."""
        self.id = id
        self.hidden = hidden
        self._context = context
        self._views: list[View] = []

    async def open(self, place: str) -> View:
        """Open a view; it is shown, and not yet up."""
        tab = Tab(await self._context.new_page())
        tab.page.set_default_timeout(PYTHON_UP_MS)
        tab.watch()
        await tab.page.goto(f"chrome-extension://{self.id}/{place}.html")
        self._views.append(View(tab))
        return self._views[-1]

    async def close_views(self) -> None:
        """Close every view that is open."""
        while self._views:
            page = self._views.pop().page
            if not page.is_closed():
                await page.close()

    async def end_service_worker(self, view: View) -> None:
        """End it, as Chrome does when it has been idle."""
        session = await self._context.new_cdp_session(view.page)
        stopped = asyncio.Event()

        def updated(event: dict[str, Any]) -> None:
            if any(one["runningStatus"] == "stopped" for one in event["versions"]):
                stopped.set()

        await session.send("ServiceWorker.enable")
        session.on("ServiceWorker.workerVersionUpdated", updated)
        await session.send("ServiceWorker.stopAllWorkers")
        await stopped.wait()
        await session.detach()

    async def badge_is(self, view: View, text: str) -> None:
        """Wait until this stands on the icon; it is written by whoever has to be woken first."""
        await view.page.evaluate(_UNTIL_BADGE, text)

    async def user_id(self, view: View) -> str:
        """Who is signed in."""
        kept = await view.page.evaluate("chrome.storage.local.get()")
        texts = [text for text in kept.values() if text.startswith("{")]
        found: str = next(user["id"] for text in texts if (user := json.loads(text).get("user")))
        return found


@asynccontextmanager
async def running(
    playwright: Playwright, program: str, folder: Path, profile: Path
) -> AsyncIterator[Extension]:
    """Run Chromium with the extension in `folder`, until it is left."""
    only = [f"--disable-extensions-except={folder}", f"--load-extension={folder}"]
    context = await playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=program,
        headless=False,  # Playwright's way to be headless knows no extensions; Chromium's does
        args=[*FLAGS, "--headless=new", FLAG, *only],
        ignore_default_args=["--disable-extensions"],
        viewport=POPUP,  # type: ignore[arg-type]
    )
    async with aiohttp.ClientSession() as session:
        hidden = await HiddenTargets.listen(profile, session)
        await hidden.until("service_worker")
        url = next(one["url"] for one in hidden.alive.values() if one["type"] == "service_worker")
        try:
            yield Extension(context, hidden, re.split("/+", url)[1])
        finally:
            await hidden.close()
            await context.close()
