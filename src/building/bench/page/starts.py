"""How soon the page is painted and Python runs: ours, the stock library, and no Python at all."""

from pathlib import Path

from playwright.async_api import Playwright

from building.bench.figures import Figure, median, ratio
from building.bench.goals import figure
from building.bench.page.sites import BARE, OURS, STOCK
from building.bench.page.visits import Visit, visit, visit_cold, warm

WITH_PYTHON = (OURS, STOCK)


async def measure_starts(
    playwright: Playwright, urls: dict[str, str], profiles: Path, *, rounds: int
) -> list[Figure]:
    """Visit each site in turn, cold and warm, so that what disturbs one disturbs the others.

    Args:
        playwright: Starts browsers.
        urls: Site → where it is served.
        profiles: Where the warm browsers keep a folder each.
        rounds: How often.
    """
    for name in WITH_PYTHON:
        await warm(playwright, profiles / name, urls[name])
    cold: dict[str, list[Visit]] = {name: [] for name in urls}
    again: dict[str, list[Visit]] = {name: [] for name in WITH_PYTHON}
    for _ in range(rounds):
        for name, url in urls.items():
            cold[name].append(await visit_cold(playwright, url, python=name != BARE))
        for name in WITH_PYTHON:
            again[name].append(await visit(playwright, profiles / name, urls[name], python=True))
    return _cold_figures(cold) + _warm_figures(again)


def _cold_figures(visits: dict[str, list[Visit]]) -> list[Figure]:
    python = {name: median([v.python_ms for v in visits[name]]) for name in WITH_PYTHON}
    painted = {name: median([v.painted_ms for v in visits[name]]) for name in visits}
    figures = [figure(f"start.{name}_python_cold_ms", python[name], "ms") for name in WITH_PYTHON]
    figures.append(figure("start.python_cold_to_stock", ratio(python[OURS], python[STOCK]), "x"))
    figures += [
        figure(f"start.{name}_wire_mb", median([v.wire_bytes for v in visits[name]]) / 1e6, "MB")
        for name in WITH_PYTHON
    ]
    figures += [figure(f"paint.{name}_ms", painted[name], "ms") for name in painted]
    figures.append(figure("paint.behind_bare_ms", painted[OURS] - painted[BARE], "ms"))
    return figures


def _warm_figures(visits: dict[str, list[Visit]]) -> list[Figure]:
    python = {name: median([v.python_ms for v in visits[name]]) for name in visits}
    figures = [figure(f"start.{name}_python_warm_ms", python[name], "ms") for name in visits]
    figures.append(figure("start.python_warm_to_stock", ratio(python[OURS], python[STOCK]), "x"))
    return figures
