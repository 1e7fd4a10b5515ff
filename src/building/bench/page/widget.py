"""The widget measured: what it costs the page before the click, how soon it answers after it."""

from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Playwright

from building.bench.figures import Figure, median, ratio
from building.bench.goals import figure
from building.bench.page.sites import CLICK, FIRST_BYTE
from building.bench.page.visits import Network, browsing, cold_profile, moment, slow_down

PAGE = "widget-demo.html"
QUESTION = "What is a toll bridge?"

# Every task of the main thread above 50 ms, as the browser counts them, with its beginning.
_LONG_TASKS = """
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) longTasks.push([startTime, duration]);
  }).observe({ type: "longtask", buffered: true });
"""
# Two frames after the click: until then a task that it began may not be told.
_CALM = """() => new Promise((resolve) => requestAnimationFrame(
    () => requestAnimationFrame(() => setTimeout(resolve, 300))))"""
# The first moment in which the panel's field has the keyboard, looked for at each frame.
_TYPING = """() => new Promise((resolve) => {
  const look = () => {
    const field = document.querySelector("tollbridge-widget")?.shadowRoot?.activeElement;
    if (field?.id === "draft") resolve(performance.now()); else requestAnimationFrame(look);
  };
  look();
})"""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of the widget by somebody who was never there; in milliseconds.

    Attributes:
        byte_ms: From the click to the first byte of the answer that Python reads.
        typing_ms: From the click to a field that can be typed in.
        before_ms: The longest task of the main thread before the click; 0 where none is above 50.
        after_ms: The longest one after it.
    """

    byte_ms: float
    typing_ms: float
    before_ms: float
    after_ms: float


async def measure_widget(
    playwright: Playwright,
    url: str,
    pyodide_byte_ms: float,
    *,
    rounds: int,
    network: Network | None,
) -> list[Figure]:
    """Use the widget some times, each in a browser that was just started.

    Args:
        playwright: Starts browsers.
        url: Of a gateway with the demo.
        pyodide_byte_ms: How long stock Pyodide takes from the navigation to a first byte.
        rounds: How often.
        network: Between the browser and its host; the loopback where it is None.
    """
    uses = [await _use(playwright, url, network) for _ in range(rounds)]
    name = "slow.widget_" if network else "widget."
    byte_ms = median([use.byte_ms for use in uses])
    figures = [
        figure(f"{name}byte_ms", byte_ms, "ms"),
        figure(f"{name}to_pyodide", ratio(byte_ms, pyodide_byte_ms), "x"),
    ]
    if network is None:
        figures += [
            figure("widget.typing_ms", median([use.typing_ms for use in uses]), "ms"),
            figure("widget.task_before_ms", max(use.before_ms for use in uses), "ms"),
            figure("widget.task_after_ms", max(use.after_ms for use in uses), "ms"),
        ]
    return figures


async def _use(playwright: Playwright, url: str, network: Network | None) -> Use:
    with cold_profile() as profile:
        return await _use_with(playwright, profile, url, network)


async def _use_with(
    playwright: Playwright, profile: Path, url: str, network: Network | None
) -> Use:
    async with browsing(playwright, profile) as context:
        page = context.pages[0]
        if network:
            await slow_down(page, network)
        await page.add_init_script(_LONG_TASKS)
        await page.goto(f"{url}/{PAGE}", wait_until="load")
        launcher = page.locator("tollbridge-widget .launcher")
        await launcher.wait_for()
        await page.evaluate(_CALM)
        await launcher.click()
        typing_ms = float(await page.evaluate(_TYPING))
        await page.keyboard.type(QUESTION)
        await page.keyboard.press("Enter")
        click_ms = await moment(page, CLICK)
        byte_ms = await moment(page, FIRST_BYTE)
        await page.evaluate(_CALM)
        tasks = await page.evaluate("longTasks")
        return Use(
            byte_ms - click_ms,
            typing_ms - click_ms,
            _longest(tasks, until_ms=click_ms),
            _longest(tasks, since_ms=click_ms),
        )


def _longest(
    tasks: list[list[float]], *, since_ms: float = 0, until_ms: float = float("inf")
) -> float:
    """The longest of the tasks that began in a span; 0 where there is none."""
    return max((took for began, took in tasks if since_ms <= began < until_ms), default=0.0)
