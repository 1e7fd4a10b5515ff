"""Visits to a page: each by a browser of its own, without or with what an earlier one kept."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext, Page, Playwright

from building.bench.figures import CannotMeasure
from building.bench.page.sites import FIRST_BYTE, FIRST_STATEMENT
from building.chromium import FLAGS, find_chromium

# A cold start with the stock library, on a busy machine or a slow network, takes some seconds.
START_S = 60
# How often a page is visited before it counts as warm: the browser compiles code ahead on the
# second visit and uses what it compiled from the third.
VISITS_TO_WARM = 2
# Between two looks at a page. What is looked for carries its own moment.
LOOK_S = 0.05

_PAINTED = "first-contentful-paint"
_AT = """(name) => performance.getEntriesByName(name).map((entry) => entry.startTime)"""
_BYTES = """() => performance.getEntriesByType("resource").concat(
    performance.getEntriesByType("navigation")).reduce((sum, e) => sum + e.transferSize, 0)"""


@dataclass(frozen=True, slots=True)
class Network:
    """A network as the browser's debugger plays it.

    Attributes:
        bytes_per_s: In either direction.
        latency_ms: Before the first byte of an answer.
    """

    bytes_per_s: float
    latency_ms: float


# A home line in many places: 20 Mbit/s and 40 ms.
SLOW = Network(20e6 / 8, 40)


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visit showed, in milliseconds since the navigation began.

    Attributes:
        painted_ms: The first paint with something in it.
        started_ms: The first statement of the page's program; 0 on a page without one.
        byte_ms: The first byte of an answer that the program has read; 0 where it asks nothing.
        wire_bytes: What went over the network until then.
    """

    painted_ms: float
    started_ms: float
    byte_ms: float
    wire_bytes: int


@asynccontextmanager
async def browsing(playwright: Playwright, profile: Path) -> AsyncIterator[BrowserContext]:
    """Run a browser on a profile's folder until it is left."""
    context = await playwright.chromium.launch_persistent_context(
        profile, executable_path=find_chromium(), args=list(FLAGS)
    )
    try:
        yield context
    finally:
        await context.close()


async def visit(
    playwright: Playwright,
    profile: Path,
    url: str,
    *,
    starts: bool = True,
    asks: bool = False,
    network: Network | None = None,
) -> Visit:
    """Open a page in a browser that was just started, and wait until all of it runs.

    Args:
        playwright: Starts the browser.
        profile: The browser's folder.
        url: The page's.
        starts: It has a program.
        asks: The program asks something by itself.
        network: What is between the browser and its host; the loopback where it is None.
    """
    async with browsing(playwright, profile) as context:
        page = context.pages[0]
        if network:
            await slow_down(page, network)
        await page.goto(url, wait_until="commit")
        started = await moment(page, FIRST_STATEMENT) if starts else 0.0
        byte = await moment(page, FIRST_BYTE) if asks else 0.0
        painted = await moment(page, _PAINTED)
        return Visit(painted, started, byte, round(await page.evaluate(_BYTES)))


@contextmanager
def cold_profile() -> Iterator[Path]:
    """The folder of a browser that was never here, gone in the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


async def slow_down(page: Page, network: Network) -> None:
    """Put a network between a tab and all hosts."""
    debugger = await page.context.new_cdp_session(page)
    await debugger.send("Network.enable")
    await debugger.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": network.latency_ms,
            "downloadThroughput": network.bytes_per_s,
            "uploadThroughput": network.bytes_per_s,
        },
    )


async def moment(page: Page, name: str) -> float:
    """Wait until a page has a mark of this name, and return when it was set.

    Not by `wait_for_function`, which a strict policy does not let into the page.

    Raises:
        CannotMeasure: It was not set in time.
    """
    until_s = time.monotonic() + START_S
    while not (found := await page.evaluate(_AT, name)):
        if time.monotonic() > until_s:
            raise CannotMeasure(f"the page at {page.url} did not come to {name}")
        await asyncio.sleep(LOOK_S)
    return float(found[0])
