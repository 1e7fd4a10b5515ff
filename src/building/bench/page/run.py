"""`build.py bench page`: build the sites, visit them, measure inside, give the figures."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from playwright.async_api import Playwright, async_playwright, expect

from building.bench.figures import Figure
from building.bench.goals import figure
from building.bench.page.inside import measure_events, measure_frame, measure_store
from building.bench.page.sites import OURS, build_sites
from building.bench.page.starts import measure_slow_starts, measure_starts
from building.bench.page.visits import START_S, browsing
from building.shots import gateway

ROUNDS, QUICK_ROUNDS = 7, 2
# As `build.py dist` compresses; a first quick run would otherwise wait a minute for it.
QUALITY, QUICK_QUALITY = 11, 5
# What is measured in one page that runs.
INSIDE = {"events", "store", "frame"}


async def measure_page(groups: Sequence[str], *, quick: bool) -> list[Figure]:
    """Measure some groups of `arguments.PAGE_GROUPS`.

    Raises:
        CannotMeasure: A page did not start, or does not say what it should.
    """
    rounds = QUICK_ROUNDS if quick else ROUNDS
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        sites = build_sites(folder / "sites", quality=QUICK_QUALITY if quick else QUALITY)
        if "size" in groups:
            figures += measure_size(sites[OURS])
        async with serving(sites) as urls, async_playwright() as playwright:
            if "start" in groups:
                figures += await measure_starts(playwright, urls, folder, rounds=rounds)
            if "slow" in groups:
                figures += await measure_slow_starts(playwright, urls, rounds=rounds)
            if INSIDE.intersection(groups):
                figures += await measure_inside(
                    playwright, folder / "inside", urls[OURS], groups, rounds=rounds
                )
    return figures


async def measure_inside(
    playwright: Playwright, profile: Path, url: str, groups: Sequence[str], *, rounds: int
) -> list[Figure]:
    """Measure in one page that is up and has counted."""
    figures: list[Figure] = []
    async with browsing(playwright, profile) as context:
        page = context.pages[0]
        await page.goto(url)
        await expect(page.locator("#counter")).to_contain_text("left", timeout=START_S * 1000)
        if "frame" in groups:
            figures += await measure_frame(page)
        if "events" in groups:
            figures += await measure_events(page, rounds=rounds)
        if "store" in groups:
            figures += await measure_store(page, rounds=rounds)
    return figures


def measure_size(site: Path) -> list[Figure]:
    """What of ours travels: the SDK alone, and all that the page's Python is, as byte code."""
    bundles = {"size.sdk_kb": "tollbridge_sdk", "size.page_python_kb": "tollbridge_compiled"}
    figures = []
    for name, bundle in bundles.items():
        (path,) = site.glob(f"{bundle}-*.zip.br")
        figures.append(figure(name, path.stat().st_size / 1000, "KB"))
    return figures


@asynccontextmanager
async def serving(sites: dict[str, Path]) -> AsyncIterator[dict[str, str]]:
    """Serve every site by a gateway of its own; gives site → URL."""
    async with AsyncExitStack() as stack:
        yield {
            name: (await stack.enter_async_context(gateway(site))).url
            for name, site in sites.items()
        }
