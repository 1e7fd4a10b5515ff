"""Chromium, a gateway as a process of its own, and tabs that tell on what they load and say.

Fixtures and tests here share one event loop for the session (`loop_scope="session"`), because the
browser belongs to the loop that started it.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    async_playwright,
    expect,
)

from building.chromium import FLAGS, find_chromium, find_headless_shell
from building.site import build_site
from tests.browser.kept_files import KeptFiles
from tests.browser.widget import Host, hosting

# Pyodide compiles its standard library at every start, and CI's two cores may be busy.
PYTHON_UP_MS = 60_000
# What is to be seen is there at once; a browser that shares two cores with three more is late.
SHOWN_MS = 30_000
expect.set_options(timeout=SHOWN_MS)
GATEWAY_STOPS_S = 10
# What Playwright says in place of a service worker.
NO_WORKERS = "Service Worker registration blocked by Playwright"
PROGRAM = Path(sys.executable).with_name("tollbridge")
# What the gateway is told is what the tests tell it; it refuses a setting that it does not know.
ENVIRONMENT = {
    name: text for name, text in os.environ.items() if not name.startswith("TOLLBRIDGE_")
}


@dataclass
class Gateway:
    """A running `tollbridge serve --demo`.

    Attributes:
        url: Where it answers, and serves the page.
        data_dir: Its database.
        demo_url: The demo provider's own address.
        key: The owner's, once there is one.
    """

    url: str
    data_dir: Path
    demo_url: str = ""
    key: str = ""

    async def run(self, *words: str, **environment: str) -> str:
        """Run the command line tool, whose first word is left out, and return what it printed."""
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            *words,
            env=ENVIRONMENT | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def json(self, *words: str, **environment: str) -> Any:
        """Run the tool with `--json` on this gateway's data."""
        words = (*words, "--json", "--data-dir", str(self.data_dir))
        return json.loads(await self.run(*words, **environment))

    async def newest_request(self, model: str) -> dict[str, Any]:
        """What the demo provider tells of the last request for `model`."""
        async with aiohttp.request("GET", f"{self.demo_url}/v1/requests") as answer:
            requests = (await answer.json())["requests"]
        newest: dict[str, Any] = [r for r in requests if r["model"] == model][-1]
        return newest

    async def ended_request(self, model: str) -> dict[str, Any]:
        """The same, once it is over; asks until then."""
        while (newest := await self.newest_request(model))["state"] == "running":
            pass
        return newest

    async def debit(self, user_id: str, amount: int) -> None:
        """Take credits from a visitor, as the owner's server may."""
        self.key = self.key or (await self.json("key", "create", "--paywall", "pw_demo"))["key"]
        async with aiohttp.request(
            "POST",
            f"{self.url}/api/v1/paywall/pw_demo/balances",
            headers={"x-api-key": self.key},
            json={"user_id": user_id, "type": "standard", "amount": amount, "op": "debit"},
        ) as answer:
            assert answer.status == 200, await answer.text()


@dataclass
class Tab:
    """A tab of a visitor who was never here before.

    Attributes:
        page: Playwright's page.
        origins: Every origin that the page asked for anything.
        complaints: Errors and policy violations that the browser wrote to its console.
    """

    page: Page
    origins: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Listen from the first request on."""
        self.page.on("request", lambda request: self.origins.add(origin_of(request.url)))
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and message.text != NO_WORKERS:
            self.complaints.append(message.text)

    async def user_id(self) -> str:
        """Who the page signed in; the SDK keeps the session in `localStorage`."""
        kept = await self.page.evaluate("Object.values(localStorage)")
        users = [json.loads(text).get("user") for text in kept if text.startswith("{")]
        found: str = next(user["id"] for user in users if user)
        return found


OpenTab = Callable[..., Awaitable[Tab]]


def origin_of(url: str) -> str:
    """The origin of a URL; what the page makes by itself (`data:`, `blob:`) has none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


@pytest.fixture(scope="session")
def program() -> str:
    """Where Chromium is, or its headless shell."""
    return installed(find_headless_shell())


@pytest.fixture(scope="session")
def whole_program() -> str:
    """Where Chromium is: for what the shell does not have."""
    return installed(find_chromium())


def installed(found: str | None) -> str:
    """The path of a program that was looked for."""
    if found is None:
        pytest.fail("Chromium is not installed; `python3 build.py test` installs it")
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """What drives the browsers."""
    async with async_playwright() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(playwright: Playwright, program: str) -> AsyncIterator[Browser]:
    """The browser; each test takes a context of its own."""
    browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kept_files(
    playwright: Playwright, program: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[KeptFiles]:
    """Browsers that have been to the page before."""
    browsers = KeptFiles(playwright, program, tmp_path_factory.mktemp("browsers"))
    yield browsers
    await browsers.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as it is built for the gateway's own origin, from the sources as they are now."""
    out = tmp_path_factory.mktemp("site") / "site"
    build_site(out)
    return out


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway(site: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    """A gateway that serves the page and the demo, with a database of its own."""
    async with serving(site, tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def host(gateway: Gateway) -> AsyncIterator[Host]:
    """An origin of somebody else's, whose pages have the gateway's widget."""
    async with hosting(gateway.url) as running:
        yield running


@asynccontextmanager
async def serving(site: Path, data_dir: Path) -> AsyncIterator[Gateway]:
    """Run the gateway as a process until it is left."""
    words = ["serve", "--demo", "--port", "0", "--data-dir", str(data_dir)]
    environment = {
        **ENVIRONMENT,
        "TOLLBRIDGE_SITE_DIR": str(site),
        # Every test is a new visitor, and all of them share one gateway and its day.
        "TOLLBRIDGE_LIMIT_PAYWALL_TRIAL_CREDITS": "off",
    }
    process = await asyncio.create_subprocess_exec(
        PROGRAM, *words, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        said = (await process.stdout.readline()).decode()
        gateway = Gateway(said.split()[-1], data_dir)
        providers = (await gateway.json("provider", "list"))["providers"]
        gateway.demo_url = providers[0]["base_url"]
        yield gateway
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), GATEWAY_STOPS_S)
        except TimeoutError:
            process.kill()
            await process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(chromium: Browser, kept_files: KeptFiles) -> AsyncIterator[OpenTab]:
    """Opens tabs, each of another visitor, and closes them after the test.

    `open_tab(url, **context)` navigates to `url`; without one it stays empty, for a test that has
    something to prepare. `context` is what Playwright's `new_context` takes. With `cached=True` the
    page's files are at hand from an earlier test, and Python starts in half the time; that is for a
    test that asks nothing of the start itself, of the clock or of scripts in every page.
    """
    contexts: list[BrowserContext] = []
    lent: list[Page] = []

    async def open_tab(url: str = "", *, cached: bool = False, **context: Any) -> Tab:
        # What a test holds back or answers itself would otherwise be out of its reach.
        context = {"service_workers": "block"} | context
        page = await kept_files.lend(**context) if cached else None
        if page:
            lent.append(page)
        else:
            contexts.append(await chromium.new_context(**context))
            page = await contexts[-1].new_page()
        tab = Tab(page)
        tab.page.set_default_timeout(PYTHON_UP_MS)
        tab.watch()
        if url:
            await tab.page.goto(url)
        return tab

    yield open_tab
    for page in lent:
        await kept_files.give_back(page)
    for context in contexts:
        for page in context.pages:
            await page.unroute_all(behavior="ignoreErrors")  # some requests may be held back
        await context.close()
