"""Visits to a page: each by a browser of its own, without or with what an earlier one kept."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext, Error, Page, Playwright

from building.bench.figures import CannotMeasure
from building.bench.page.sites import FIRST_STATEMENT
from building.chromium import FLAGS, find_chromium

# A cold start with the stock library on a busy machine takes some seconds.
START_MS = 60_000
# How often a page is visited before it counts as warm: the browser compiles code ahead on the
# second visit and uses what it compiled from the third.
VISITS_TO_WARM = 2

_PAINTED = (
    """() => performance.getEntriesByName("first-contentful-paint").map((e) => e.startTime)"""
)
_STARTED = f"""() => performance.getEntriesByName("{FIRST_STATEMENT}").map((e) => e.startTime)"""
_BYTES = """() => performance.getEntriesByType("resource").concat(
    performance.getEntriesByType("navigation")).reduce((sum, e) => sum + e.transferSize, 0)"""


@dataclass(frozen=True, slots=True)
class Visit:
    """What one visit showed, in milliseconds since the navigation began.

    Attributes:
        painted_ms: The first paint with something in it.
        python_ms: The first statement of Python; 0 on a page without it.
        wire_bytes: What went over the network.
    """

    painted_ms: float
    python_ms: float
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


async def visit(playwright: Playwright, profile: Path, url: str, *, python: bool) -> Visit:
    """Open a page in a browser that was just started, and wait until all of it runs."""
    async with browsing(playwright, profile) as context:
        page = context.pages[0]
        await page.goto(url)
        started = await _entry(page, _STARTED) if python else 0.0
        painted = await _entry(page, _PAINTED)
        return Visit(painted, started, round(await page.evaluate(_BYTES)))


async def visit_cold(playwright: Playwright, url: str, *, python: bool = True) -> Visit:
    """Visit as somebody who was never here."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        return await visit(playwright, Path(profile), url, python=python)


async def warm(playwright: Playwright, profile: Path, url: str) -> None:
    """Visit often enough that the browser keeps all that it can keep."""
    for _ in range(VISITS_TO_WARM):
        await visit(playwright, profile, url, python=True)


async def _entry(page: Page, script: str) -> float:
    """Wait until the page has a mark, and return when it was set."""
    try:
        # The page's policy has 'unsafe-eval', which waiting for a script's value needs.
        await page.wait_for_function(f"({script})().length", timeout=START_MS)
    except Error as reason:
        raise CannotMeasure(f"the page did not start: {reason}") from reason
    (at_ms, *_) = await page.evaluate(script)
    return float(at_ms)
