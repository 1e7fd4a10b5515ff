"""How soon pages are painted, their program runs, and it reads a first byte: cold, warm, slow."""

from pathlib import Path

from playwright.async_api import Playwright

from building.bench.figures import Figure, median, ratio
from building.bench.goals import figure
from building.bench.page.sites import BARE, JAVASCRIPT, OURS, OURS_STRICT, PYODIDE, STOCK
from building.bench.page.visits import SLOW, VISITS_TO_WARM, Visit, cold_profile, visit
from building.bench.page.widget import measure_widget

# Whose program starts, and whose asks something by itself.
STARTING = (OURS, STOCK, OURS_STRICT, PYODIDE, JAVASCRIPT)
ASKING = (PYODIDE, JAVASCRIPT)
# Compared on a slow network, too: the rest would only cost the time.
SLOWLY = (OURS_STRICT, PYODIDE, JAVASCRIPT)

Visits = dict[str, list[Visit]]


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
    for name in STARTING:
        for _ in range(VISITS_TO_WARM):
            await visit(playwright, profiles / name, urls[name], asks=name in ASKING)
    fresh: Visits = {name: [] for name in urls}
    again: Visits = {name: [] for name in STARTING}
    for _ in range(rounds):
        for name, url in urls.items():
            asks = name in ASKING
            with cold_profile() as profile:
                fresh[name].append(
                    await visit(playwright, profile, url, starts=name != BARE, asks=asks)
                )
        for name in STARTING:
            kept, asks = profiles / name, name in ASKING
            again[name].append(await visit(playwright, kept, urls[name], asks=asks))
    widget = await measure_widget(
        playwright,
        urls[OURS_STRICT],
        byte_ms(fresh, PYODIDE),
        rounds=rounds,
        network=None,
    )
    return [*_cold_figures(fresh), *_warm_figures(again), *widget]


async def measure_slow_starts(
    playwright: Playwright, urls: dict[str, str], *, rounds: int
) -> list[Figure]:
    """Visit some of the sites, cold, over a network of 20 Mbit/s and 40 ms."""
    seen: Visits = {name: [] for name in SLOWLY}
    for _ in range(rounds):
        for name in SLOWLY:
            asks = name in ASKING
            with cold_profile() as profile:
                seen[name].append(
                    await visit(playwright, profile, urls[name], asks=asks, network=SLOW)
                )
    started = _started(seen)
    widget = await measure_widget(
        playwright,
        urls[OURS_STRICT],
        byte_ms(seen, PYODIDE),
        rounds=rounds,
        network=SLOW,
    )
    return [
        *widget,
        *(figure(f"slow.{name}_start_ms", started[name], "ms") for name in SLOWLY),
        *(figure(f"slow.{name}_byte_ms", byte_ms(seen, name), "ms") for name in ASKING),
        figure("slow.strict_to_pyodide", ratio(started[OURS_STRICT], started[PYODIDE]), "x"),
    ]


def byte_ms(visits: Visits, name: str) -> float:
    """When a site's program has read a first byte: the median of its visits."""
    return median([one.byte_ms for one in visits[name]])


def _started(visits: Visits) -> dict[str, float]:
    names = [name for name in visits if name != BARE]
    return {name: median([one.started_ms for one in visits[name]]) for name in names}


def _cold_figures(visits: Visits) -> list[Figure]:
    started = _started(visits)
    painted = {name: median([one.painted_ms for one in visits[name]]) for name in visits}
    weighed = (OURS, STOCK, OURS_STRICT, PYODIDE)
    return [
        *(figure(f"start.{name}_cold_ms", started[name], "ms") for name in started),
        figure("start.python_cold_to_stock", ratio(started[OURS], started[STOCK]), "x"),
        figure("start.strict_cold_to_pyodide", ratio(started[OURS_STRICT], started[PYODIDE]), "x"),
        *(figure(f"start.{name}_byte_cold_ms", byte_ms(visits, name), "ms") for name in ASKING),
        *(
            figure(
                f"start.{name}_wire_mb", median([v.wire_bytes for v in visits[name]]) / 1e6, "MB"
            )
            for name in weighed
        ),
        *(figure(f"paint.{name}_ms", painted[name], "ms") for name in (OURS, OURS_STRICT, BARE)),
        figure("paint.behind_bare_ms", painted[OURS] - painted[BARE], "ms"),
    ]


def _warm_figures(visits: Visits) -> list[Figure]:
    started = _started(visits)
    return [
        *(figure(f"start.{name}_warm_ms", started[name], "ms") for name in started),
        figure("start.python_warm_to_stock", ratio(started[OURS], started[STOCK]), "x"),
        figure("start.strict_warm_to_pyodide", ratio(started[OURS_STRICT], started[PYODIDE]), "x"),
    ]
